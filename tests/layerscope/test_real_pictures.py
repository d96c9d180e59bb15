"""Real photographs through the whole path, where they are at hand."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from layerscope.activations.pooling import forward
from layerscope.datasets import draw, open_dataset
from layerscope.datasets.picture import LOSSLESS, decode, decode_stored, encode
from layerscope.datasets.untrusted import read_untrusted
from layerscope.models.registry import load_model
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
    dataset, classifier = open_dataset("imagenette", root=root), load_model(model, weights)
    inputs = classifier.inputs
    drawn = list(draw(dataset, 10 * PER_CLASS, split="val", random_state=0, inputs=inputs))
    pictures = np.stack([sample.picture for _, sample in drawn])
    labels = np.array([source.label for source, _ in drawn])
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


def test_lite0_answers_as_with_timms_own_transform_through_a_run_and_an_upload(
    photographs: Path,
) -> None:
    import timm

    classifier = load_model("efficientnet_lite0")
    config = timm.data.resolve_model_data_config(timm.create_model("tf_efficientnet_lite0"))
    transform = timm.data.create_transform(**config, is_training=False)
    files = sorted((photographs / "imagenette2" / "val").rglob("*.JPEG"))
    assert len(files) == 10 * PER_CLASS
    for file in files:
        content = file.read_bytes()
        official = transform(Image.open(io.BytesIO(content)).convert("RGB"))[None]
        read = decode(file, inputs=classifier.inputs, source=file.name)
        stored = decode_stored(encode(read, LOSSLESS))
        uploaded = read_untrusted(content, classifier.inputs).picture
        for picture in (stored, uploaded):  # equal tensors have equal answers
            assert torch.equal(classifier.to_inputs(picture[None]), official), file.name
