"""Real photographs through the whole path, where they are at hand."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from layerscope.activations.pooling import forward
from layerscope.datasets import draw, open_dataset
from layerscope.models.registry import load_model
from tests.shared.inputs import take
from tests.shared.project import ROOT

ARCHIVE = ROOT.parent / "shared" / "datasets" / "imagenette2.tar"
PER_CLASS = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ARCHIVE.exists(), reason="no photographs on this machine"),
]


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with validation pictures of each class of Imagenette, evenly spaced by name.

    Names matter: the first of each class come from ImageNet's validation set, the others from its
    training set, which published models have learned from.
    """
    root = tmp_path_factory.mktemp("photographs")
    with tarfile.open(ARCHIVE) as archive:
        by_class: dict[Path, list[tarfile.TarInfo]] = {}
        for member in archive:
            folder = Path(member.name).parent
            if member.isfile() and folder.parent.name == "val":
                by_class.setdefault(folder, []).append(member)
        assert len(by_class) == 10
        for members in by_class.values():
            members.sort(key=lambda member: member.name)
            for member in members[:: len(members) // PER_CLASS][:PER_CLASS]:
                archive.extract(member, root, filter="data")
    (root / "imagenette2" / "train").mkdir()
    for folder in by_class:
        (root / folder.parent.parent / "train" / folder.name).mkdir()
    return root


def top1(root: Path, model: str, weights: str | None) -> float:
    dataset = open_dataset("imagenette", root=root)
    drawn = list(draw(dataset, 10 * PER_CLASS, split="val", random_state=0, inputs=take(224)))
    pictures = np.stack([sample.picture for _, sample in drawn])
    labels = np.array([source.label for source, _ in drawn])
    classifier = load_model(model, weights)
    truth = classifier.outputs_of(dataset.categories)[labels]
    assert (truth >= 0).all()
    batches = [
        forward(classifier, pictures[start : start + 50], (), lambda *_: None)
        for start in range(0, len(pictures), 50)
    ]
    return float((np.concatenate(batches).argmax(axis=1) == truth).mean())


def test_efficientnet_lite0_knows_imagenette_over_a_thousand_classes(photographs: Path) -> None:
    assert top1(photographs, "efficientnet_lite0", None) > 0.68


def test_vgg16_slim_knows_imagenette(photographs: Path) -> None:
    weights = "weights/imagenette/vgg16_slim.safetensors"
    assert top1(photographs, "vgg16_slim", weights) > 0.78
