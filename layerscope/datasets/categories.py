"""The names of a class, mapped to one another once.

A class has a WordNet id ("n03445777"), an index on ImageNet's 1000-way output (574) and a name to
read ("golf ball"). A data set lists its categories in the order of its labels.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Category:
    """One class of a data set.

    Attributes
    ----------
    wnid : str or None
        WordNet id, such as "n03445777"; None for classes that are not ImageNet's.
    class_index : int or None
        Index on ImageNet's 1000-way output, 0 to 999; None for classes that are not ImageNet's.
    name : str
        What people read, unique within a data set.
    """

    wnid: str | None
    class_index: int | None
    name: str


def name_label(categories: Sequence[Category], label: int) -> str:
    """What the class of a label is called; empty for -1, the label of a picture that has none."""
    return categories[label].name if label >= 0 else ""


IMAGENETTE = (
    Category("n01440764", 0, "tench"),
    Category("n02102040", 217, "English springer"),
    Category("n02979186", 482, "cassette player"),
    Category("n03000684", 491, "chain saw"),
    Category("n03028079", 497, "church"),
    Category("n03394916", 566, "French horn"),
    Category("n03417042", 569, "garbage truck"),
    Category("n03425413", 571, "gas pump"),
    Category("n03445777", 574, "golf ball"),
    Category("n03888257", 701, "parachute"),
)

IMAGEWOOF = (
    Category("n02086240", 155, "Shih-Tzu"),
    Category("n02087394", 159, "Rhodesian ridgeback"),
    Category("n02088364", 162, "beagle"),
    Category("n02089973", 167, "English foxhound"),
    Category("n02093754", 182, "Border terrier"),
    Category("n02096294", 193, "Australian terrier"),
    Category("n02099601", 207, "golden retriever"),
    Category("n02105641", 229, "Old English sheepdog"),
    Category("n02111889", 258, "Samoyed"),
    Category("n02115641", 273, "dingo"),
)


def _named(names: str) -> tuple[Category, ...]:
    """Categories that exist under their names only, which commas separate."""
    return tuple(Category(None, None, name) for name in names.split(", "))


CIFAR10 = _named("airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck")

FASHION_MNIST = _named(
    "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"
)


@cache
def imagenet() -> tuple[Category, ...]:
    """All 1000 classes of ImageNet-1k, in the order of the output: entry i has class_index i.

    WordNet ids come from timm, names from torchvision. Imports both on the first call.
    """
    from layerscope.vision import torchvision  # noqa: F401, I001  (must come before timm)
    from timm.data import ImageNetInfo
    from torchvision.models._meta import _IMAGENET_CATEGORIES as names

    wnids = ImageNetInfo().label_names()
    return tuple(
        Category(wnid, index, name)
        for index, (wnid, name) in enumerate(zip(wnids, names, strict=True))
    )


def name_categories(names: Sequence[str]) -> tuple[Category, ...]:
    """A category a name; WordNet ids get their ImageNet class."""
    if not any(re.fullmatch(r"n\d{8}", name) for name in names):
        return tuple(Category(None, None, name) for name in names)
    known = {category.wnid: category for category in imagenet()}
    return tuple(known.get(name, Category(None, None, name)) for name in names)


def find_categories(asked: Sequence[Category], outputs: Sequence[Category]) -> list[int]:
    """For each category the index of the output that stands for it, -1 where there is none.

    They meet by wnid where both have one, else by name: as it is, or without regard to case, spaces,
    hyphens and underscores. A name that several outputs have stands for none of them.
    """
    by_wnid = {each.wnid: i for i, each in enumerate(outputs) if each.wnid}
    by_name: list[dict[str, list[int]]] = []
    for write in (str, _plain):
        found: dict[str, list[int]] = {}
        by_name.append(found)
        for i, each in enumerate(outputs):
            found.setdefault(write(each.name), []).append(i)
    indices = []
    for category in asked:
        named = by_name[0].get(category.name) or by_name[1].get(_plain(category.name), [])
        named = [i for i in named if not (category.wnid and outputs[i].wnid)]
        index = by_wnid.get(category.wnid, -1) if category.wnid else -1
        indices.append(named[0] if index < 0 and len(named) == 1 else index)
    return indices


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s_-]+", " ", text).strip()
