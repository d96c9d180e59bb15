"""Pictures of strangers: none takes the server, whatever is in it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hostile_pictures import hostile_pictures, png, save
from PIL import Image

from layerscope.datasets import untrusted
from layerscope.datasets.picture import decode
from layerscope.datasets.picture_file import FORMATS
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.datasets.untrusted import read_untrusted
from layerscope.errors import InputError
from tests.shared.inputs import take
from tests.shared.project import ROOT

MOST_RAISED = 200  # MB, by any file
INPUTS = take(224)
KEPT = 224 * 224 * 3  # bytes that come back

# Each file in a process forked from one that has imported all, which is far quicker than a new one each. What
# a process takes is all that it has resident: Python itself as well.
IN_FORKS = """
import json, os, resource, sys
from pathlib import Path
from layerscope.datasets import untrusted
untrusted.Image.init()
for file in sorted(Path(sys.argv[1]).iterdir()):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(os.open(file, os.O_RDONLY), 0)
        os.dup2(writer, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.argv[1] = sys.argv[2]
        untrusted.answer()
        sys.stdout.flush()
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answer:
        told, _, picture = answer.read().partition(b"\\n")
    _, status, used = os.wait4(child, 0)
    took = (used.ru_maxrss * 1024 + file.stat().st_size) / 1e6  # the server has the file as well
    row = [file.name, round(took), os.waitstatus_to_exitcode(status), told.decode(), len(picture)]
    print(json.dumps(row), flush=True)
"""

# The whole way, of files in a row: what the server gains at its worst, and the largest of its children.
ONE_BY_ONE = """
import resource, sys
from pathlib import Path
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.datasets.untrusted import read_untrusted
from layerscope.errors import InputError
inputs = Preprocessing((224, 224), (256, 256), (0.5,) * 3, (0.5,) * 3)
def read_peak():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
before = read_peak()
for file in sys.argv[1:]:
    try:
        read_untrusted(Path(file).read_bytes(), inputs)
    except InputError:
        pass
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print((read_peak() - before + children) * 1024 / 1e6)
print(sorted({"torch", "streamlit", "scipy"} & set(sys.modules)))
"""


def photograph(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Smooth structure in every direction."""
    coarse = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return smooth.convert(mode)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "inputs", [INPUTS, take(50, 90, crop=0.95, interpolation="bicubic"), take(28, mean=(0.5,))]
)
def test_a_picture_is_what_the_pipeline_makes_of_it(kind: str, inputs: Preprocessing) -> None:
    content = save(photograph(200, 150), kind)
    found = read_untrusted(content, inputs)
    expected = decode(content, inputs=inputs, source="a picture")
    np.testing.assert_array_equal(found.picture, expected)
    assert not found.is_animated and not found.is_transparent
    with Image.open(io.BytesIO(content)) as image:  # an icon is stored smaller
        assert found.size == image.size


@pytest.mark.parametrize(("width", "height"), [(4000, 2500), (1100, 4300), (1025, 1024)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_large_picture_is_too(width: int, height: int, mode: str) -> None:
    image = photograph(width, height, "L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    content = save(image, "TIFF", compression="tiff_lzw")
    expected = decode(content, inputs=INPUTS, source="a picture")
    np.testing.assert_array_equal(read_untrusted(content, INPUTS).picture, expected)


def test_a_photograph_of_24_megapixels_on_its_side_has_room() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = save(photograph(6000, 4000), "JPEG", exif=exif)
    expected = decode(content, inputs=INPUTS, source="a picture")
    found = read_untrusted(content, INPUTS)
    np.testing.assert_array_equal(found.picture, expected)
    assert found.size == (4000, 6000)  # as it stands upright


def test_what_a_process_cannot_do_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted, "_MODULE", "layerscope.nowhere")
    with pytest.raises(InputError, match="too much memory or time"):
        read_untrusted(save(photograph(9, 9), "PNG"), INPUTS)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory")
def test_limits_hold() -> None:
    code = """
import sys
from layerscope.datasets import untrusted
untrusted._SECONDS = 1
untrusted.confine()
try:
    bytearray(untrusted._MEMORY + (8 << 20))
except MemoryError:
    print("no memory", flush=True)
while True:
    pass
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "no memory\n" and done.returncode < 0


def test_one_is_decoded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = [], []

    def run(*_: object, **__: object) -> subprocess.CompletedProcess[bytes]:
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.01)
        inside.pop()
        return subprocess.CompletedProcess([], 0, b'{"refusal": "no picture"}\n')

    monkeypatch.setattr(subprocess, "run", run)

    def ask() -> None:
        with pytest.raises(InputError, match="no picture"):
            read_untrusted(b"x", INPUTS)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == 8 * [1]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory")
def test_a_server_and_its_child_take_little_together(tmp_path: Path) -> None:
    worst = {
        "grey": png((49_000, 500), color=0),
        "palette": png((49_000, 500), color=3),
        "RGBA": png((5000, 4990), color=6),
        "column": png((500, 49_000), color=6),
        "pole": png((1, 39_999_999), color=6),
        "deep": png((4000, 4000), 16, 6),
        "JPEG 2000": save(Image.new("RGBA", (2000, 2000)), "JPEG2000"),
        "large": save(Image.new("RGB", (5000, 4990)), "PNG").ljust(10 << 20, b"\0"),
    }
    for name, content in worst.items():
        (tmp_path / name).write_bytes(content)
    files = [str(tmp_path / name) for name in worst]
    command = [sys.executable, "-c", ONE_BY_ONE, *files]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    raised, imported = done.stdout.splitlines()
    assert 100 < float(raised) < MOST_RAISED
    assert imported == "[]"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory")
def test_no_file_takes_much_memory(tmp_path: Path) -> None:
    for name, content in hostile_pictures():
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-c", IN_FORKS, str(tmp_path), json.dumps(asdict(INPUTS))]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == len(list(tmp_path.iterdir())) > 200
    wrong = []
    for name, took, status, told, kept in rows:
        answer = json.loads(told) if told else {}
        if took > MOST_RAISED or kept > KEPT or status > 0:
            wrong.append(f"{name}: {took} MB, status {status}, keeps {kept} bytes")
        elif status == 0 and kept and "refusal" in answer:
            wrong.append(f"{name}: both a picture and {told}")
        elif status == 0 and not kept and "\n" in answer.get("refusal", "\n"):
            wrong.append(f"{name}: no reason in one line, but {told!r}")
    assert not wrong, "\n".join(wrong)
