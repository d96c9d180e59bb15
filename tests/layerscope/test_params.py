"""params.yaml: the repository's own reads, and a wrong value is named on one line."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError
from layerscope.models.inputs import of_factory
from layerscope.params import ActivationsParams, Run, read_params
from tests.shared.project import ROOT

OWN = ROOT / "params.yaml"
yaml = YAML(typ="safe", pure=True)


@pytest.fixture
def content() -> dict[str, Any]:
    """The repository's parameters, with one run of a known name."""
    content = yaml.load(OWN)
    weights = "weights/published"
    content["runs"]["mine"] = {"dataset": "birds", "model": "vgg16", "weights": weights}
    return content


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "params.yaml"


def message_of(content: dict[str, Any], file: Path) -> str:
    yaml.dump(content, file)
    with pytest.raises(InputError) as error:
        read_params(file)
    message = str(error.value)
    assert message.startswith(f"{file}: ") and "\n" not in message
    return message


def test_own_file_reads_and_every_value_arrives(content: dict[str, Any]) -> None:
    params = read_params(OWN)
    for section in content.keys() - {"runs", "device", "tsne", "comparisons", "train"}:
        found = json.loads(
            json.dumps(dataclasses.asdict(getattr(params, section)))
        )  # tuples are lists
        assert found == content[section]
    assert list(params.tsne.perplexity) == content["tsne"]["perplexity"]
    for name, run in params.runs.items():
        assert list(run.sizes) == content["runs"][name]["sizes"]
    for name, comparison in params.comparisons.items():
        assert dataclasses.asdict(comparison) == content["comparisons"][name]
        assert {comparison.first, comparison.second} <= set(params.runs)
    for name, training in params.train.items():
        given = content["train"][name]["recipe"]
        assert training.recipe.batch_size == given["batch_size"]
        assert training.recipe.epochs == sum(phase["epochs"] for phase in given["phases"])
        assert training.recipe.phase_at(0).size == given["phases"][0]["size"]
        last = training.recipe.phase_at(training.recipe.epochs - 1)
        assert last.size == given["phases"][-1]["size"]


def test_own_neighbour_graph_serves_the_largest_perplexity() -> None:
    # t-SNE looks at three times the perplexity; a smaller graph would stop the stage.
    params = read_params(OWN)
    assert params.neighbors.n_neighbors >= 3 * max(params.tsne.perplexity)
    assert params.neighbors.n_neighbors >= params.umap.n_neighbors


def test_what_a_run_leaves_out_has_a_default(content: dict[str, Any], file: Path) -> None:
    yaml.dump(content, file)
    assert read_params(file).run("mine") == Run("birds", "vgg16", "weights/published")
    assert read_params(file).run("mine").sizes == (100, 1000)


def test_only_a_safetensors_file_counts_as_weights_file() -> None:
    assert Run("birds", "vgg16", "weights/published").weights_file is None
    assert Run("birds", "x", "weights/a.safetensors").weights_file == Path("weights/a.safetensors")


def test_large_sizes_are_pooled_with_their_own_factor() -> None:
    settings = ActivationsParams(1, None, 4, 8, 5000, (7, 1), 1000)
    names = [settings.averaging_of(n).name for n in (100, 4999, 5000, 7000)]
    assert names == ["pool4", "pool4", "pool8", "pool8"]
    assert [each.name for each in settings.other_grids(1000)] == ["grid1", "grid7"]


def test_one_grid_serves_all_sizes_and_others_only_small_ones() -> None:
    settings = ActivationsParams(1, 7, 4, 8, 5000, (14, 7, 1), 1000)
    assert {settings.averaging_of(n).name for n in (100, 7000)} == {"grid7"}
    assert [each.name for each in settings.other_grids(100)] == ["grid1", "grid14"]
    assert settings.other_grids(1001) == ()


