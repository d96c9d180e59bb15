"""What of the filters is looked at, as it stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ui.address import Reading, change, write_part

ORDERS = {"number": "By number", "norm": "Largest norm first"}
SIZES = {"large": "Large", "medium": "Medium", "small": "Small"}
KEYS = ("kernel_layer", "kernel_order", "kernel_size", "kernel_rows", "kernel_columns")
# Rows and columns on a page; of single weights twice as many each. Of a list the product counts.
_MATRIX = {"large": (8, 12), "medium": (16, 24), "small": (32, 48)}
_LIST = {"large": 48, "medium": 96, "small": 384}


@dataclass(frozen=True)
class KernelChoice:
    """A page of a layer's filters.

    Attributes
    ----------
    layer : str
        Key of a convolution or a dense layer.
    order : str
        A key of `ORDERS`: largest norm first, or as they are numbered.
    size : str
        A key of `SIZES`: of the tiles.
    rows, columns : int
        Which page.
    """

    layer: str
    order: str = "number"
    size: str = "medium"
    rows: int = 0
    columns: int = 0

    def to_params(self, first: str) -> dict[str, str]:
        """As query parameters, without what is as it was at the start; `first` is the first layer."""
        start = KernelChoice(first)
        found = {key: getattr(self, key.removeprefix("kernel_")) for key in KEYS}
        return {
            key: str(value)
            for key, value in found.items()
            if value != getattr(start, key.removeprefix("kernel_"))
        }


def count_on_page(size: str, shape: tuple[int, int, int, int]) -> tuple[int, int]:
    """Rows and columns on a page of filters of shape (F, R, h, w)."""
    _, reads, height, width = shape
    if is_list(shape):
        return reads, _LIST[size]
    factor = 2 if height * width == 1 else 1
    rows, columns = _MATRIX[size]
    return rows * factor, columns * factor


def is_list(shape: tuple[int, int, int, int]) -> bool:
    """Whether filters are shown one after the other: there is one row of them."""
    return shape[1] == 1


def count_pages(size: str, shape: tuple[int, int, int, int]) -> tuple[int, int]:
    """Pages of rows and of columns, one at least each."""
    rows, columns = count_on_page(size, shape)
    return -(-shape[1] // rows), -(-shape[0] // columns)


def read_kernel_choice(
    params: Mapping[str, str], shapes: Mapping[str, tuple[int, int, int, int]]
) -> tuple[KernelChoice, list[str]]:
    """What the address asks for, and the names of values that there are not.

    Parameters
    ----------
    params : mapping
    shapes : mapping of str to tuple
        For each layer in order, what is drawn of it: (F, R, h, w).
    """
    reading = Reading(params)
    choose, refused = reading.choose, reading.refused

    layer = choose("kernel_layer", tuple(shapes), next(iter(shapes)), "layer with weights")
    order = choose("kernel_order", tuple(ORDERS), "number", "order of filters")
    size = choose("kernel_size", tuple(SIZES), "medium", "size of tiles")
    rows, columns = (tuple(map(str, range(n))) for n in count_pages(size, shapes[layer]))
    choice = KernelChoice(
        layer,
        order,
        size,
        int(choose("kernel_rows", rows, "0", "page of filters")),
        int(choose("kernel_columns", columns, "0", "page of filters")),
    )
    return choice, refused


def write_kernel_choice(choice: KernelChoice, first: str) -> None:
    """Put the choice in the address, and remember it for the next visit to the page."""
    write_part("kernels", KEYS, choice.to_params(first))


def change_layer(layer: str) -> None:
    """Go to another layer, and there to the first page."""
    change(kernel_layer=layer, kernel_rows=None, kernel_columns=None)


def change_pages(**values: str) -> None:
    """Change order or size; pages are others then."""
    change(**values, kernel_rows=None, kernel_columns=None)
