"""The table of methods, which knows no model: adding one is an entry here and the function it names."""

from __future__ import annotations

from dataclasses import replace

from layerscope.errors import InputError
from layerscope.explanation.filling import FILL
from layerscope.explanation.method import Citation, Failure, Method, Option
from layerscope.explanation.windows import OCCLUSION_OPTIONS

ADEBAYO = Citation(
    "Adebayo et al.", 2018, "Sanity Checks for Saliency Maps", "https://arxiv.org/abs/1810.03292"
)
SHRIKUMAR = Citation(
    "Shrikumar, Greenside and Kundaje",
    2017,
    "Learning Important Features Through Propagating Activation Differences",
    "https://arxiv.org/abs/1704.02685",
)
HOOKER = Citation(
    "Hooker et al.",
    2019,
    "A Benchmark for Interpretability Methods in Deep Neural Networks",
    "https://arxiv.org/abs/1806.10758",
)
ZEILER = Citation(
    "Zeiler and Fergus",
    2014,
    "Visualizing and Understanding Convolutional Networks",
    "https://arxiv.org/abs/1311.2901",
)
_SELVARAJU = Citation(
    "Selvaraju et al.",
    2017,
    "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
    "https://arxiv.org/abs/1610.02391",
)
_DRAELOS = Citation(
    "Draelos and Carin",
    2020,
    "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks",
    "https://arxiv.org/abs/2011.08891",
)
_JIANG = Citation(
    "Jiang et al.",
    2021,
    "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization",
    "https://doi.org/10.1109/TIP.2021.3089943",
)

