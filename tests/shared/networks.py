"""Any network through all stages, methods and pages: what works, and what is refused in one line.

``python -m tests.shared.networks`` writes the table of `docs/networks.md`. Weights are random: none can be
had offline, and nothing here is about what a network has learned.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import layerscope.vision  # timm needs what it prepares

# isort: split
import timm
import torch
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest
from torch import nn

from bench.projects import SMALL, edit_params, shrink_params
from layerscope.errors import InputError
from layerscope.explanation.methods import METHODS
from layerscope.explanation.registry import attribute
from layerscope.models.registry import load_model
from layerscope.params import read_params
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import store_path
from projects.building import STAGES as STAGES  # tests take it from here
from tests.shared.computing import Here
from tests.shared.own_models import OWN
from tests.shared.project import ROOT

RUN = "network"
PAGES = ("", "Explain", "Features", "Network", "Performance", "UMAP_Tour", "Experiments")
FAMILIES = (
    "torchvision:vgg11_bn", "torchvision:googlenet", "torchvision:inception_v3", "torchvision:vit_b_32",
    "torchvision:swin_t", "torchvision:maxvit_t",
    *(f"timm:{name}" for name in (
        "resnet18", "resnet50", "resnext50_32x4d", "skresnet18", "resnetv2_50", "res2net50_14w_8s",
        "densenet121", "dla34", "hrnet_w18_small", "vgg11", "nfnet_l0", "regnety_002", "repvgg_a0",
        "mobileone_s0", "tresnet_m", "rexnet_100", "starnet_s1", "ghostnet_100", "mobilenetv3_small_100",
        "efficientnet_b0", "tf_efficientnetv2_b0", "convnext_atto", "convnextv2_atto", "convmixer_768_32",
        "focalnet_tiny_srf", "mambaout_femto", "fastvit_t8", "edgenext_xx_small", "mobilevit_xxs",
        "efficientvit_b0", "nextvit_small", "visformer_tiny", "maxvit_tiny_tf_224", "coatnet_0_rw_224",
        "caformer_s18", "poolformer_s12", "vit_tiny_patch16_224", "vit_small_patch16_224",
        "vit_small_patch14_reg4_dinov2", "vit_small_patch8_224.dino", "vit_small_patch16_dinov3",
        "vit_medium_patch16_gap_256", "vit_base_patch32_clip_224", "vit_base_patch16_siglip_224",
        "eva02_tiny_patch14_224", "beit_base_patch16_224", "deit_tiny_patch16_224",
        "deit_tiny_distilled_patch16_224", "cait_xxs24_224", "xcit_nano_12_p16_224", "volo_d1_224",
        "naflexvit_base_patch16_gap", "crossvit_tiny_240", "levit_128s", "tiny_vit_5m_224",
        "swin_tiny_patch4_window7_224", "swinv2_tiny_window8_256", "hiera_tiny_224", "mvitv2_tiny",
        "pvt_v2_b0", "twins_pcpvt_small", "davit_tiny", "gcvit_xxtiny", "mixer_s32_224", "sequencer2d_s",
        "sam2_hiera_tiny", "tnt_s_patch16_224",
    )),
)  # fmt: skip


@dataclass
class Outcome:
    """What became of a network.

    Attributes
    ----------
    refused : dict of str to str
        By what was tried, the line of the refusal.
    failed : dict of str to str
        By what was tried, the traceback. Nothing should ever be here.
    worked : list of str
    nodes : int
    """

    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    worked: list[str] = field(default_factory=list)
    nodes: int = 0

    @contextmanager
    def trying(self, what: str) -> Iterator[None]:
        """Note what becomes of the block."""
        try:
            yield
        except InputError as error:
            one_line = "\n" not in str(error)
            (self.refused if one_line else self.failed)[what] = str(error)
        except Exception:
            self.failed[what] = traceback.format_exc(limit=-6)
        else:
            self.worked.append(what)


def make_weights(model: str, path: Path) -> None:
    """Random weights of a timm or torchvision model, as a file."""
    torch.manual_seed(0)
    origin, _, name = model.partition(":")
    if origin == "timm":
        module = timm.create_model(name, pretrained=False)
    else:
        options = {"init_weights": True} if name in {"googlenet", "inception_v3"} else {}
        module = layerscope.vision.torchvision.models.get_model(name, weights=None, **options)
    save_module(module, path)


def save_module(module: nn.Module, path: Path) -> None:
    """A module's weights, as a file."""
    save_file({key: each.contiguous() for key, each in module.state_dict().items()}, path)


def try_network(
    name: str,
    *,
    stages: tuple[str, ...] = STAGES,
    methods: bool = True,
    pages: tuple[str, ...] = PAGES,
    **settings: object,
) -> Outcome:
    """Take a network through stages, methods and pages, in the working folder.

    Parameters
    ----------
    name : str
        ``timm:<name>``, ``torchvision:<name>``, or a key of `tests.shared.own_models.OWN`.
    stages, pages : tuple of str
    methods : bool
        Whether methods of explanation are tried.
    **settings
        Of the run.
    """
    model, weights = make_network(name)
    run = {"dataset": "objects", "model": model, "weights": str(weights), "sizes": [12]}
    write_small_params({RUN: run | settings})
    return try_run(stages=stages, methods=methods, pages=pages)