WRONG = {
    "an unknown key": (["tsne", "perplexities"], [30], "tsne.perplexities", "[30]"),
    "an unknown key of a run": (["runs", "mine", "sise"], 3, "runs.mine.sise", "3"),
    "an unknown key of a recipe": (
        ["train", "rendered", "recipe", "rate"],
        3,
        "train.rendered.recipe.rate",
        "3",
    ),
    "text for a number": (["pca", "variance"], "most", "pca.variance", "'most'"),
    "a fraction for a whole number": (["cam", "batch_size"], 1.5, "cam.batch_size", "1.5"),
    "a number out of range": (["pca", "variance"], 90, "pca.variance", "90"),
    "a number that is none": (["umap", "min_dist"], float("nan"), "umap.min_dist", "nan"),
    "sizes that do not rise": (
        ["runs", "mine", "sizes"],
        [100, 50],
        "runs.mine.sizes",
        "[100, 50]",
    ),
    "a size twice": (["runs", "mine", "sizes"], [100, 100], "runs.mine.sizes", "[100, 100]"),
    "no sizes": (["runs", "mine", "sizes"], [], "runs.mine.sizes", "[]"),
    "too few samples": (["runs", "mine", "sizes"], [5, 100], "runs.mine.sizes", "[5, 100]"),
    "an unknown device": (["device"], "tpu", "device", "'tpu'"),
    "an unknown split": (["runs", "mine", "split"], "dev", "runs.mine.split", "'dev'"),
    "a section left empty": (["prepare"], None, "prepare", "None"),
    "a perplexity in words": (["tsne", "perplexity"], [10, "many"], "tsne.perplexity.1", "'many'"),
    "a perplexity nan": (["tsne", "perplexity"], [float("nan")], "tsne.perplexity.0", "nan"),
    "a perplexity below zero": (["tsne", "perplexity"], [-3], "tsne.perplexity.0", "-3"),
    "one perplexity, no list": (["tsne", "perplexity"], 30, "tsne.perplexity", "30"),
    "no perplexity": (["tsne", "perplexity"], [], "tsne.perplexity", "[]"),
}


