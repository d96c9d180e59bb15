"""Bounds of headers: what is refused before a pixel is decoded, in the pipeline and of visitors."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hostile_pictures import icon, png, save
from PIL import Image

from layerscope.datasets.picture import decode
from layerscope.datasets.picture_file import FORMATS, Bounds, open_picture, suffixes
from layerscope.datasets.untrusted import BOUNDS
from layerscope.errors import InputError
from tests.shared.inputs import take

PIPELINE = Bounds()


def refusal(content: bytes | Path, bounds: Bounds = PIPELINE) -> str:
    with pytest.raises(InputError) as caught, open_picture(content, bounds):
        pass
    return str(caught.value)


def opens(content: bytes, bounds: Bounds = PIPELINE) -> bool:
    with open_picture(content, bounds) as image:
        return image.format in FORMATS


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (8000, 8000, None),
        (8000, 8001, "more than 64 megapixels"),
        (65_535, 900, None),
        (65_536, 900, "more than 65,535 on a side"),
        (65_535, 655, "more than 100 times as long as wide"),
        (500, 50_000, None),
        (500, 50_001, "more than 100 times as long as wide"),
        (1, 39_999_999, "more than 65,535 on a side"),
        (14_000, 14_000, "more than 64 megapixels"),  # Pillow warns
        (60_000, 60_000, "more than 64 megapixels"),  # Pillow refuses
    ],
)
def test_bounds_are_read_from_the_header(width: int, height: int, reason: str | None) -> None:
    content = png((width, height), filled=False)
    if reason is None:
        assert opens(content)
    else:
        assert reason in refusal(content)


@pytest.mark.parametrize("inner", ["PNG", "bitmap"])
def test_an_icon_is_as_large_as_what_is_inside(inner: str) -> None:
    bitmap = struct.pack("<IiiHHIIiiII", 40, 9000, 18_000, 1, 32, *6 * [0])
    content = icon(png((9000, 9000), filled=False) if inner == "PNG" else bitmap)
    assert "more than 64 megapixels" in refusal(content)


def test_memory_is_estimated_by_what_decodes() -> None:
    black = Image.new("RGB", (3000, 3000))
    tight = Bounds(megabytes=40)  # 4.4 bytes a pixel
    assert opens(save(black, "PNG"), tight)
    assert opens(save(black, "JPEG"), tight)
    for content, needed in (
        (save(black, "JPEG", progressive=True), 63),  # 3 bytes a pixel until the end
        (save(black, "JPEG", progressive=True, subsampling=0), 90),
        (save(black, "WEBP"), 180),
        (save(black, "JPEG2000"), 216),
        (save(black, "AVIF", speed=10), 126),
        (b"P6\n3000 3000\n65535\n", 90),
    ):
        assert f"about {needed} MB of memory" in refusal(content, tight)


def test_visitors_may_bring_less_than_the_pipeline_takes() -> None:
    content = png((7000, 7000), filled=False)
    assert opens(content)
    assert "more than 40 megapixels" in refusal(content, BOUNDS)
    assert "about 144 MB of memory" in refusal(png((6000, 6000), filled=False), BOUNDS)


def test_a_file_that_is_refused_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "strip.png"  # else Python warns, which fails tests
    path.write_bytes(png((1, 101)))
    assert "more than 100 times" in refusal(path)


def test_a_damaged_icon_is_no_picture() -> None:
    with pytest.raises(InputError, match="not a picture in a known format"):
        decode(b"\0\0\1\0\0\0", inputs=take(8), source="x.ico")


def test_packed_text_is_not_unpacked() -> None:
    bomb = b"a\0\0" + zlib.compress(bytes(200 << 20), 9)
    body = b"iCCP" + bomb
    packed = struct.pack(">I", len(bomb)) + body + struct.pack(">I", zlib.crc32(body))
    with pytest.raises(InputError, match="Decompressed data too large"):
        decode(png((9, 9), before=packed), inputs=take(8), source="x.png")


def test_a_folder_has_files_of_all_formats_and_of_no_other() -> None:
    usual = {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm"}
    assert usual | {".pgm", ".avif", ".jp2", ".ico"} <= suffixes()
    assert not {".eps", ".pdf", ".psd", ".svg", ".txt", ""} & suffixes()
