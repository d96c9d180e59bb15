"""What the page says of each technique of its views."""

from __future__ import annotations

from layerscope.explanation.method import Citation
from ui.techniques import Technique

GRAPH = Technique(
    "graph",
    "What a layer costs",
    "Every operator of a forward pass, found by tracing the model without running it, with the tensors "
    "between them. Where the parameters are and where the work is are rarely the same place: early "
    "convolutions work, dense layers store.",
    (
        r"\text{multiply-adds} = H_o W_o C_o \, \frac{C_i}{g} \, k^2",
        r"\text{parameters} = C_o \, \frac{C_i}{g} \, k^2 + C_o",
    ),
    "Multiply-adds count convolutions and matrix products only, and say little of seconds: depthwise "
    "convolutions and norms wait for memory. Memory is that of every output in float32, as training "
    "keeps it; inference needs less.",
    None,
    (
        Citation(
            "Sze et al.",
            2017,
            "Efficient processing of deep neural networks: a tutorial and survey",
            "https://arxiv.org/abs/1703.09039",
        ),
    ),
)
HISTOGRAMS = Technique(
    "histograms",
    "Distributions during training",
    "Before training and after every epoch the same 32 training pictures went through the network; "
    "weights, biases, outputs of each layer before its ReLU, and gradients of the loss by its weights were "
    "counted into 64 bins. "
    "Healthy layers widen slowly; a spike at zero, a tail that runs away or a gradient that fades from "
    "layer to layer show trouble early.",
    (
        r"\lVert g \rVert = \Big(\sum_b n_b \, m_b^2\Big)^{1/2}",
        r"\text{below zero} = \#\{x < 0\} \, / \, N",
    ),
    "Batch norm was folded into the layers before counting, so that weights and biases are those of use, "
    "not those that the optimiser updated. Norms from bins are bounded, not exact, and a share zeroed over "
    "all units does not tell a dead unit from one that is often inactive.",
    None,
    (
        Citation(
            "Glorot, Bengio",
            2010,
            "Understanding the difficulty of training deep feedforward neural networks",
            "https://proceedings.mlr.press/v9/glorot10a.html",
        ),
    ),
)
FINAL_WEIGHTS = Technique(
    "final_weights",
    "Weights as they are",
    "The weights of each convolution and dense layer of this model, counted into 64 bins. Their spread "
    "shows how each layer was initialised and how far decay pulled it back; there is no history, since "
    "the model was not trained here.",
    (r"\sigma_{\text{He}} = \sqrt{2 / n_{\text{in}}}",),
    "The scale of a convolution before a batch norm means nothing: the norm divides it out again. Compare "
    "shapes there, not widths.",
    None,
    (
        Citation(
            "He et al.",
            2015,
            "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
            "https://arxiv.org/abs/1502.01852",
        ),
    ),
)
CURVES = Technique(
    "curves",
    "Curves of a training",
    "Loss and accuracy before training and after every epoch, on the training set and on all of the "
    "validation set, with the learning rate; faint lines are single batches. Pictures are small at first and "
    "grow: bands show their size. Seconds of processors leave out what other work on the machine took.",
    (
        r"L = -\sum_k q_k \log p_k",
        r"q_k = (1 - \varepsilon)\,[k = y] + \varepsilon / K",
    ),
    "The two losses are not the same measure: in training, pictures are cropped and recoloured, units "
    "drop out and labels are smoothed; validation is without any of it, at the size of the epoch's pictures. "
    "It may therefore be the better of the two, and jumps where the size grows.",
    None,
    (
        Citation(
            "Touvron et al.",
            2019,
            "Fixing the train-test resolution discrepancy",
            "https://arxiv.org/abs/1906.06423",
        ),
    ),
)
