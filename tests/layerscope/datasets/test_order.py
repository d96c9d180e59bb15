"""The order of samples: nested, balanced, seeded, and unharmed by unreadable pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.datasets import Category, Dataset, PictureSource, Sample, draw, select
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError
from tests.shared.inputs import take

SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=6)
SEEDS = st.integers(0, 2**32 - 1)


def make_dataset(sizes: Sequence[int], broken: Collection[str] = ()) -> Dataset:
    """A data set with so many pictures a class; a picture's value is its label."""
    sources = [
        PictureSource("val", f"{label}/{index}", label)
        for label, n in enumerate(sizes)
        for index in range(n)
    ]

    def read(source: PictureSource, inputs: Preprocessing) -> Sample:
        if source.path in broken:
            raise InputError(f"{source.path}: damaged")
        return Sample(np.full(inputs.shape, source.label, dtype=np.uint8), None)

    categories = tuple(Category(None, None, str(label)) for label in range(len(sizes)))
    return Dataset("toy", categories, (), lambda split: sources, read)


def chosen(dataset: Dataset, n: int, seed: int = 0) -> list[PictureSource]:
    return list(select(dataset, n, split="val", random_state=seed))


def drawn(dataset: Dataset, n: int) -> list[PictureSource]:
    return [s for s, _ in draw(dataset, n, split="val", random_state=0, inputs=take(2))]


@given(SIZES, SEEDS, st.data())
def test_smaller_selection_is_the_beginning_of_a_larger_one(
    sizes: list[int], seed: int, data: st.DataObject
) -> None:
    dataset, total = make_dataset(sizes), sum(sizes)
    small = data.draw(st.integers(0, total))
    large = data.draw(st.integers(small, total))
    assert chosen(dataset, large, seed)[:small] == chosen(dataset, small, seed)


@given(SIZES, SEEDS)
def test_every_round_is_balanced_while_classes_last(sizes: list[int], seed: int) -> None:
    order = chosen(make_dataset(sizes), sum(sizes), seed)
    for rounds in range(min(sizes) + 1):
        counts = Counter(source.label for source in order[: rounds * len(sizes)])
        assert all(counts[label] == rounds for label in range(len(sizes)))


@given(SIZES, SEEDS)
def test_whole_split_is_taken_once(sizes: list[int], seed: int) -> None:
    dataset = make_dataset(sizes)
    order = chosen(dataset, sum(sizes), seed)
    assert sorted(order, key=str) == sorted(dataset.sources("val"), key=str)


def test_order_is_shuffled_by_the_seed_only() -> None:
    dataset = make_dataset([20, 20])
    assert chosen(dataset, 40, 1) == chosen(dataset, 40, 1)
    assert chosen(dataset, 40, 1) != chosen(dataset, 40, 2)
    first_class = [source.path for source in chosen(dataset, 40) if source.label == 0]
    assert first_class != [f"0/{index}" for index in range(20)]


def test_draw_reads_what_select_lists() -> None:
    dataset = make_dataset([5, 5, 5])
    pairs = list(draw(dataset, 9, split="val", random_state=3, inputs=take(4)))
    assert [source for source, _ in pairs] == chosen(dataset, 9, 3)
    assert all(sample.picture.shape == (4, 4, 3) for _, sample in pairs)
    assert all((sample.picture == source.label).all() for source, sample in pairs)


@given(st.lists(st.integers(2, 12), min_size=2, max_size=5), st.data())
def test_unreadable_pictures_are_replaced_from_their_class(
    sizes: list[int], data: st.DataObject
) -> None:
    paths = [source.path for source in make_dataset(sizes).sources("val")]
    broken = data.draw(st.sets(st.sampled_from(paths), max_size=len(paths) // 2))
    dataset = make_dataset(sizes, broken)
    usable = [
        n - sum(path.startswith(f"{label}/") for path in broken) for label, n in enumerate(sizes)
    ]
    order = drawn(dataset, sum(usable))
    assert not broken & {source.path for source in order}
    n_balanced = min(usable) * len(sizes)
    counts = Counter(source.label for source in order[:n_balanced])
    assert all(counts[label] == min(usable) for label in range(len(sizes)))
    assert drawn(dataset, n_balanced) == order[:n_balanced]


def test_skipped_pictures_are_told() -> None:
    told: list[tuple[str, str]] = []
    list(
        draw(
            make_dataset([4, 4], {"0/0", "1/3"}),
            6,
            split="val",
            random_state=0,
            inputs=take(2),
            on_skip=lambda source, error: told.append((source.path, str(error))),
        )
    )
    assert sorted(told) == [("0/0", "0/0: damaged"), ("1/3", "1/3: damaged")]


@pytest.mark.parametrize("ask", [chosen, drawn])
def test_more_than_there_is_says_how_many_there_are(ask) -> None:
    with pytest.raises(InputError) as caught:
        ask(make_dataset([3, 4]), 8)
    message = str(caught.value)
    assert "8 samples" in message
    assert "7 there" in message
    assert "sizes" in message
    assert "params.yaml" in message


def test_too_few_is_said_before_anything_is_read() -> None:
    with pytest.raises(InputError):
        draw(make_dataset([3]), 4, split="val", random_state=0, inputs=take(2))


def test_too_few_readable_says_how_many_were() -> None:
    with pytest.raises(InputError, match=r"8 samples.*7 readable there.*params.yaml"):
        drawn(make_dataset([4, 4], {"0/2"}), 8)
