"""Decoding: any file to one geometry, or one line that says why not."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageOps

from layerscope.datasets import picture
from layerscope.datasets.picture import decode
from layerscope.errors import InputError
from tests.shared.inputs import take


def photograph(width: int, height: int) -> Image.Image:
    """Smooth structure in every direction, with some grain: like a photograph to a filter."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = rng.integers(-20, 21, smooth.shape)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def content(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    stored = io.BytesIO()
    image.save(stored, form, **options)
    return stored.getvalue()


def read(data: bytes | Path, size: int = 32, **options: float) -> np.ndarray:
    decoded = decode(data, inputs=take(size, **options), source="cats/tom.png")
    assert decoded.shape == (size, size, 3)
    assert decoded.dtype == np.uint8
    assert decoded.flags.writeable
    return decoded


def refusal(data: bytes | Path) -> str:
    with pytest.raises(InputError) as caught:
        read(data)
    message = str(caught.value)
    assert message.startswith("cats/tom.png: ")
    assert "\n" not in message
    return message


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG with a size in its header and next to no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b"")]:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        data += struct.pack(">I", len(body)) + kind + body + checksum
    return data


def test_crop_is_the_share_of_the_shorter_side() -> None:
    image = Image.new("RGB", (100, 100), "white")
    image.paste("black", (25, 25, 75, 75))
    assert read(content(image), 50, crop=0.5).max() == 0
    assert np.array_equal(read(content(image), 100, crop=1.0), np.asarray(image))


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    size=st.integers(1, 64),
    crop=st.floats(0.1, 1.0),
    colour=st.tuples(*[st.integers(0, 255)] * 3),
)
def test_any_shape_gives_the_asked_size_and_keeps_a_plain_colour(
    width: int, height: int, size: int, crop: float, colour: tuple[int, int, int]
) -> None:
    data = content(Image.new("RGB", (width, height), colour))
    assert (read(data, size, crop=crop) == colour).all()


def test_strip_does_not_fill_the_memory() -> None:
    strip = Image.new("RGB", (20_000, 200), "teal")
    assert (read(content(strip), 224) == (0, 128, 128)).all()
    assert "100 times as long as wide" in refusal(content(Image.new("RGB", (20_000, 1), "teal")))


def test_greyscale_becomes_three_equal_channels() -> None:
    grey = read(content(photograph(60, 40).convert("L"), "JPEG"))
    assert (grey == grey[..., :1]).all()
    assert grey.std() > 10


def test_one_bit_picture_keeps_its_two_values() -> None:
    image = Image.new("1", (64, 64), 1)
    image.paste(0, (0, 0, 32, 64))
    values = read(content(image), crop=1.0)
    assert (values[:, 0] == 0).all()
    assert (values[:, -1] == 255).all()


def test_cmyk_has_the_colours_of_its_inks() -> None:
    magenta = Image.new("CMYK", (64, 64), (0, 255, 0, 0))
    red, green, blue = read(content(magenta, "JPEG", quality=95)).mean(axis=(0, 1))
    assert red > 245
    assert green < 10
    assert blue > 245


def test_palette_gives_its_colours() -> None:
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 12, 200, 99])
    assert (read(content(image)) == (12, 200, 99)).all()


@pytest.mark.parametrize(("deep", "expected"), [(0, 0), (257 * 100, 100), (65535, 255)])
def test_sixteen_bits_are_scaled_not_clipped(deep: int, expected: int) -> None:
    data = content(Image.fromarray(np.full((40, 40), deep, dtype=np.uint16)))
    assert Image.open(io.BytesIO(data)).mode == "I;16"
    assert (read(data) == expected).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0.0, 0.2, 1.0], np.float32), [0, 51, 255]),
        (np.array([0.0, 51.0, 255.0], np.float32), [0, 51, 255]),
        (np.array([-1.0, 0.0, 1.0], np.float32), [0, 128, 255]),
        (np.array([0.0, np.nan, 1.0], np.float32), [0, 0, 255]),
        (np.array([300.0, 300.0, 300.0], np.float32), [0, 0, 0]),
        (np.array([0, 25700, 65535], np.int32), [0, 100, 255]),
        (np.array([0, 20_000_000, 100_000_000], np.int32), [0, 51, 255]),
    ],
)
def test_deep_greyscale_is_brought_to_a_byte(values: np.ndarray, expected: list[int]) -> None:
    bars = np.repeat(values[None], 3, axis=0)
    decoded = read(content(Image.fromarray(bars), "TIFF"), 3, crop=1.0)
    assert decoded[0, :, 0].tolist() == expected


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    half = Image.new("RGBA", (40, 40), (0, 0, 0, 128))
    grey = Image.new("LA", (40, 40), (0, 0))
    assert (read(content(clear)) == 255).all()
    assert (read(content(half)) == 127).all()
    assert (read(content(grey)) == 255).all()


