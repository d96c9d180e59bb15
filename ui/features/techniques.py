"""What the page says of each technique of its views."""

from __future__ import annotations

from layerscope.explanation.method import Citation
from layerscope.explanation.methods import ZEILER
from ui.techniques import Technique

_ERHAN = Citation(
    "Erhan et al.",
    2009,
    "Visualizing Higher-Layer Features of a Deep Network",
    "https://www.researchgate.net/publication/265022827",
)
_MAHENDRAN = Citation(
    "Mahendran and Vedaldi",
    2016,
    "Visualizing Deep Convolutional Neural Networks Using Natural Pre-images",
    "https://arxiv.org/abs/1512.02017",
)
_OLAH = Citation(
    "Olah, Mordvintsev and Schubert",
    2017,
    "Feature Visualization",
    "https://distill.pub/2017/feature-visualization/",
)
_BOROWSKI = Citation(
    "Borowski et al.",
    2021,
    "Exemplary Natural Images Explain CNN Activations Better than State-of-the-Art Feature Visualization",
    "https://arxiv.org/abs/2010.12606",
)
_BOLUKBASI = Citation(
    "Bolukbasi et al.",
    2021,
    "An Interpretability Illusion for BERT",
    "https://arxiv.org/abs/2104.07143",
)
_MORCOS = Citation(
    "Morcos et al.",
    2018,
    "On the Importance of Single Directions for Generalization",
    "https://arxiv.org/abs/1803.06959",
)
_PEARSON = Citation(
    "Pearson",
    1901,
    "On lines and planes of closest fit to systems of points in space",
    "https://doi.org/10.1080/14786440109462720",
)
_HOTELLING = Citation(
    "Hotelling",
    1933,
    "Analysis of a complex of statistical variables into principal components",
    "https://doi.org/10.1037/h0071325",
)
_MAATEN = Citation(
    "van der Maaten and Hinton",
    2008,
    "Visualizing data using t-SNE",
    "https://www.jmlr.org/papers/v9/vandermaaten08a.html",
)
WATTENBERG = Citation(
    "Wattenberg, Viégas and Johnson",
    2016,
    "How to use t-SNE effectively",
    "https://distill.pub/2016/misread-tsne",
)
KOBAK = Citation(
    "Kobak and Berens",
    2019,
    "The art of using t-SNE for single-cell transcriptomics",
    "https://doi.org/10.1038/s41467-019-13056-x",
)
CHARI = Citation(
    "Chari and Pachter",
    2023,
    "The specious art of single-cell genomics",
    "https://doi.org/10.1371/journal.pcbi.1011288",
)

