"""Choose the samples of a run, read their pictures and store them."""

from __future__ import annotations

from layerscope.datasets import PictureSource, draw, open_dataset
from layerscope.datasets.dataset import printable
from layerscope.datasets.description import describe
from layerscope.datasets.picture import LOSSLESS
from layerscope.errors import InputError
from layerscope.models.registry import inputs_of
from layerscope.params import read_params
from layerscope.progress import track
from layerscope.runs.samples import write_samples
from layerscope.storage.store import store_path
from stages.command import run_stage


def main(run: str) -> None:
    params = read_params()
    chosen, prepare = params.run(run), params.prepare
    dataset = open_dataset(
        chosen.dataset,
        root=chosen.root,
        random_state=prepare.random_state,
        labels=chosen.labels,
    )
    n, split = chosen.sizes[-1], dataset.settle_split(chosen.split, prepare.split)
    print(*describe(dataset, split=split, size=n), sep="\n")
    inputs = inputs_of(chosen.model)
    skipped: list[dict[str, str]] = []

    def skip(source: PictureSource, error: InputError) -> None:
        skipped.append({"path": source.path, "reason": str(error)})

    drawn = draw(
        dataset,
        n,
        split=split,
        random_state=prepare.random_state,
        inputs=inputs,
        on_skip=skip,
    )
    write_samples(
        store_path(run, "samples"),
        dataset,
        track(drawn, f"{run}: pictures", total=n),
        quality=prepare.quality if dataset.is_rendered else LOSSLESS,
        at=params.compute.storage,
        sizes=list(chosen.sizes),
        skipped=skipped,
    )
    if skipped:
        print(f"{run}: {len(skipped)} unreadable pictures skipped; at most 20 are named:")
        print(*(printable(each["reason"]) for each in skipped[:20]), sep="\n")


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