def test_transparent_palette_entry_is_laid_on_white() -> None:
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 12, 200, 99])
    assert (read(content(image, transparency=1)) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    image = photograph(61, 48)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = content(image, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert upright is not None
    plain = content(Image.fromarray(np.asarray(upright)))
    assert np.array_equal(read(data), read(plain))


def test_picture_taken_with_the_camera_on_its_side_is_upright() -> None:
    image = Image.new("RGB", (64, 64), "blue")
    image.paste("red", (0, 0, 32, 64))  # stored: red on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise: red at the top
    upright = read(content(image, exif=exif))
    assert upright[0, 16].tolist() == [255, 0, 0]
    assert upright[-1, 16].tolist() == [0, 0, 255]


def test_damaged_exif_does_not_spoil_a_picture() -> None:
    data = content(
        photograph(40, 40), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x09bad"
    )
    assert read(data).std() > 10


def test_one_pixel_is_a_picture() -> None:
    assert (read(content(Image.new("RGB", (1, 1), (9, 8, 7))), 224) == (9, 8, 7)).all()


def test_animation_gives_its_first_frame() -> None:
    first, second = (Image.new("RGB", (40, 40), colour) for colour in ("red", "blue"))
    data = content(first, "GIF", save_all=True, append_images=[second], duration=100)
    assert (read(data) == (255, 0, 0)).all()


def test_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "misnamed.jpg"
    path.write_bytes(content(Image.new("RGB", (40, 40), "lime"), "WEBP", lossless=True))
    assert (read(path) == (0, 255, 0)).all()


def test_truncated_jpeg_is_refused() -> None:
    data = content(photograph(200, 150), "JPEG")
    assert "cut off" in refusal(data[: len(data) // 2])


def test_text_with_the_name_of_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("milk, eggs")
    assert "not a picture" in refusal(path)


def test_empty_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    assert "empty" in refusal(tmp_path / "empty.png")
    assert "empty" in refusal(b"")
    assert "no such file" in refusal(tmp_path / "gone.png")
    assert "no such file" in refusal(tmp_path)


@pytest.mark.parametrize("side", [8001, 11_000, 60_000])
def test_bomb_is_refused_from_its_header(side: int) -> None:
    assert "64 megapixels" in refusal(png_that_claims(side, side))


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(tail: bytes) -> None:
    start = content(photograph(8, 8))[:60]
    try:
        read(start + tail)
    except InputError as error:
        assert str(error).startswith("cats/tom.png: ")


def test_stretching_keeps_the_whole_picture() -> None:
    small = np.zeros((4, 4), dtype=np.uint8)
    small[:, 2:] = 255
    large = picture.stretch(small, (40, 40, 3))
    assert large.shape == (40, 40, 3)
    assert (large[:, :12] <= 12).all()
    assert (large[:, -12:] >= 243).all()


def test_stretched_labels_are_labels_of_the_map() -> None:
    part_map = np.random.default_rng(0).choice(np.array([0, 3, 7], np.uint8), (50, 50))
    smaller = picture.stretch_labels(part_map, (21, 21))
    assert smaller.shape == (21, 21)
    assert set(np.unique(smaller)) <= {0, 3, 7}


def test_lossless_storage_is_lossless_and_lossy_is_smaller() -> None:
    pixels = np.asarray(photograph(96, 96))
    exact, small = picture.encode(pixels, 100), picture.encode(pixels, 90)
    assert np.array_equal(picture.decode_stored(exact), pixels)
    assert len(small) < len(exact) / 2
    assert np.abs(picture.decode_stored(small).astype(int) - pixels).mean() < 10


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_label_maps_survive_storage(part_map: np.ndarray) -> None:
    stored = picture.encode_label_map(part_map)
    assert np.array_equal(picture.decode_label_map(stored), part_map)


def test_damaged_storage_is_said_in_one_line() -> None:
    with pytest.raises(InputError, match="stored picture: damaged"):
        picture.decode_stored(b"RIFF")