@pytest.mark.parametrize(("place", "value", "field", "shown"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_named_with_its_field(
    content: dict[str, Any], file: Path, place: list[str], value: object, field: str, shown: str
) -> None:
    section = content
    for key in place[:-1]:
        section = section[key]
    section[place[-1]] = value
    message = message_of(content, file)
    assert f": {field}: " in message
    assert f"(given: {shown})" in message


def test_a_missing_section_is_named(content: dict[str, Any], file: Path) -> None:
    del content["metrics"]
    assert ": metrics: Field required" in message_of(content, file)


def test_a_missing_key_of_a_run_is_named(content: dict[str, Any], file: Path) -> None:
    del content["runs"]["mine"]["weights"]
    assert ": runs.mine.weights: Field required" in message_of(content, file)


def test_a_value_of_many_lines_is_still_one_line(content: dict[str, Any], file: Path) -> None:
    content["device"] = "cpu\nor\ncuda" * 100
    assert len(message_of(content, file)) < 300


@pytest.mark.parametrize("text", ["", "[1, 2]", "just words"])
def test_a_file_that_is_no_mapping_is_refused_as_a_whole(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(InputError, match=r"params\.yaml: the whole file: .*dictionary"):
        read_params(file)


@pytest.mark.parametrize(
    "text", ["runs: [", "a: b: c", "device: cpu\ndevice: cuda\n", "a: \tb\n\t-"]
)
def test_invalid_yaml_is_one_line_with_its_place(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(InputError) as error:
        read_params(file)
    message = str(error.value)
    assert message.startswith(f"{file}: not valid YAML") and "line " in message
    assert "\n" not in message


def test_a_missing_file_says_where_to_start(file: Path) -> None:
    with pytest.raises(InputError) as error:
        read_params(file)
    assert str(error.value) == f"{file}: no such file; run from the top folder of the project"


def test_an_unknown_run_lists_the_known_ones(content: dict[str, Any], file: Path) -> None:
    yaml.dump(content, file)
    with pytest.raises(InputError) as error:
        read_params(file).run("minee")
    assert "params.yaml" in str(error.value) and "'minee'" in str(error.value)
    assert all(name in str(error.value) for name in content["runs"])


def test_an_unknown_training_lists_the_known_ones(content: dict[str, Any], file: Path) -> None:
    yaml.dump(content, file)
    with pytest.raises(InputError) as error:
        read_params(file).training("renderd")
    assert "train.renderd" in str(error.value)
    assert all(name in str(error.value) for name in content["train"])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("scheduler", "dask", "must be local, synchronous or an address"),
        ("scheduler", "tcp://", "must be local, synchronous or an address"),
        ("scheduler", "http://host:8786", "must be local, synchronous or an address"),
        ("storage", "bucket/folder", "must be a URL such as s3://bucket/folder"),
    ],
)
def test_where_to_work_is_checked(
    content: dict[str, Any], file: Path, field: str, value: str, said: str
) -> None:
    content["compute"][field] = value
    message = message_of(content, file)
    shown = "not shown" if "/" in value else repr(value)  # an address may hold a secret
    assert f"compute.{field}: {said}" in message and f"(given: {shown})" in message


@pytest.mark.parametrize("scheduler", ["local", "synchronous", "tcp://10.0.0.1:8786", "tls://h:1"])
def test_schedulers_that_there_are_are_taken(
    content: dict[str, Any], file: Path, scheduler: str
) -> None:
    content["compute"] = {"scheduler": scheduler, "storage": "s3://bucket/folder"}
    yaml.dump(content, file)
    assert dataclasses.asdict(read_params(file).compute) == content["compute"]


RECIPE = ("train", "rendered", "recipe")
UNUSABLE = {
    **{(s, "batch_size"): v for s in ("predict", "activations", "cam", "channels") for v in (0,)},
    (*RECIPE, "batch_size"): 0,
    (*RECIPE, "learning_rate"): -1,
    (*RECIPE, "weight_decay"): -1,
    (*RECIPE, "label_smoothing"): 1,
    (*RECIPE, "dropout"): 2,
    (*RECIPE, "random_state"): -1,
    ("umap", "n_components"): 10**30,
    ("umap", "random_state"): 2**32,
    ("tsne", "n_iter"): 10**30,
}


@pytest.mark.parametrize("place", UNUSABLE, ids=".".join)
def test_a_number_that_cannot_be_meant_is_named(
    content: dict[str, Any], file: Path, place: tuple[str, ...]
) -> None:
    section = content
    for key in place[:-1]:
        section = section[key]
    section[place[-1]] = UNUSABLE[place]
    assert f": {'.'.join(place)}: Input should be" in message_of(content, file)


@pytest.mark.parametrize(
    "content",
    [b"[" * 20_000, b"\xff\xfe\0", b"runs: " + b"9" * 5000],
    ids=["nested", "not UTF-8", "a number of 5000 digits"],
)
def test_a_file_that_cannot_be_parsed_is_one_line(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_params(file)
    assert str(error.value).startswith(f"{file}: ") and len(str(error.value)) < 500


def test_a_folder_in_its_place_is_one_line(file: Path) -> None:
    file.mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_params(file)


def test_aliases_that_grow_are_not_written_out(content: dict[str, Any], file: Path) -> None:
    grown: Any = "lol"
    for _ in range(40):
        grown = [grown, grown]
    content["device"] = grown
    assert ": device: " in message_of(content, file)


def test_runs_may_be_left_empty(content: dict[str, Any], file: Path) -> None:
    content["runs"] = None
    yaml.dump(content, file)
    assert read_params(file).runs == {}


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"input_size": 0}, "input_size: "),
        ({"input_size": [3, 4, 5]}, "input_size: "),
        ({"input_size": 96.5}, "input_size: "),
        ({"channels": 2}, "channels: "),
        ({"channels": 1}, "mean: give the number"),
        ({"channels": 1, "mean": 0.5, "std": [1, 1, 1]}, "std: 3 numbers for 1 channels"),
        ({"mean": [0.1, 0.2]}, "mean: 2 numbers for 3 channels"),
        ({"mean": []}, "mean: "),
        ({"std": 0}, "std: "),
        ({"crop": 0}, "crop: "),
        ({"crop": float("nan")}, "crop: "),
        ({"crop_mode": "centre"}, "crop_mode: "),
        ({"interpolation": "cubic"}, "interpolation: "),
        ({"inputsize": 96}, "unknown key inputsize; known: "),
    ],
)
def test_what_a_factory_says_of_its_inputs_is_checked(
    content: dict[str, Any], file: Path, described: dict[str, Any], said: str
) -> None:
    content["runs"]["mine"]["model"] = {"factory": "a:b"} | described
    assert f"runs.mine.model: {said}" in message_of(content, file)


def test_a_factory_may_say_all_of_its_inputs(content: dict[str, Any], file: Path) -> None:
    model = {"factory": "a:b", "input_size": [128, 256], "channels": 1, "mean": 0.1, "std": [0.3]}
    model |= {"crop": 1, "crop_mode": "squash", "interpolation": "lanczos"}
    content["runs"]["mine"]["model"] = model
    yaml.dump(content, file)
    found = of_factory(read_params(file).run("mine").model)
    expected = ((128, 256), (128, 256), (0.1,), (0.3,), "squash", "lanczos")
    assert found == Preprocessing(*expected) and found.shape == (128, 256, 1)
