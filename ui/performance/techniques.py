"""What the page says of each technique of its views."""

from __future__ import annotations

from layerscope.explanation.method import Citation
from ui.glossary import define
from ui.techniques import Technique

_SAITO = Citation(
    "Saito, Rehmsmeier",
    2015,
    "The precision-recall plot is more informative than the ROC plot when evaluating binary "
    "classifiers on imbalanced datasets",
    "https://doi.org/10.1371/journal.pone.0118432",
)
_GUO = Citation(
    "Guo et al.",
    2017,
    "On calibration of modern neural networks",
    "https://arxiv.org/abs/1706.04599",
)
_NIXON = Citation(
    "Nixon et al.",
    2019,
    "Measuring calibration in deep learning",
    "https://arxiv.org/abs/1904.01685",
)
_BROWN = Citation(
    "Brown, Cai, DasGupta",
    2001,
    "Interval estimation for a binomial proportion",
    "https://doi.org/10.1214/ss/1009213286",
)
_ALAIN = Citation(
    "Alain, Bengio",
    2016,
    "Understanding intermediate layers using linear classifier probes",
    "https://arxiv.org/abs/1610.01644",
)
_POOLING = Citation(
    "He et al.",
    2014,
    "Spatial pyramid pooling in deep convolutional networks for visual recognition",
    "https://arxiv.org/abs/1406.4729",
)
_LEE = Citation(
    "Lee, Verleysen",
    2009,
    "Quality assessment of dimensionality reduction: rank-based criteria",
    "https://doi.org/10.1016/j.neucom.2008.12.017",
)
_VENNA = Citation(
    "Venna, Kaski",
    2001,
    "Neighborhood preservation in nonlinear projection methods: an experimental study",
    "https://doi.org/10.1007/3-540-44668-0_68",
)

