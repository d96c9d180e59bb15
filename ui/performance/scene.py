"""What a view draws: a run's predictions, how they are looked at, and how things are called."""

from __future__ import annotations

from dataclasses import dataclass

from layerscope.performance.confusion import OTHER
from layerscope.performance.intervals import Estimate
from layerscope.performance.labeled_predictions import LabeledPredictions
from ui.library import Contents
from ui.palette import mark_class
from ui.performance.address import PerformanceChoice
from ui.performance.evaluation import Evaluation
from ui.selection import Selection

_STRANGE = "#6d7884"  # of outputs that are no class of the data set


@dataclass(frozen=True)
class PerformanceScene:
    """Everything that a view needs.

    Attributes
    ----------
    selection : Selection
    contents : Contents
    evaluation : Evaluation
    choice : PerformanceChoice
    """

    selection: Selection
    contents: Contents
    evaluation: Evaluation
    choice: PerformanceChoice

    @property
    def answers(self) -> LabeledPredictions:
        """What the model predicted."""
        return self.evaluation.answers

    def name_class(self, label: int) -> str:
        """A class of the data set."""
        return self.contents.categories[label].name

    def name_output(self, output: int) -> str:
        """An output of the model."""
        return "any other" if output == OTHER else self.contents.outputs[output].name

    def color_class(self, label: int) -> str:
        """The colour of a class of the data set."""
        return mark_class(label)[0]

    def color_output(self, output: int) -> str:
        """The colour of the class that an output stands for; grey where it stands for none."""
        labels = [label for label, own in enumerate(self.answers.outputs) if own == output]
        return self.color_class(labels[0]) if labels and output >= 0 else _STRANGE


def write_figure(value: float, digits: int = 3) -> str:
    """A figure as it is shown; what is not defined says so."""
    if value != value:
        return "not defined"
    return f"{value:.{digits}f}".replace("-", "−")


def write_interval(estimate: Estimate, digits: int = 3) -> str:
    """The interval of a figure, empty where it has none."""
    if not estimate.has_interval:
        return ""
    return f"{write_figure(estimate.low, digits)} to {write_figure(estimate.high, digits)}"


def count(n: int, of: str) -> str:
    """A number of things, "1 error" or "3 errors"."""
    return f"{n} {of}" if n == 1 else f"{n} {of}s"