def write_small_params(runs: dict[str, dict[str, object]]) -> None:
    """This project's parameters, small, with these runs, into the working folder."""
    shutil.copy(ROOT / "params.yaml", "params.yaml")
    shrink_params(Path(), SMALL)
    edit_params(runs=runs, comparisons={}, device="cpu")
    edit_params("tsne", perplexity=[3], n_iter=30)
    edit_params("channels", top_k=3)


def try_run(
    *,
    stages: tuple[str, ...] = STAGES,
    methods: bool = True,
    pages: tuple[str, ...] = PAGES,
) -> Outcome:
    """Take the run of ``params.yaml`` through stages, methods and pages; parameters as in `try_network`."""
    outcome = Outcome()
    for stage in stages:
        with outcome.trying(stage):
            run_stage_of(stage)
        if stage not in outcome.worked and stage in {"prepare", "predict"}:
            return outcome  # nothing can be built on it
    outcome.nodes = len(Predictions(store_path(RUN, "predictions")).layers)
    if methods:
        _try_methods(outcome)
    for page in pages:
        with outcome.trying(f"page {page or 'Explorer'}"):
            open_page(page)
    return outcome


def run_stage_of(stage: str) -> None:
    """A stage of the run, in this process."""
    import_module(f"stages.{stage}").main(*((RUN, "3") if stage == "tsne" else (RUN,)))


def _try_methods(outcome: Outcome) -> None:
    settings = read_params().run(RUN)
    classifier = load_model(settings.model, settings.weights_file)
    samples = Samples(store_path(RUN, "samples"))
    outputs = Predictions(store_path(RUN, "predictions")).predicted[:1]
    few: dict[str, dict[str, object]] = {
        "smooth_grad": {"n_samples": 2}, "integrated_gradients": {"n_steps": 8}, "lime": {"n_samples": 20},
    }  # fmt: skip
    for key in METHODS:
        if key in {"score_cam", "occlusion"}:  # hundreds of passes, by means that others use too
            continue
        with outcome.trying(key):
            attribute(key, classifier, samples.pictures(0, 1), outputs, **few.get(key, {}))


def open_page(page: str) -> None:
    """A page for the run, computed here; every layer of the Explorer's map in turn would take too long."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)
    if page:
        app.switch_page(f"pages/{page}.py")
    layers = Predictions(store_path(RUN, "predictions")).layers
    middle = layers[len(layers) // 2].key
    for key, value in {"run": RUN, "layer": middle, "sample": "1"}.items():
        app.query_params[key] = value
    app.run()
    if app.exception:
        raise RuntimeError(app.exception[0].value)


@contextmanager
def computing_here() -> Iterator[None]:
    """Let pages compute in this process, as tests do."""
    from ui.live import engine

    before = engine.networks, engine.arrays
    engine.networks = engine.arrays = Here()  # type: ignore[assignment]
    try:
        yield
    finally:
        engine.networks, engine.arrays = before


def _tell(name: str, outcome: Outcome, seconds: float) -> str:
    parts = [f"| {name} | {outcome.nodes or '-'}"]
    for tried in (STAGES, tuple(METHODS), tuple(f"page {page or 'Explorer'}" for page in PAGES)):
        worked = sum(each in outcome.worked for each in tried)
        refused = sum(each in outcome.refused for each in tried)
        failed = sum(each in outcome.failed for each in tried)
        parts.append(f"{worked} / {refused}" + (f" / **{failed}**" if failed else ""))
    lines = dict.fromkeys(outcome.refused.values())
    own = name.removeprefix("torchvision:")
    parts.append("; ".join(line.replace("|", "\\|").replace(own, "it") for line in lines))
    return " | ".join(parts) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DVC_NO_ANALYTICS", "1")
    rows = [
        "| network | nodes | stages | methods | pages | what is refused, and how |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    with TemporaryDirectory() as folder, chdir(folder), computing_here():
        for name in given.names or [*FAMILIES, *OWN]:
            start = time.perf_counter()
            shutil.rmtree("data", ignore_errors=True)
            outcome = try_network(name)
            row = _tell(name, outcome, time.perf_counter() - start)
            print(row, f"({time.perf_counter() - start:.0f} s)", flush=True)
            for what, trace in outcome.failed.items():
                print(f"--- {name}: {what}\n{trace}", flush=True)
            rows.append(row)
    if given.output:
        given.output.write_text("\n".join(rows) + "\n", encoding="utf-8")


def make_network(name: str) -> tuple[str | dict[str, Any], Path]:
    """Write random weights; what ``params.yaml`` says of the model, and their file."""
    path = Path("weights.safetensors").absolute()
    if name in OWN:
        torch.manual_seed(0)
        save_module(OWN[name].make(), path)
        factory = f"tests.shared.own_models:{OWN[name].make.__name__}"
        return {"factory": factory, **OWN[name].facts}, path
    make_weights(name, path)
    return (name if name.startswith("timm:") else name.partition(":")[2]), path


if __name__ == "__main__":
    main()