_ENTRIES = (
    Method(
        "saliency",
        "Saliency",
        "gradient",
        "How much the score reacts to a small change of each pixel: the absolute gradient, the largest "
        "of the three colour channels. It tells where the model is sensitive, not whether a pixel "
        "speaks for the class or against it.",
        r"M_{ij} = \max_c \left|\frac{\partial S}{\partial x_{ijc}}\right|",
        Citation(
            "Simonyan, Vedaldi and Zisserman",
            2013,
            "Deep Inside Convolutional Networks: Visualising Image Classification Models and "
            "Saliency Maps",
            "https://arxiv.org/abs/1312.6034",
        ),
        Failure(
            "Where the score has saturated the gradient is near zero, although the pixels matter.",
            SHRIKUMAR,
        ),
        signed=False,
        explain="gradients.saliency",
    ),
    Method(
        "smooth_grad",
        "SmoothGrad",
        "gradient",
        "The gradient averaged over copies of the picture with noise on them, so that what fluctuates "
        "from pixel to pixel cancels. Read it as saliency: it looks cleaner, and costs a pass for each "
        "copy.",
        r"M_{ij} = \max_c \left|\frac{1}{n}\sum_{k=1}^{n}"
        r"\frac{\partial S(x + \varepsilon_k)}{\partial x_{ijc}}\right|,"
        r"\quad \varepsilon_k \sim \mathcal{N}(0, \sigma^2)",
        Citation(
            "Smilkov et al.",
            2017,
            "SmoothGrad: removing noise by adding noise",
            "https://arxiv.org/abs/1706.03825",
        ),
        Failure(
            "Removing the pixels that it ranks highest and retraining lowers accuracy no more than "
            "removing pixels at random.",
            HOOKER,
        ),
        signed=False,
        explain="gradients.smooth_grad",
        options=(
            Option("n_samples", "Copies", "How many noisy copies are averaged.", 24, 2, 200),
            Option(
                "noise",
                "Noise",
                "Standard deviation of the noise, as a share of the picture's range of values.",
                0.15,
                0.01,
                0.5,
            ),
        ),
        long=True,
    ),
    Method(
        "integrated_gradients",
        "Integrated Gradients",
        "gradient",
        "The picture is interpolated from a baseline, and what each pixel adds to the score on the way is "
        "summed up. Positive values raise the score, negative ones lower it; with enough steps they sum to "
        "the score's gain over the baseline, and what is missing is told.",
        r"M_i = (x_i - x'_i)\int_0^1 \frac{\partial S(x' + \alpha(x - x'))}{\partial x_i}\,d\alpha,"
        r"\quad \sum_i M_i = S(x) - S(x')",
        Citation(
            "Sundararajan, Taly and Yan",
            2017,
            "Axiomatic Attribution for Deep Networks",
            "https://arxiv.org/abs/1703.01365",
        ),
        Failure(
            "Pixels that equal the baseline get nothing, however much they matter: against black, a black "
            "beak is invisible.",
            Citation(
                "Sturmfels, Lundberg and Lee",
                2020,
                "Visualizing the Impact of Feature Attribution Baselines",
                "https://distill.pub/2020/attribution-baselines/",
            ),
        ),
        signed=True,
        explain="gradients.integrated_gradients",
        options=(
            Option(
                "n_steps",
                "Most steps",
                "Steps on the way to the picture: 64, and twice as many until less than 1 % of the sum is "
                "missing, up to this number.",
                512,
                8,
                2048,
            ),
            replace(
                FILL,
                label="Baseline",
                meaning="Where the interpolation begins: the picture's mean colour, black, the picture "
                "blurred, or noise.",
            ),
        ),
        long=True,
    ),
    Method(
        "deconvolution",
        "Deconvolution",
        "gradient",
        "The score is propagated back through the network, and each ReLU keeps only what is positive of what "
        "comes back, whatever it let through on the way forward. It paints the shapes that strong "
        "units respond to, and needs the positions that max pooling remembers.",
        r"R^{l} = \max\!\left(R^{l+1}, 0\right) \text{ at each ReLU}",
        ZEILER,
        Failure(
            "It partly reconstructs the picture whatever the class, and has little to do with the "
            "decision.",
            Citation(
                "Nie, Zhang and Patel",
                2018,
                "A Theoretical Explanation for Perplexing Behaviors of Backpropagation-based "
                "Visualizations",
                "https://arxiv.org/abs/1805.07039",
            ),
        ),
        signed=True,
        explain="gradients.deconvolution",
        supports="gradients.needs_rectifiers",
    ),
    Method(
        "guided_backpropagation",
        "Guided backpropagation",
        "gradient",
        "The gradient, where each ReLU on the way back also drops what is negative: only paths that "
        "raise the score at every step are left. It is sharp at edges and parts.",
        r"R^{l} = \mathbb{1}\!\left[z^{l} > 0\right]\,\max\!\left(R^{l+1}, 0\right)"
        r"\text{ at each ReLU}",
        Citation(
            "Springenberg et al.",
            2015,
            "Striving for Simplicity: The All Convolutional Net",
            "https://arxiv.org/abs/1412.6806",
        ),
        Failure(
            "It looks nearly the same after the weights of the upper layers were replaced by random "
            "numbers.",
            ADEBAYO,
        ),
        signed=True,
        explain="gradients.guided_backpropagation",
        supports="gradients.needs_rectifiers",
    ),
    Method(
        "grad_cam",
        "Grad-CAM",
        "map",
        "The feature maps of a layer are added up, each weighted by how much the score rises with it "
        "on average. What is left above zero shows roughly where the layer found evidence for the "
        "class.",
        r"L = \mathrm{ReLU}\!\left(\sum_k \alpha_k A^k\right), \quad"
        r"\alpha_k = \frac{1}{Z}\sum_{ij}\frac{\partial S}{\partial A^k_{ij}}",
        _SELVARAJU,
        Failure(
            "Averaging the gradient over a map can light up places that the model did not use.",
            _DRAELOS,
        ),
        signed=False,
        explain="cam_methods.grad_cam",
        supports="cam_methods.needs_maps",
        at_layer=True,
    ),
    Method(
        "grad_cam_plus_plus",
        "Grad-CAM++",
        "map",
        "As Grad-CAM, but a map's weight is made of its positive gradients only, and places where few "
        "pixels carry the map count more. It covers several objects of the class more evenly.",
        r"\alpha_k = \sum_{ij} \frac{\mathrm{ReLU}(g^k_{ij})}{2 + g^k_{ij}\sum_{ab} A^k_{ab}},"
        r"\quad g^k_{ij} = \frac{\partial S}{\partial A^k_{ij}}",
        Citation(
            "Chattopadhay et al.",
            2018,
            "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks",
            "https://arxiv.org/abs/1710.11063",
        ),
        Failure(
            "In practice it is nearly the same as Grad-CAM with the negative gradients left out.",
            Citation(
                "Lerma and Lucas",
                2022,
                "Grad-CAM++ is Equivalent to Grad-CAM With Positive Gradients",
                "https://arxiv.org/abs/2205.10838",
            ),
        ),
        signed=False,
        explain="cam_methods.grad_cam_plus_plus",
        supports="cam_methods.needs_maps",
        at_layer=True,
    ),
    Method(
        "layer_cam",
        "Layer-CAM",
        "map",
        "Each place of each feature map is weighted by its own positive gradient, not by an average over "
        "the map. It stays fine at early layers, where Grad-CAM blurs.",
        r"L_{ij} = \mathrm{ReLU}\!\left(\sum_k \mathrm{ReLU}\!\left("
        r"\frac{\partial S}{\partial A^k_{ij}}\right) A^k_{ij}\right)",
        _JIANG,
        Failure(
            "Negative gradients are dropped, so that evidence against the class is never seen; its maps "
            "of early layers show edges of anything.",
            _JIANG,
        ),
        signed=False,
        explain="cam_methods.layer_cam",
        supports="cam_methods.needs_maps",
        at_layer=True,
    ),
    Method(
        "hires_cam",
        "HiRes-CAM",
        "map",
        "Each place of each feature map is multiplied by its own gradient, and the products are added "
        "up. At the last convolution before a single dense layer it shows exactly what that layer "
        "added to the score.",
        r"L_{ij} = \mathrm{ReLU}\!\left(\sum_k \frac{\partial S}{\partial A^k_{ij}}"
        r"A^k_{ij}\right)",
        _DRAELOS,
        Failure(
            "Its guarantee holds only where one dense layer follows; VGG16 has three, and other layers "
            "have many behind them.",
            _DRAELOS,
        ),
        signed=False,
        explain="cam_methods.hires_cam",
        supports="cam_methods.needs_maps",
        at_layer=True,
    ),
    Method(
        "guided_grad_cam",
        "Guided Grad-CAM",
        "map",
        "Guided backpropagation multiplied by Grad-CAM, scaled to its peak: the fine lines of the one "
        "where the other points. Positive and negative values are those of guided backpropagation.",
        r"M = R_{\mathrm{guided}} \circ \mathrm{up}\!\left("
        r"L_{\mathrm{Grad\text{-}CAM}} / \max L_{\mathrm{Grad\text{-}CAM}}\right)",
        _SELVARAJU,
        Failure(
            "Its lines are those of guided backpropagation, which hardly change when the upper layers "
            "are made random.",
            ADEBAYO,
        ),
        signed=True,
        explain="cam_methods.guided_grad_cam_of",
        supports="cam_methods.needs_maps_and_rectifiers",
        at_layer=True,
    ),
    Method(
        "score_cam",
        "Score-CAM",
        "map",
        "The picture is shown to the model through each feature map as a mask, and the scores, made to "
        "sum to one, are the weights of the maps. It needs no gradient, and a pass for each channel.",
        r"L = \mathrm{ReLU}\!\left(\sum_k \alpha_k A^k\right), \quad"
        r"\alpha = \mathrm{softmax}_k\, S\!\left(x \circ \mathrm{norm}(\mathrm{up}(A^k))\right)",
        Citation(
            "Wang et al.",
            2020,
            "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks",
            "https://arxiv.org/abs/1910.01279",
        ),
        Failure(
            "Masked pictures are unlike any that the model was trained on, so that a low score may come "
            "from the mask and not from what it hides.",
            HOOKER,
        ),
        signed=False,
        explain="cam_methods.score_cam",
        supports="cam_methods.needs_maps",
        at_layer=True,
        long=True,
    ),
    Method(
        "lrp",
        "LRP",
        "relevance",
        "The logit is propagated back layer by layer as relevance, each unit sharing out what it got in "
        "proportion to what its inputs contributed. Positive values speak for the class, negative ones "
        "against it, and together they sum to the logit, less what a class token keeps.",
        r"R_j = \sum_k \frac{(a_j w_{jk})^+}{\sum_{j'} (a_{j'} w_{j'k})^+} R_k"
        r"\text{ (convolutions)}, \quad"
        r"R_j = \sum_k \frac{a_j w_{jk}}{z_k + \epsilon\,\mathrm{sign}(z_k)} R_k"
        r"\text{ (dense)}",
        Citation(
            "Bach et al.",
            2015,
            "On Pixel-Wise Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance "
            "Propagation",
            "https://doi.org/10.1371/journal.pone.0130140",
        ),
        Failure(
            "With z+ at every convolution the result hardly depends on the layers above, and explains "
            "different classes alike.",
            Citation(
                "Sixt, Granz and Landgraf",
                2020,
                "When Explanations Lie: Why Many Modified BP Attributions Fail",
                "https://arxiv.org/abs/1912.09818",
            ),
        ),
        signed=True,
        explain="relevance.lrp",
        options=(
            Option(
                "rules",
                "Rules",
                "epsilon_plus has the epsilon rule at dense layers and z+ at convolutions; deep_taylor "
                "(Montavon et al. 2017) has z+ at both.",
                "epsilon_plus",
                choices=("epsilon_plus", "deep_taylor"),
            ),
            Option(
                "epsilon",
                "Epsilon",
                "Added to the denominators of dense layers: more of it drops weak and contradictory "
                "contributions, and keeps less of the sum.",
                1e-6,
                1e-9,
                1.0,
            ),
            Option(
                "pixels",
                "Pixels",
                "The rule at the first convolution: box, which knows that pixels lie between black and "
                "white, or flat, which shares out evenly.",
                "box",
                choices=("box", "flat"),
            ),
        ),
        supports="relevance.needs_rules",
    ),
    Method(
        "attention_rollout",
        "Attention rollout",
        "attention",
        "What tokens attend to, by the mean over heads and half of it the token itself, is multiplied from "
        "block to block. It shows from which places the class token, or the mean over all places, takes its "
        "content, whatever the class.",
        r"R^{l} = \tfrac{1}{2}\left(I + \tfrac{1}{H}\sum_h A^{l}_h\right) R^{l-1},"
        r"\quad R^{0} = I, \quad M = R^{L}_{\mathrm{class}}",
        Citation(
            "Abnar and Zuidema",
            2020,
            "Quantifying Attention Flow in Transformers",
            "https://arxiv.org/abs/2005.00928",
        ),
        Failure(
            "It is the same for every class, and counts all heads alike, so that it lights up places that "
            "speak for none.",
            Citation(
                "Chefer, Gur and Wolf",
                2021,
                "Transformer Interpretability Beyond Attention Visualization",
                "https://arxiv.org/abs/2012.09838",
            ),
        ),
        signed=False,
        explain="attention.attention_rollout",
        supports="attention.needs_tokens",
    ),
    Method(
        "occlusion",
        "Occlusion",
        "perturbation",
        "A square slides over the picture, and what the score loses while it covers a place is that place's "
        "value. Negative values mean that the model is surer without that place.",
        r"M_{ij} = \frac{1}{|P_{ij}|}\sum_{p \in P_{ij}} S(x) - S(x_{\setminus p}),"
        r"\quad P_{ij} \text{: the squares over pixel } ij",
        ZEILER,
        Failure(
            "Evidence that is there twice is missed, since covering one of the two costs nothing.",
            SHRIKUMAR,
        ),
        signed=True,
        explain="occlusion.occlusion",
        options=OCCLUSION_OPTIONS,
        long=True,
    ),
    Method(
        "lime",
        "LIME",
        "perturbation",
        "The picture is cut into superpixels, random ones are removed, and a linear model is fitted to how "
        "the score follows, those with little removed counting most. A superpixel's value is what it adds "
        "to the score by itself; negative ones speak against the class.",
        r"\hat w = \arg\min_w \sum_{z} \pi(z)\left(S(x_z) - w_0 - w^\top z\right)^2 + \lambda\|w\|^2",
        Citation(
            "Ribeiro, Singh and Guestrin",
            2016,
            "“Why Should I Trust You?” Explaining the Predictions of Any Classifier",
            "https://arxiv.org/abs/1602.04938",
        ),
        Failure(
            "It is unstable: pictures that look the same, and other random samples, give different "
            "explanations.",
            Citation(
                "Alvarez-Melis and Jaakkola",
                2018,
                "On the Robustness of Interpretability Methods",
                "https://arxiv.org/abs/1806.08049",
            ),
        ),
        signed=True,
        explain="lime.lime",
        options=(
            Option(
                "n_samples",
                "Samples",
                "How many pictures with parts removed are scored.",
                256,
                20,
                2000,
            ),
            Option(
                "n_segments", "Superpixels", "About how many the picture is cut into.", 50, 4, 200
            ),
            FILL,
        ),
        long=True,
    ),
)
METHODS: dict[str, Method] = {method.key: method for method in _ENTRIES}


def find_method(key: str) -> Method:
    """The method with a key. Raises `InputError` naming those there are."""
    if key not in METHODS:
        raise InputError(f"unknown method {key!r}; there are {', '.join(METHODS)}")
    return METHODS[key]
