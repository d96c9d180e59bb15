"""Picture files that try to take a server: each at most 10 MB, each format, mode, shape, cut and bomb."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from itertools import product

import numpy as np
from PIL import Image

MOST = 10 * 2**20  # bytes of a file
# Pixels, width and height: the largest that a mode of 4 bytes may have, many more, strips and lines.
SHAPES = {
    "large": (5000, 4990),
    "strip": (49_000, 500),
    "column": (500, 49_000),
    "line": (39_999_999, 1),
    "pole": (1, 39_999_999),
    "huge": (30_000, 30_000),
}


def hostile_pictures() -> Iterator[tuple[str, bytes]]:
    """Names and contents."""
    for each in (_flat_files, _claims, _pngs, _jpegs, _animations, _tiffs, _icons, _others):
        for name, content in each():
            assert len(content) <= MOST, name
            yield name, content
            if len(content) > 100 and name.startswith("flat"):
                yield f"{name}, cut off", content[: len(content) * 2 // 3]


def save(image: Image.Image, kind: str, **options: object) -> bytes:
    """An image as a file."""
    stored = io.BytesIO()
    image.save(stored, kind, **options)
    return stored.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG (RFC 2083, 3.2)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    size: tuple[int, int],
    depth: int = 8,
    color: int = 2,
    interlaced: bool = False,
    before: bytes = b"",
    filled: bool = True,
) -> bytes:
    """A black PNG of any kind: `color` is 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA."""
    width, height = size
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    packer, data = zlib.compressobj(9), bytearray()
    row = bytes(1 + (width * channels * depth + 7) // 8)
    many = row * max(1, 2**20 // len(row))
    n_bytes = len(row) * height * (1 + interlaced) if filled else 0  # seven passes have more rows
    for start in range(0, n_bytes, len(many)):
        data += packer.compress(many[: n_bytes - start])
    data += packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    palette = chunk(b"PLTE", bytes(768)) + chunk(b"tRNS", bytes(256)) if color == 3 else b""
    body = chunk(b"IHDR", header) + before + palette + chunk(b"IDAT", bytes(data))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def _flat_files() -> Iterator[tuple[str, bytes]]:
    """What compresses well, as large as the estimate of its memory lets through, and larger."""
    kinds = {
        "JPEG": ("L", "RGB", "CMYK"),
        "WEBP": ("RGB", "RGBA"),
        "GIF": ("L", "P"),
        "TIFF": ("1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "I;16", "I", "F", "LAB"),
        "AVIF": ("L", "RGBA"),
        "JPEG2000": ("L", "LA", "RGBA"),
    }
    sides = {"WEBP": (2200, 3600), "AVIF": (2600, 3600), "JPEG2000": (2000, 3000)}
    for kind, modes in kinds.items():
        for mode, side in product(modes, sides.get(kind, (4990,))):
            image = Image.new(mode, (side, side))
            options = {"compression": "tiff_adobe_deflate"} if kind == "TIFF" else {}
            if kind == "AVIF":
                options = {"speed": 10}
            yield f"flat {kind} {mode} {side}", save(image, kind, **options)
    for mode in ("RGB", "RGBA"):
        image = Image.new(mode, (2000, 2000))
        yield f"flat WEBP {mode} lossless", save(image, "WEBP", lossless=True, method=0)
        yield f"flat BMP {mode} 1500", save(Image.new(mode, (1500, 1500)), "BMP")
    yield "flat PPM 1800", save(Image.new("RGB", (1800, 1800)), "PPM")


def _claims() -> Iterator[tuple[str, bytes]]:
    """Shapes of PNG, and headers of the others that claim what does not follow."""
    colors = {"grey": 0, "RGB": 2, "palette": 3, "grey and alpha": 4, "RGBA": 6}
    for (shape, size), (name, color) in product(SHAPES.items(), colors.items()):
        is_short = shape in ("line", "pole") and name in ("grey", "RGBA")
        filled = is_short or shape in ("large", "strip", "column")
        yield f"PNG {name} {shape}", png(size, color=color, filled=filled)
    for shape, (width, height) in SHAPES.items():
        yield f"PPM {shape}", b"P6\n%d %d\n255\n" % (width, height)
        yield f"PPM deep {shape}", b"P6\n%d %d\n65535\n" % (width, height) + bytes(9999)
        yield f"PPM text {shape}", b"P3\n%d %d\n255\n" % (width, height) + b"7 " * 4_000_000
        bitmap = struct.pack(
            "<2sIHHIIiiHHIIiiII", b"BM", 0, 0, 0, 54, 40, width, height, 1, 24, *6 * [0]
        )
        yield f"BMP {shape}", bitmap + bytes(9999)
        wide, high = min(width, 65535), min(height, 65535)
        screen = b"GIF89a" + struct.pack("<HHBBB", wide, high, 0x80, 0, 0) + bytes(6)
        frame = b"," + struct.pack("<HHHHB", 0, 0, wide, high, 0) + b"\x02\x01\x44\x00;"
        yield f"GIF {shape}", screen + frame
        jpeg = bytearray(save(Image.new("RGB", (16, 16)), "JPEG"))
        at = jpeg.index(b"\xff\xc0") + 5
        jpeg[at : at + 4] = struct.pack(">HH", high, wide)
        yield f"JPEG {shape}", bytes(jpeg)
        webp = b"VP8X" + struct.pack("<IB", 10, 0) + bytes(3)
        webp += (min(wide, 16383) - 1).to_bytes(3, "little") + (min(high, 16383) - 1).to_bytes(
            3, "little"
        )
        body = save(Image.new("RGB", (16, 16)), "WEBP")[12:]
        yield (
            f"WEBP {shape}",
            b"RIFF" + struct.pack("<I", len(webp + body) + 4) + b"WEBP" + webp + body,
        )


def _pngs() -> Iterator[tuple[str, bytes]]:
    zeros = zlib.compress(bytes(400 << 20), 9)
    for name, data in {
        "iCCP": b"a\0\0" + zeros,
        "zTXt": b"a\0\0" + zeros,
        "iTXt": b"a\0\1\0\0\0" + zeros,
        "eXIf": b"MM\0*\0\0\0\x08\xff\xff" + bytes(6 << 20),
        "tRNS": bytes(6 << 20),
        "tEXt": b"a\0" + bytes(9 << 20),
    }.items():
        yield f"PNG {name} bomb", png((9, 9), before=chunk(name.encode(), data))
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000_000), 9))
    yield "PNG of many texts", png((9, 9), before=60 * text)
    yield "PNG of too many texts", png((9, 9), before=5000 * text)
    for color, depth in ((0, 1), (0, 16), (2, 16), (4, 16), (6, 16)):
        yield f"PNG {color} of {depth} bits", png((4000, 4000), depth, color)
    yield "PNG interlaced", png((5000, 4900), color=6, interlaced=True)
    control = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    yield "PNG of two billion frames", png((4000, 4000), before=control)
    yield "PNG of zero pixels", png((0, 0), filled=False)


def _jpegs() -> Iterator[tuple[str, bytes]]:
    for mode, sub in product(("RGB", "CMYK"), (0, 2)):
        for side in (2600, 4400, 6300):
            image = Image.new(mode, (side, side))
            name = f"JPEG {mode} progressive {sub} {side}"
            yield name, save(image, "JPEG", progressive=True, subsampling=sub)
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "JPEG turned", save(Image.new("RGB", (6000, 6000)), "JPEG", exif=exif)
    small = save(Image.new("RGB", (64, 64)), "JPEG")
    segment = b"\xff\xe1\xff\xff" + b"Exif\0\0MM\0*\0\0\0\x08" + bytes(65_533 - 14)
    yield "JPEG of EXIF", small[:2] + 150 * segment + small[2:]
    icc = b"\xff\xe2\xff\xff" + b"ICC_PROFILE\0\1\xff" + bytes(65_533 - 14)
    yield "JPEG of profiles", small[:2] + 150 * icc + small[2:]


def _animations() -> Iterator[tuple[str, bytes]]:
    frames = [Image.new("P", (1000, 1000), color) for color in range(40)]
    for image in frames:
        image.putpalette(list(range(256)) * 3)
    for kind, options in {"GIF": {}, "WEBP": {"method": 0}, "PNG": {}, "TIFF": {}}.items():
        if kind == "TIFF":
            options = {"compression": "tiff_lzw"}
        movie = [each.convert("RGBA") if kind == "WEBP" else each for each in frames]
        yield (
            f"{kind} of 40 frames",
            save(movie[0], kind, save_all=True, append_images=movie[1:], **options),
        )
    screen = b"GIF89a" + struct.pack("<HHBBB", 9, 9, 0, 0, 0)
    for wide, high in ((65535, 600), (6000, 6000), (65535, 65535)):
        frame = b"," + struct.pack("<HHHHB", 0, 0, wide, high, 0) + b"\x02\x01\x44\x00"
        yield f"GIF of a frame of {wide} x {high}", screen + 1000 * frame + b";"
    yield "GIF of comments", screen + b"!\xfe" + 36_000 * (b"\xff" + 255 * b"x") + b"\0;"


def tiff(entries: list[tuple[int, int, int, int]], data: bytes = b"") -> bytes:
    """A little-endian TIFF of one directory: (tag, type, count, value), and what stands behind it."""
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    directory = struct.pack("<H", len(entries)) + rows + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8) + directory + data


def _tiffs() -> Iterator[tuple[str, bytes]]:
    def head(width: int, height: int, compression: int) -> list[tuple[int, int, int, int]]:
        return [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, compression)]

    for shape, (width, height) in SHAPES.items():
        for compression in (1, 5, 7, 8):
            strip = [
                (262, 3, 1, 1),
                (273, 4, 1, 200),
                (277, 3, 1, 1),
                (278, 4, 1, height),
                (279, 4, 1, 9999),
            ]
            content = tiff(head(width, height, compression) + strip, bytes(12_000))
            yield f"TIFF {shape} of compression {compression}", content
    for kind in (1, 2, 3, 5, 7, 12):
        width = {1: 1, 2: 1, 3: 2, 5: 8, 7: 1, 12: 8}[kind]
        same = [(60_000 + i, kind, (9 << 20) // width, 8) for i in range(300)]
        yield f"TIFF of 300 tags of 9 MB of type {kind}", tiff(head(9, 9, 1) + same, bytes(9 << 20))
    tiles = [
        (262, 3, 1, 1),
        (277, 3, 1, 1),
        (322, 4, 1, 60_000),
        (323, 4, 1, 60_000),
        (324, 4, 1, 200),
    ]
    yield "TIFF of one vast tile", tiff([*head(9, 9, 8), *tiles, (325, 4, 1, 9999)], bytes(12_000))
    rgb = Image.new("RGB", (4990, 4990))
    exif = Image.Exif()
    exif[0x0112] = 8
    yield "TIFF turned", save(rgb, "TIFF", compression="tiff_adobe_deflate", exif=exif)
    whole = save(
        rgb, "TIFF", compression="tiff_adobe_deflate", tiffinfo={278: 4990}, strip_size=1 << 30
    )
    yield "TIFF of one strip", whole
    yield "TIFF of JPEG", save(rgb, "TIFF", compression="jpeg")


def icon(inner: bytes, bits: int = 32, count: int = 1) -> bytes:
    """An icon that says to be 256 x 256 whatever is inside."""
    row = struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, bits, len(inner), 6 + 16 * count)
    return b"\0\0\1\0" + struct.pack("<H", count) + count * row + inner


def _icons() -> Iterator[tuple[str, bytes]]:
    for shape, size in SHAPES.items():
        yield f"ICO of PNG {shape}", icon(png(size, color=6, filled=shape != "huge"))
        for bits in (1, 8, 24, 32):
            header = struct.pack(
                "<IiiHHIIiiII", 40, size[0], 2 * size[1], 1, bits, 0, 0, 0, 0, 0, 0
            )
            yield f"ICO of bitmap {shape} of {bits} bits", icon(header + bytes(5000), bits)
    header = struct.pack("<IiiHHIIiiII", 40, 1500, 3000, 1, 32, *6 * [0])
    yield "ICO of a whole bitmap", icon(header + bytes(1500 * 1500 * 4))
    yield "ICO of 65,535 entries", icon(png((64, 64)), count=65_535)


def _others() -> Iterator[tuple[str, bytes]]:
    run = b"".join(bytes((255, 7)) for _ in range(20)) + b"\0\0"
    for name, (width, height) in {"fits": (5000, 4900), "is large": (40_000, 1500)}.items():
        rle = struct.pack(
            "<2sIHHIIiiHHIIiiII", b"BM", 0, 0, 0, 1078, 40, width, height, 1, 8, 1, *5 * [0]
        )
        yield f"BMP of runs that {name}", rle + bytes(1024) + height * run + b"\0\1"
    rng = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "JPEG2000", "BMP", "ICO"):
        start = save(Image.new("RGB", (64, 64)), kind)
        for seed in range(2):
            spoiled = bytearray(start)
            for at in rng.integers(8, len(start), 12):
                spoiled[at] = rng.integers(256)
            yield f"{kind} spoiled {seed}", bytes(spoiled)
        yield f"{kind} and noise", start[:40] + rng.bytes(MOST - 40)
    yield "PPM of a comment", b"P6\n#" + b"x" * (9 << 20)
    yield "noise", rng.bytes(MOST)
    yield "zeros", bytes(MOST)
