"""Pictures of strangers: decoded one at a time, in a process of its own that may not take much.

A header can be checked, but not all that a decoder does with the rest. So a file may take no more memory and
time than the process that decodes it, which Linux limits; other systems have the bounds of headers alone, and
macOS and BSD the one of time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import AvifImagePlugin, Image

from layerscope.datasets.picture_file import (
    Bounds,
    measure_upright,
    open_picture,
    read_upright,
    tell_failure,
)
from layerscope.datasets.preprocessing import Preprocessing, fit
from layerscope.errors import InputError

BOUNDS = Bounds(megapixels=40, megabytes=100)
_MEMORY = 120 << 20  # bytes that a decoder and all beside it may take
_SECONDS = 10  # of a processor
_MODULE = "layerscope.datasets.untrusted"  # `__name__` is another where it is run
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class SafePicture:
    """What is taken from a stranger's picture.

    Attributes
    ----------
    picture : ndarray of uint8, (H, W, C)
        As `layerscope.datasets.picture.decode` gives it.
    is_animated : bool
        Whether it is the first of several frames.
    is_transparent : bool
        Whether it was laid on white.
    size : tuple of int
        Width and height of the whole, upright.
    """

    picture: np.ndarray
    is_animated: bool
    is_transparent: bool
    size: tuple[int, int]


def read_untrusted(content: bytes, inputs: Preprocessing) -> SafePicture:
    """Decode a file that may be anything, in another process, to what a network wants of it.

    Parameters
    ----------
    content : bytes
    inputs : Preprocessing

    Returns
    -------
    SafePicture

    Raises
    ------
    InputError
        In one line that does not name the file: see `picture_file.tell_failure`; or it takes more memory or
        time than a picture may.
    """
    command = [sys.executable, "-m", _MODULE, json.dumps(asdict(inputs))]
    home = Path(__file__).parents[2]
    one_thread = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    with _one_at_a_time:
        done = subprocess.run(
            command,
            input=content,
            cwd=home,
            env=one_thread,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode != 0:
        raise InputError("takes too much memory or time to decode; shrink or remove it")
    told, _, picture = done.stdout.partition(b"\n")
    answer = json.loads(told)
    if "refusal" in answer:
        raise InputError(answer["refusal"])
    fitted = np.frombuffer(bytearray(picture), np.uint8).reshape(inputs.shape)
    return SafePicture(fitted, **{**answer, "size": tuple(answer["size"])})


def read_safely(content: bytes, inputs: Preprocessing) -> SafePicture:
    """What `read_untrusted` does in the other process, without its limits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pictures that decode perfectly well
        with open_picture(content, BOUNDS) as image:
            # MPO is JPEG with previews, which are no frames.
            is_animated = image.format != "MPO" and getattr(image, "is_animated", False)
            picture = fit(read_upright(image, inputs.channels), inputs)
            size = measure_upright(image)
            return SafePicture(picture, is_animated, image.has_transparency_data, size)


def confine() -> None:
    """Limit what this process may take from now on, as far as the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {resource.RLIMIT_CPU: _SECONDS, resource.RLIMIT_CORE: 0}
    if sys.platform == "linux":  # elsewhere it does not count what is mapped
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        taken = int(status.partition("VmData:")[2].split()[0]) << 10
        limits[resource.RLIMIT_DATA] = taken + _MEMORY
    for limit, most in limits.items():
        _, hard = resource.getrlimit(limit)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (bound, hard))


def answer() -> None:
    """Read a file from standard input; write a line of JSON and the picture to standard output."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each has a stack of its own, which counts as memory
    Image.init()
    confine()
    told: dict[str, object]
    try:
        inputs = Preprocessing(**json.loads(sys.argv[1]))
        picture = read_safely(sys.stdin.buffer.read(), inputs)
        told = {name: value for name, value in vars(picture).items() if name != "picture"}
        content = picture.picture.tobytes()
    except Exception as error:
        told, content = {"refusal": tell_failure(error)}, b""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + content)


if __name__ == "__main__":
    answer()