TECHNIQUES: dict[str, tuple[Technique, ...]] = {
    "confusion": (
        Technique(
            "matrix",
            "Confusion matrix",
            f"{define('confusion matrix')} Correct predictions lie on the grey diagonal, errors off it in "
            "orange; rows in blue are of classes that the model has no output for.",
            (r"C_{ij} = \sum_{n=1}^{N} [\,y_n = i\,]\,[\,\arg\max_k p_{nk} = j\,]",),
            "It counts the most probable class only: a true class in second place at 0.49 counts like one "
            "far behind. The share of a row with few samples says little.",
            _BROWN,
            (
                Citation(
                    "Stehman",
                    1997,
                    "Selecting and interpreting measures of thematic classification accuracy",
                    "https://doi.org/10.1016/S0034-4257(97)00083-7",
                ),
            ),
        ),
        Technique(
            "similarity",
            "Order by similarity",
            "Classes with similar mean probabilities are clustered hierarchically, and the tree's leaves put "
            "in the order with the nearest neighbours. Classes that the model confuses form blocks at the "
            "diagonal.",
            (
                r"\begin{gathered}d_{ij} = 1 - \frac{\bar p_i \cdot \bar p_j}{\lVert \bar p_i \rVert\,"
                r"\lVert \bar p_j \rVert} \\[3pt] "
                r"\bar p_i = \tfrac{1}{N_i} \textstyle\sum_{y_n = i} p_n\end{gathered}",
            ),
            "A clustering finds an order in anything: where the model hardly errs, neighbours may "
            "have nothing in common.",
            Citation(
                "Ben-David, von Luxburg, Pál",
                2006,
                "A sober look at clustering stability",
                "https://doi.org/10.1007/11776420_4",
            ),
            (
                Citation(
                    "Bar-Joseph et al.",
                    2001,
                    "Fast optimal leaf ordering for hierarchical clustering",
                    "https://doi.org/10.1093/bioinformatics/17.suppl_1.S22",
                ),
            ),
        ),
    ),
    "classes": (
        Technique(
            "f1",
            "Precision, recall, F1",
            "Precision is the share of the samples predicted as a class that is of it, recall the share of "
            "the class that is predicted as it. F1 is their harmonic mean, macro F1 its mean over classes.",
            (
                r"\begin{gathered}P = \frac{TP}{TP + FP} \quad R = \frac{TP}{TP + FN} \\[3pt] "
                r"F_1 = \frac{2PR}{P + R}\end{gathered}",
            ),
            "Precision changes with how common the class is, and F1 does not care how the rest is told "
            "apart: figures of two data sets with other shares of classes do not compare.",
            Citation(
                "Powers",
                2011,
                "Evaluation: from precision, recall and F-measure to ROC, informedness, markedness and "
                "correlation",
                "https://arxiv.org/abs/2010.16061",
            ),
            (
                Citation(
                    "van Rijsbergen",
                    1979,
                    "Information retrieval",
                    "http://www.dcs.gla.ac.uk/Keith/Preface.html",
                ),
            ),
        ),
        Technique(
            "accuracy",
            "Accuracy and top-5",
            "The share of samples whose true class is the most probable one, or among the five most "
            "probable. Only samples of classes that the model has an output for can be predicted correctly, "
            "so only they are counted.",
            (r"\mathrm{acc} = \frac{1}{N} \sum_{n=1}^{N} [\,\arg\max_k p_{nk} = y_n\,]",),
            "With classes of unequal size it rewards always predicting the most frequent one: compare with "
            "that accuracy, which the view gives.",
            Citation(
                "He, Garcia",
                2009,
                "Learning from imbalanced data",
                "https://doi.org/10.1109/TKDE.2008.239",
            ),
            (
                Citation(
                    "Russakovsky et al.",
                    2015,
                    "ImageNet large scale visual recognition challenge",
                    "https://arxiv.org/abs/1409.0575",
                ),
            ),
        ),
        Technique(
            "wilson",
            "Wilson's interval",
            "It holds all shares that the counts do not contradict at 95 %, and keeps a width where all "
            "predictions are correct. F1 has it through the share of the samples of the class, or predicted "
            "as it, that are both; macro F1, kappa and MCC at the number of samples of a share that would "
            "vary like they do in resamples.",
            (
                r"\frac{\hat p + \frac{z^2}{2n} \pm z \sqrt{\frac{\hat p (1 - \hat p)}{n} + "
                r"\frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}},\quad z = 1.96",
            ),
            "It takes samples for independent: frames of one video are not. And it covers 95 % on the "
            "average over shares, not at each of them; macro F1 of classes with a handful of samples less.",
            _BROWN,
            (
                Citation(
                    "Lam, Gopal, Qian",
                    2023,
                    "Confidence intervals for the F1 score: a comparison of four methods",
                    "https://arxiv.org/abs/2309.14621",
                ),
                Citation(
                    "Franco et al.",
                    2019,
                    "Comparative study of confidence intervals for proportions in complex sample surveys",
                    "https://doi.org/10.1093/jssam/smy019",
                ),
                Citation(
                    "Wilson",
                    1927,
                    "Probable inference, the law of succession, and statistical inference",
                    "https://doi.org/10.1080/01621459.1927.10502953",
                ),
            ),
        ),
        Technique(
            "bootstrap",
            "Bootstrap-t interval",
            "Samples are drawn again with replacement, seeded; each time the mean's distance from that of "
            "all is divided by its own standard error, and the middle 95 % are kept. Log loss and Brier "
            "score have it: both are means of skewed values.",
            (
                r"\left[\bar x - t^{*}_{(0.975)}\,s,\ \bar x - t^{*}_{(0.025)}\,s\right],\quad "
                r"t^{*} = \frac{\bar x^{*} - \bar x}{s^{*}}",
            ),
            "It only draws what is there: where the one confident error in a thousand samples happens not "
            "to be among them, log loss is too low and its interval too narrow.",
            Citation(
                "Hesterberg",
                2015,
                "What teachers should know about the bootstrap",
                "https://arxiv.org/abs/1411.5279",
            ),
            (
                Citation(
                    "Efron",
                    1979,
                    "Bootstrap methods: another look at the jackknife",
                    "https://doi.org/10.1214/aos/1176344552",
                ),
            ),
        ),
        Technique(
            "kappa",
            "Kappa and MCC",
            "Kappa is the agreement of true and predicted classes beyond what the same frequencies reach by "
            "chance. MCC is the correlation of true and predicted classes; both are 1 at best and 0 by "
            "chance.",
            (
                r"\begin{gathered}\kappa = \frac{p_o - p_e}{1 - p_e} \\[3pt] \mathrm{MCC} = "
                r"\frac{c\,s - \sum_k p_k t_k}{\sqrt{(s^2 - \sum_k p_k^2)(s^2 - \sum_k t_k^2)}}"
                r"\end{gathered}",
            ),
            "Kappa falls when one class is much more frequent than the rest, at the same accuracy.",
            Citation(
                "Feinstein, Cicchetti",
                1990,
                "High agreement but low kappa: I. The problems of two paradoxes",
                "https://doi.org/10.1016/0895-4356(90)90158-L",
            ),
            (
                Citation(
                    "Gorodkin",
                    2004,
                    "Comparing two K-category assignments by a K-category correlation coefficient",
                    "https://doi.org/10.1016/j.compbiolchem.2004.09.006",
                ),
            ),
        ),
    ),
    "thresholds": (
        Technique(
            "roc",
            "ROC curve",
            "Recall over the false positive rate, for every threshold on the probability of the class. The "
            "area is the chance that a sample of the class scores above another one; the diagonal is "
            "guessing.",
            (r"\mathrm{AUC} = \Pr\left(p(x^{+}) > p(x^{-})\right) + \tfrac12 \Pr(=)",),
            "With rare positives it looks too good: a small rate of many negatives is still more false "
            "positives than true ones: look at the precision-recall curve then. The area's interval is "
            "Wilson's for as many samples as the smaller side has. It holds for scores of any kind, and "
            "where the area is 1, but is often wider than it need be.",
            _SAITO,
            (
                Citation(
                    "Birnbaum, Klose",
                    1957,
                    "Bounds for the variance of the Mann-Whitney statistic",
                    "https://doi.org/10.1214/aoms/1177706794",
                ),
                Citation(
                    "Fawcett",
                    2006,
                    "An introduction to ROC analysis",
                    "https://doi.org/10.1016/j.patrec.2005.10.010",
                ),
            ),
        ),
        Technique(
            "pr",
            "Precision-recall curve",
            "Precision over recall, for every threshold. Average precision sums precision over the steps "
            "in recall; guessing gives the share of the class, the dashed line.",
            (r"\mathrm{AP} = \sum_{i} (R_i - R_{i-1})\,P_i",),
            "Its base line is the share of positives: average precisions of classes of unequal size, or "
            "of two data sets, do not compare. Its interval is Wilson's at the number of samples of a share "
            "that would vary like it, at most those of the class.",
            Citation(
                "Boyd et al.",
                2012,
                "Unachievable region in precision-recall space and its effect on empirical evaluation",
                "https://arxiv.org/abs/1206.4667",
            ),
            (
                Citation(
                    "Davis, Goadrich",
                    2006,
                    "The relationship between precision-recall and ROC curves",
                    "https://doi.org/10.1145/1143844.1143874",
                ),
                Citation(
                    "Boyd, Eng, Page",
                    2013,
                    "Area under the precision-recall curve: point estimates and confidence intervals",
                    "https://doi.org/10.1007/978-3-642-40994-3_29",
                ),
            ),
        ),
    ),
    "calibration": (
        Technique(
            "reliability",
            "Reliability diagram",
            "Samples are sorted into bins by confidence; a bar is the accuracy of its bin, and should end at "
            "the diagonal. Below the diagonal the model is overconfident, above it underconfident.",
            (
                r"\begin{gathered}\mathrm{acc}(B) = \tfrac{1}{|B|} \textstyle\sum_{n \in B} "
                r"[\,\hat y_n = y_n\,] \\ "
                r"\mathrm{conf}(B) = \tfrac{1}{|B|} \textstyle\sum_{n \in B} \hat p_n\end{gathered}",
            ),
            "A bin with few samples strays from the diagonal by chance alone: read the lines at the "
            "bars, which are 95 % intervals, not the bars.",
            Citation(
                "Bröcker, Smith",
                2007,
                "Increasing the reliability of reliability diagrams",
                "https://doi.org/10.1175/WAF993.1",
            ),
            (
                Citation(
                    "DeGroot, Fienberg",
                    1983,
                    "The comparison and evaluation of forecasters",
                    "https://doi.org/10.2307/2987588",
                ),
            ),
        ),
        Technique(
            "ece",
            "ECE and MCE",
            f"{define('calibration error')} ECE weighs the bins by their samples, MCE is the largest bin's; "
            "beside the ECE stands what a perfectly calibrated model of these confidences shows by chance.",
            (
                r"\mathrm{ECE} = \sum_{b} \tfrac{|B_b|}{N}\,|\mathrm{acc}(B_b) - \mathrm{conf}(B_b)|",
            ),
            "They depend on the bins: change their number or kind and watch the figures. Gaps of "
            "opposite sign within a bin cancel out, and the largest error is often of a bin with "
            "hardly a sample.",
            _NIXON,
            (
                Citation(
                    "Naeini et al.",
                    2015,
                    "Obtaining well calibrated probabilities using Bayesian binning",
                    "https://doi.org/10.1609/aaai.v29i1.9602",
                ),
            ),
        ),
        Technique(
            "brier",
            "Brier score and log loss",
            "Both score all probabilities at once, and both are least for the true ones. The Brier score is "
            "a squared distance between 0 and 2, log loss the negative log of the true class's probability.",
            (
                r"\begin{gathered}\mathrm{BS} = \tfrac1N \textstyle\sum_{n,k} (p_{nk} - [\,y_n = k\,])^2 \\ "
                r"\mathrm{NLL} = -\tfrac1N \textstyle\sum_n \log p_{n y_n}\end{gathered}",
            ),
            "Each mixes discrimination with calibration. A single confident error can dominate the log loss.",
            Citation(
                "Gneiting, Raftery",
                2007,
                "Strictly proper scoring rules, prediction, and estimation",
                "https://doi.org/10.1198/016214506000001437",
            ),
            (
                Citation(
                    "Brier",
                    1950,
                    "Verification of forecasts expressed in terms of probability",
                    "https://journals.ametsoc.org/view/journals/mwre/78/1/"
                    "1520-0493_1950_078_0001_vofeit_2_0_co_2.xml",
                ),
            ),
        ),
        Technique(
            "temperature",
            "Temperature scaling",
            "All logits are divided by one number, the one with the least log loss on a random half of the "
            "samples; figures are of the other half. Predictions stay the same, only the confidence changes.",
            (
                r"\begin{gathered}p_T = \mathrm{softmax}(\log p \,/\, T) \\ "
                r"\hat T = \arg\min_T \mathrm{NLL}(p_T)\end{gathered}",
            ),
            "One temperature corrects what all classes have in common, not what one of them has, and does "
            "not hold under a shift of the data.",
            Citation(
                "Ovadia et al.",
                2019,
                "Can you trust your model's uncertainty? Evaluating predictive uncertainty under "
                "dataset shift",
                "https://arxiv.org/abs/1906.02530",
            ),
            (_GUO,),
        ),
    ),
    "errors": (
        Technique(
            "confident",
            "Most confident errors",
            "Wrong predictions, the most confident first: they tell more than errors of low confidence. "
            "Often the label is wrong, or two things are in the picture.",
            (r"\hat p_n = \max_k p_{nk},\quad \arg\max_k p_{nk} \ne y_n",),
            "Confidence does not measure the distance to the training set: far away from it a ReLU network "
            "becomes more confident, not less.",
            Citation(
                "Hein et al.",
                2019,
                "Why ReLU networks yield high-confidence predictions far away from the training data",
                "https://arxiv.org/abs/1812.05720",
            ),
            (
                Citation(
                    "Northcutt, Athalye, Mueller",
                    2021,
                    "Pervasive label errors in test sets destabilize machine learning benchmarks",
                    "https://arxiv.org/abs/2103.14749",
                ),
            ),
        ),
    ),
    "layers": (
        Technique(
            "grids",
            "One grid for all layers",
            f"{define('grid')} {define('kNN accuracy')}",
            (r"\bar a_{c,u,v} = \frac{1}{|R_{uv}|} \sum_{(y,x) \in R_{uv}} a_{c,y,x}",),
            "Means of cells hide what differs within a cell: fine texture in early layers counts by its mean "
            "only. A layer whose map is smaller than the grid keeps its own. With cells of a fixed size a "
            "pool halves the grid of the layer before it, and accuracy rises there by averaging alone.",
            _ALAIN,
            (_POOLING,),
        ),
        Technique(
            "co-ranking",
            "From local to global",
            f"{define('neighbours kept')} {define('local and global quality')}",
            (
                r"Q_{NX}(K) = \frac{1}{KN} \sum_n \left| N_K^{\mathrm{layer}}(n) \cap "
                r"N_K^{\mathrm{layout}}(n) \right|",
                r"R_{NX}(K) = \frac{(N-1)\,Q_{NX}(K) - K}{N - 1 - K}",
            ),
            "All are of the layer as it is averaged, by Euclidean distance. R_NX averages what is kept "
            "beyond chance over neighbourhoods of all sizes K, by their logarithm. Two dimensions cannot "
            "keep the neighbours of many: a low figure is no fault of one method alone if others have it.",
            _LEE,
            (_VENNA,),
        ),
    ),
}
