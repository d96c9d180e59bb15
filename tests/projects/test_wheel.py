"""The wheel, installed outside the repository: the command, the embedded runs, and a notebook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
from nbclient import NotebookClient

from tests.shared.project import ROOT, edit_params

pytestmark = pytest.mark.slow
MOST_BYTES = 60e6
CELLS = (
    "import torch, layerscope; print(layerscope.__file__)",
    """
from torch import nn
torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
pictures = torch.rand(20, 3, 16, 16)
shown = layerscope.show(net, pictures, [i % 2 for i in range(20)], folder="own")
shown
""",
    'print(shown.arrays["umap/20/2d"].shape); shown.close()',
    """
from torchvision.models import resnet18
with layerscope.show(resnet18(), torch.rand(12, 3, 64, 64), folder="resnet", layers="stages") as shown:
    print(sorted(name for name in shown.arrays if name.startswith("activations")))
""",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of what git knows of, as a clone has it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([sys.executable, "-m", *command, str(folder), str(ROOT)], check=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An environment that has the wheel, and of everything else what this one has."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    scheme = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", vars=scheme))
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "install"]
    subprocess.run([*command, "--quiet", "--no-deps", str(wheel)], check=True)
    yield folder


def outside() -> dict[str, str]:
    """The environment's variables without any way back into the repository."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def test_the_wheel_is_small_and_lays_nothing_beside_the_library(wheel: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"layerscope"}
    app = {name.removeprefix("layerscope/app/") for name in names if "layerscope/app/" in name}
    wanted = {"streamlit_app.py", "dvc.yaml", "dvc.lock", "params.yaml", ".streamlit/config.toml"}
    assert wanted | {"docs/glossary.md", "weights/published/README.md"} <= app
    for folder in ("pages", "stages", "ui", "projects"):
        there = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / folder).rglob("*")
            if path.suffix in {".py", ".css", ".html"} and "node_modules" not in path.parts
        }
        assert there <= app, folder
    assert not any("node_modules" in name or "__pycache__" in name for name in names)


def test_the_demo_opens_the_embedded_runs(environment: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [str(environment / "bin/layerscope"), "demo", "--no-browser"],
        cwd=tmp_path,
        env=outside() | {"XDG_CACHE_HOME": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as child:
        assert child.stdout is not None
        page = child.stdout.readline().strip()
        with urlopen(page) as answer:
            assert answer.status == 200
        child.terminate()
    with pytest.raises(URLError):  # its server ended with it
        urlopen(page)
    (folder,) = (tmp_path / "cache/layerscope").iterdir()
    assert not re.search(re.escape(str(ROOT)), (folder / ".dvc/config").read_text(encoding="utf-8"))
    code = "from ui.bundle import EMBEDDED, ensure_bundle, is_complete; assert ensure_bundle() is None; "
    code += "assert all(map(is_complete, EMBEDDED))"
    enter = "from layerscope.home import enter_home; enter_home(); "
    subprocess.run(
        [str(environment / "bin/python"), "-c", enter + code], cwd=folder, env=outside(), check=True
    )


def test_a_notebook_shows_networks(environment: Path, tmp_path: Path) -> None:
    for name in ("own", "resnet"):
        subprocess.run(
            [str(environment / "bin/layerscope"), "runs", "--project", name],
            cwd=tmp_path,
            env=outside(),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        edit_params("tsne", folder=tmp_path / name, perplexity=[3], n_iter=30)
    kernel = tmp_path / "kernels/kernels/wheel"
    kernel.mkdir(parents=True)
    python = str(environment / "bin/python")
    argv = f'["{python}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]'
    (kernel / "kernel.json").write_text(
        f'{{"argv": {argv}, "display_name": "wheel", "language": "python"}}', encoding="utf-8"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(tmp_path / "kernels"))
        patch.delenv("PYTHONPATH", raising=False)
        patch.setenv("OMP_NUM_THREADS", "1")
        client = NotebookClient(notebook, timeout=None, kernel_name="wheel")
        client.execute(cwd=str(tmp_path))
    first, second, third, fourth = (cell.outputs for cell in notebook.cells)
    assert str(environment) in first[0]["text"]
    frames = [each["data"]["text/html"] for each in second if "data" in each]
    assert re.search(r'<iframe src="http://localhost:\d+/\?run=shown"', frames[-1])
    assert "(6, 20, 2)" in third[0]["text"]
    assert "activations/grid7/layer4" in "".join(each.get("text", "") for each in fourth)