KERNELS = Technique(
    "kernels",
    "Learned filters",
    "Each filter is a small picture that is laid over its input at every place: where the input looks "
    "like it, the channel is active. Those of the first layer read colours, so that they are pictures "
    "themselves; those of later layers read the channels before.",
    (
        r"\begin{gathered} a_f = \textstyle\sum_{c} w_{f,c} \ast x_c + b_f \\ "
        r"\lVert w_f \rVert^2 = \textstyle\sum_{c,i,j} w_{f,c,i,j}^2 \end{gathered}",
    ),
    "Only filters of the first layer can be read as pictures; behind it the eye finds patterns in noise. "
    "A large norm is no importance either: between layers with ReLU, one may be doubled and the next "
    "halved without any change of the output.",
    Citation(
        "Neyshabur et al.",
        2015,
        "Path-SGD: Path-Normalized Optimization in Deep Neural Networks",
        "https://arxiv.org/abs/1506.02617",
    ),
    (
        Citation(
            "Krizhevsky et al.",
            2012,
            "ImageNet Classification with Deep Convolutional Neural Networks",
            "https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks",
        ),
        ZEILER,
    ),
    kind="weights",
    note="Weights are shown as they are stored: they apply to the normalised picture, and where batch norm "
    "was folded in, its scale is in them. All tiles of a layer have one scale; zero is mid grey.",
)
CLASS_VECTORS = Technique(
    "class_vectors",
    "Class weight vectors",
    "A class's logit is the product of its weight vector with the features before it: similar vectors mean "
    "that the same features speak for both classes. The map shows them scaled to length one; the list "
    "compares them in all dimensions.",
    (
        r"\begin{gathered} z_k = w_k^{\top} h + b_k \\ \cos(k, l) = \frac{w_k^{\top} w_l}"
        r"{\lVert w_k \rVert \, \lVert w_l \rVert} \end{gathered}",
    ),
    "Bias and spread of the features are left out: directions in which they hardly vary count like any "
    "other. Of a map of thirty points believe neighbours at most, not distances between groups.",
    WATTENBERG,
    (
        Citation(
            "Papyan et al.",
            2020,
            "Prevalence of Neural Collapse During the Terminal Phase of Deep Learning Training",
            "https://arxiv.org/abs/2008.08186",
        ),
        _MAATEN,
    ),
    kind="last layer",
    note="K vectors that are equally far apart have cosines of −1 / (K − 1).",
)
MAXIMIZATION = Technique(
    "maximization",
    "Activation maximisation",
    "A picture is changed step by step along the gradient of the unit's value, so that the unit is "
    "ever more active. What emerges shows what drives the unit, not what it is for: shapes that "
    "return with another seed are the unit's, the rest is the path's.",
    (
        r"x^\ast = \arg\max_x \; \frac{a_u(\tau(x))}{\mathrm{rms}\,\nabla a_u} "
        r"- \lambda_{TV}\,\mathrm{TV}(x) - \lambda_2 \lVert x - \tfrac12 \rVert^2",
    ),
    "The regularisation chooses the look: other weights, views or colours give another picture of the "
    "same unit, and people predict a unit better from real samples than from such pictures.",
    _BOROWSKI,
    (_ERHAN, _MAHENDRAN, _OLAH),
)
TOP_SAMPLES = Technique(
    "top",
    "Top-activating patches",
    "Of all samples the ten whose largest activation of the channel is highest, each cut to the receptive "
    "field of that peak: all that the peak can depend on. What the ten have in common is a guess at what "
    "the channel detects.",
    (r"\mathrm{top}_{10}\; \max_{y,x} \; a_c(x_i)_{y,x}",),
    "Ten extremes hide what middling activations are for: a unit can look pure at its top and be active for "
    "something else most of the time, and other data show other tops.",
    _BOLUKBASI,
    (ZEILER,),
)
SELECTIVITY = Technique(
    "selectivity",
    "Class selectivity",
    "How much the channel's mean activation for its favourite class exceeds that for all others: 0 where "
    "classes are alike, 1 where only one wakes it. It is defined where no class has a negative mean, as "
    "behind a ReLU.",
    (r"s_c = \frac{\mu_{\max} - \mu_{\mathrm{rest}}}{\mu_{\max} + \mu_{\mathrm{rest}}}",),
    "It is above 0 by chance alone, the more so the fewer samples a class has and the more seldom the "
    "channel is active: read it beside what shuffled labels give. It misses what many channels code "
    "together, and hardly tells how much predictions need the channel: networks do without selective ones "
    "about as well.",
    _MORCOS,
    (_MORCOS,),
)
PCA = Technique(
    "pca",
    "PCA",
    "Principal component analysis turns the cloud of features so that it spreads the most along the "
    "first axis, then along the second. It is linear, has no parameter and no chance in it, and what "
    "lies apart in its plane lies apart in the layer.",
    (
        r"\mathbf{y}_i = W^{\top}(\mathbf{x}_i - \bar{\mathbf{x}}), \qquad "
        r"\tfrac{1}{n} X^{\top} X \,\mathbf{w}_j = \lambda_j \mathbf{w}_j",
    ),
    "What needs more than two straight axes is folded onto itself: classes that are well apart in the "
    "layer overlap in the plane, and a few loud directions may be all that one sees.",
    None,
    (_PEARSON, _HOTELLING),
    kind="a projection",
    reading="The share λ₁ + λ₂ of the variance stands above the plot: the smaller it is, the less the plane "
    "shows. t-SNE is not given the features themselves but as many components as keep 90 % of the "
    "variance.",
)
TSNE = Technique(
    "tsne",
    "t-SNE",
    "t-distributed stochastic neighbour embedding says for each sample how likely each other is its "
    "neighbour, with a bell whose width is set so that about as many count as the perplexity says. "
    "Then it moves points in the plane until likelihoods with heavy tails there match, which keeps "
    "near ones near and lets far ones go anywhere.",
    (
        r"p_{j|i} = \frac{e^{-\lVert x_i - x_j\rVert^2 / 2\sigma_i^2}}"
        r"{\sum_{k \ne i} e^{-\lVert x_i - x_k\rVert^2 / 2\sigma_i^2}}, \qquad "
        r"2^{H(P_i)} = \text{perplexity}",
        r"q_{ij} = \frac{(1 + \lVert y_i - y_j\rVert^2)^{-1}}"
        r"{\sum_{k \ne l} (1 + \lVert y_k - y_l\rVert^2)^{-1}}, \qquad "
        r"\mathrm{KL}(P \,\Vert\, Q) = \sum_{i \ne j} p_{ij} \log \frac{p_{ij}}{q_{ij}}",
    ),
    "Sizes of clusters and distances between them mean nothing, and a low perplexity makes clumps out "
    "of noise. From a random start the clusters lie elsewhere each time; from PCA the picture looks "
    "steadier than it is.",
    None,
    (_MAATEN, WATTENBERG, KOBAK, CHARI),
    kind="neighbours kept by force",
    reading="For its first iterations all p are multiplied (early exaggeration), so that clusters gather "
    "before they unfold; where the perplexity is a tenth of the samples or more it draws all of them "
    "together to a speck (watch the spread), and little of the start is left. The divergence can be "
    "compared between runs of one perplexity only.",
)
