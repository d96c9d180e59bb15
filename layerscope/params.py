"""The one reader of ``params.yaml``: into frozen dataclasses, every value checked."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from pydantic.dataclasses import dataclass
from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.constructor import DuplicateKeyError

from layerscope.activations.averaging import Averaging
from layerscope.errors import FEWEST, InputError
from layerscope.models.inputs import INPUT_KEYS, of_factory
from layerscope.models.layers import DEPTHS
from layerscope.names import RULE, is_name
from layerscope.storage.remote import is_plain
from layerscope.training.recipe import Recipe

PARAMS = Path("params.yaml")
_DASK = {"tcp", "tls", "ws", "wss", "ucx"}  # protocols that its schedulers listen to
_FACTORY_KEYS = {"factory", "options", "classes"} | INPUT_KEYS
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


def _rising(sizes: tuple[int, ...]) -> tuple[int, ...]:
    if not sizes or list(sizes) != sorted(set(sizes)) or sizes[0] < FEWEST:
        raise ValueError(f"sizes must rise and start at {FEWEST} or more")
    return sizes


def _named(text: str) -> str:
    if not is_name(text):
        raise ValueError(RULE)
    return text


def _named_model(model: str | dict[str, Any]) -> str | dict[str, Any]:
    if isinstance(model, str):
        _named(model.removeprefix("timm:"))
    else:
        unknown = sorted(str(key) for key in model.keys() - _FACTORY_KEYS)
        if unknown:
            raise ValueError(f"unknown key {unknown[0]}; known: {', '.join(sorted(_FACTORY_KEYS))}")
        of_factory(model)
    return model


def _known_depth(layers: str | list[str]) -> str | list[str]:
    if not layers or (isinstance(layers, str) and layers not in DEPTHS):
        raise ValueError(f"must be {', '.join(DEPTHS)} or a list of keys")
    return layers


Name = Annotated[str, AfterValidator(_named)]
Depth = Annotated[str | list[str], AfterValidator(_known_depth)]
Model = Annotated[str | dict[str, Any], AfterValidator(_named_model)]
Sizes = Annotated[tuple[int, ...], AfterValidator(_rising)]
Split = Literal["train", "val", "test", "all"]
Perplexity = Annotated[float, Field(gt=0)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, config=_STRICT)
class Vectors:
    """A file of vectors of one's own, and its SHA-256: another content is another run of the stages."""

    file: str
    sha256: Digest


@dataclass(frozen=True, config=_STRICT)
class Run:
    """A data set seen through a model.

    Attributes
    ----------
    dataset : str
        A name in the registry of data sets.
    model : str or mapping
        A name in the registry of models, ``timm:<name>``, or a mapping with a ``factory``, its ``options``
        and what `layerscope.models.inputs.of_factory` reads.
    weights : str
        A file, see `layerscope.models.weights.open_weights`, or the folder ``weights/published``, which
        stands for weights that come from a package or a download. Stages of the run depend on it.
    sizes : tuple of int
        Nested numbers of samples, rising.
    root : str, optional
        Folder of the pictures, for data sets that are not rendered.
    labels : str, optional
        A table of the pictures of a folder; see `layerscope.datasets.table.read_table`.
    split : str, optional
        Instead of ``prepare.split``.
    layers : str or list of str
        How deep the model is taken apart: ``stages``, ``blocks``, ``all``, ``tokens``; or keys of nodes.
    vectors : Vectors, optional
        What stands beside the layers as node ``given``, see `layerscope.runs.given.read_given`.
    """

    dataset: Name
    model: Model
    weights: str
    sizes: Sizes = (100, 1000)
    root: str | None = None
    labels: str | None = None
    split: Split | None = None
    layers: Depth = "blocks"
    vectors: Vectors | None = None

    @property
    def weights_file(self) -> Path | None:
        """The file of weights, or None for published ones."""
        path = Path(self.weights)
        return None if path.parts[-2:] == ("weights", "published") else path


def _known_url(url: str) -> str:
    if url and not is_plain(url):
        raise ValueError(
            "must be a URL such as s3://bucket/folder, with no user, password or query, or empty"
        )
    return url


def _known_scheduler(scheduler: str) -> str:
    parts = urlsplit(scheduler)
    is_address = parts.scheme in _DASK and parts.netloc and is_plain(scheduler)
    if scheduler in {"local", "synchronous"} or is_address:
        return scheduler
    raise ValueError("must be local, synchronous or an address such as tcp://host:8786")


@dataclass(frozen=True, config=_STRICT)
class ComputeParams:
    """Where stages work, and where their arrays go; neither changes what they find.

    Attributes
    ----------
    scheduler : str
        ``local``, ``synchronous`` or the address of a Dask cluster: see `layerscope.parallel.working`.
    storage : str
        URL of a folder on object storage: arrays go there, and pointers to them into ``data``. Empty for
        arrays in ``data`` itself.
    """

    scheduler: Annotated[str, AfterValidator(_known_scheduler)]
    storage: Annotated[str, AfterValidator(_known_url)]


@dataclass(frozen=True, config=_STRICT)
class PrepareParams:
    """How samples are stored.

    Attributes
    ----------
    split : str
        ``train``, ``val``, ``test`` or ``all``; of runs that name none.
    quality : int
        Of the WebP pictures of rendered data sets, 100 for lossless. They have no file: what is stored is
        the picture, and what networks see. Pictures that were read from files are stored without loss.
    random_state : int
    """

    split: Split
    quality: int = Field(ge=1, le=100)
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class PredictParams:
    batch_size: int = Field(ge=1, le=65536)


@dataclass(frozen=True, config=_STRICT)
class ActivationsParams:
    """How feature maps are averaged.

    Attributes
    ----------
    grid : int or None
        Cells along a side; None averages over `pool` places, `pool_large` from `large` samples on.
    grids : tuple of int
        At which the accuracy in a layer is measured as well, of sizes up to `grids_up_to`.
    """

    batch_size: int = Field(ge=1, le=65536)
    grid: int | None = Field(ge=1, le=512)
    pool: int = Field(ge=1)
    pool_large: int = Field(ge=1)
    large: int = Field(ge=1)
    grids: tuple[Annotated[int, Field(ge=1, le=512)], ...] = Field(max_length=16)
    grids_up_to: int = Field(ge=1)

    def averaging_of(self, size: int) -> Averaging:
        """How a number of samples is averaged."""
        if self.grid is not None:
            return Averaging("grid", self.grid)
        return Averaging("pool", self.pool_large if size >= self.large else self.pool)

    def other_grids(self, size: int) -> tuple[Averaging, ...]:
        """At what other grids a number of samples is looked at."""
        if size > self.grids_up_to:
            return ()
        grids = (Averaging("grid", grid) for grid in sorted(set(self.grids)))
        return tuple(each for each in grids if each != self.averaging_of(size))


@dataclass(frozen=True, config=_STRICT)
class PcaParams:
    variance: float = Field(gt=0, le=1)


@dataclass(frozen=True, config=_STRICT)
class NeighborsParams:
    n_neighbors: int = Field(ge=10)
    votes: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field(max_length=16)
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class TsneParams:
    perplexity: Annotated[tuple[Perplexity, ...], Field(min_length=1)]
    early_exaggeration: float = Field(gt=0)
    n_iter: int = Field(ge=1, le=1_000_000)
    tolerance: float = Field(ge=0, lt=1)
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class UmapParams:
    n_neighbors: int = Field(ge=2)
    min_dist: float = Field(ge=0, lt=1)
    n_components: int = Field(ge=3, le=500)
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class DensmapParams:
    """UMAP that keeps densities: see `layerscope.embedding.layouts.embed_umap`."""

    n_neighbors: int = Field(ge=2)
    min_dist: float = Field(ge=0, lt=1)
    dens_lambda: float = Field(gt=0)
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class PacmapParams:
    """See `layerscope.embedding.layouts.embed_pacmap`."""

    n_neighbors: int = Field(ge=2)
    MN_ratio: float = Field(gt=0)
    FP_ratio: float = Field(gt=0)
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class CamParams:
    layer: str
    batch_size: int = Field(ge=1, le=65536)


@dataclass(frozen=True, config=_STRICT)
class ChannelsParams:
    """What is kept of channels.

    Attributes
    ----------
    batch_size : int
    top_k : int
        Top-activating images of each.
    n_permutations : int
        How often labels are shuffled to find how selective a channel is by chance.
    random_state : int
        Of the shuffles.
    """

    batch_size: int = Field(ge=1, le=65536)
    top_k: int = Field(ge=1)
    n_permutations: int = Field(ge=19)
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class MetricsParams:
    n_neighbors: int = Field(ge=1)


@dataclass(frozen=True, config=_STRICT)
class Comparison:
    """Two runs of the same samples whose layers are compared; or one run with itself.

    Attributes
    ----------
    first, second : str
        Names of runs.
    """

    first: Name
    second: Name


@dataclass(frozen=True, config=_STRICT)
class SimilarityParams:
    """How layers of two runs are compared.

    Attributes
    ----------
    size : int
        The largest number of samples that is compared; of those that both runs have.
    n_permutations : int
        How often samples are permuted to find what is similar by chance.
    random_state : int
        Of the permutations.
    """

    size: int = Field(ge=10)
    n_permutations: int = Field(ge=1)
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class FaithfulnessParams:
    """How explanations are put to the test.

    Attributes
    ----------
    runs : list of str
        Names of the runs that it is done for.
    methods : list of str
        Keys of methods of explanation.
    options : dict
        By method, what is not left at the default of its entry.
    n_samples : int
        How many pictures are explained, the same by all methods.
    n_again : int
        How many of them are explained again under noise, and at each point of the cascade of random weights.
    n_points : int
        Points of the cascade.
    n_noisy : int
        Noisy copies of each of these pictures.
    noise : float
        Its standard deviation, as a share of the range of pixels.
    tolerance : float
        Of the pointing game, in pixels.
    cell : int
        Side in pixels of what is deleted, and inserted, at once.
    n_steps : int
        Steps in which all of a picture is.
    fills : list of str
        What deleted cells become, and what inserted ones were.
    n_fills : int
        How many of them are tried on each picture; which, is drawn.
    random_state : int
        Of the choice of samples, of methods and baselines that draw, of weights, of noise and of ties.
    """

    runs: list[Name]
    methods: Annotated[list[str], Field(min_length=1)]
    options: dict[str, dict[str, int | float | str]]
    fills: Annotated[list[Literal["mean", "black", "blur", "noise"]], Field(min_length=1)]
    n_samples: int = Field(ge=2)
    n_again: int = Field(ge=1)
    n_points: int = Field(ge=2)
    n_noisy: int = Field(ge=1)
    noise: float = Field(gt=0, le=1)
    tolerance: float = Field(ge=0)
    cell: int = Field(ge=1)
    n_steps: int = Field(ge=2)
    n_fills: int = Field(ge=1)
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class AppParams:
    """Of the app.

    Attributes
    ----------
    activation_cache_mb : int
    editable : bool
        Whether its visitors add, build and remove runs; only where it listens to this machine alone.
    """

    activation_cache_mb: int = Field(ge=0)
    editable: bool = False


@dataclass(frozen=True, config=_STRICT)
class ClustersParams:
    n_clusters: int = Field(ge=2, le=40)
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class PlaygroundParams:
    """Iterations of a t-SNE that is watched."""

    n_iter: int = Field(ge=1, le=10_000)

    def shorten(self, tsne: TsneParams) -> TsneParams:
        """t-SNE with as many iterations as the playground shows."""
        return replace(tsne, n_iter=self.n_iter)


@dataclass(frozen=True, config=_STRICT)
class PerformanceParams:
    random_state: int = Field(ge=0, lt=2**32)


@dataclass(frozen=True, config=_STRICT)
class Train:
    """One frozen training: which data sets, where the weights go, and the recipe.

    Attributes
    ----------
    n_training, n_validation : int, optional
        Pictures of all data sets together; all there are, if left out.
    n_calibration : int
        Further pictures of the training split that the temperature of the logits is fitted on.
    missing_parts : float
        Share of the rendered training pictures that lack one of their parts.
    """

    datasets: tuple[Name, ...]
    weights: str
    recipe: Recipe
    n_calibration: int = Field(ge=1)
    n_training: int | None = None
    n_validation: int | None = None
    missing_parts: float = Field(default=0, ge=0, le=1)
    root: str | None = None


@dataclass(frozen=True, config=_STRICT)
class Params:
    """All of ``params.yaml``."""

    runs: Annotated[dict[Name, Run], BeforeValidator(lambda runs: {} if runs is None else runs)]
    device: Literal["auto", "cpu", "cuda", "mps"]
    compute: ComputeParams
    prepare: PrepareParams
    predict: PredictParams
    activations: ActivationsParams
    pca: PcaParams
    neighbors: NeighborsParams
    tsne: TsneParams
    umap: UmapParams
    densmap: DensmapParams
    pacmap: PacmapParams
    cam: CamParams
    channels: ChannelsParams
    metrics: MetricsParams
    comparisons: dict[Name, Comparison]
    similarity: SimilarityParams
    faithfulness: FaithfulnessParams
    app: AppParams
    clusters: ClustersParams
    performance: PerformanceParams
    playground: PlaygroundParams
    train: dict[Name, Train]

    def run(self, name: str) -> Run:
        """A run by its name."""
        if name not in self.runs:
            raise InputError(
                f"params.yaml: no run {name!r}; known: {', '.join(self.runs)}; "
                "add it with `make run DATASET=... MODEL=...`"
            )
        return self.runs[name]

    def comparison(self, name: str) -> Comparison:
        """An entry under ``comparisons`` by its name."""
        if name not in self.comparisons:
            raise InputError(
                f"params.yaml: no comparisons.{name}; known: {', '.join(self.comparisons)}"
            )
        return self.comparisons[name]

    def training(self, name: str) -> Train:
        """An entry under ``train`` by its name."""
        if name not in self.train:
            raise InputError(f"params.yaml: no train.{name}; known: {', '.join(self.train)}")
        return self.train[name]


_ADAPTER = TypeAdapter(Params)


def read_params(path: Path = PARAMS) -> Params:
    """Read and check ``params.yaml``.

    Raises
    ------
    InputError
        Naming the file, the field and what is wrong with it.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run from the top folder of the project") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); mend it there") from None
    return parse_params(text, path)


def parse_params(text: bytes | str, path: Path = PARAMS) -> Params:
    """Check the text of a ``params.yaml``; `path` is what errors name. Raises `InputError`."""
    try:
        content = YAML(typ="safe").load(text)
    except RecursionError:
        raise InputError(f"{path}: nested too deep; mend it there") from None
    except (YAMLError, ValueError) as error:  # of text that is not UTF-8, too
        raise InputError(f"{path}: not valid YAML ({_tell(error)}); mend it there") from None
    try:
        return _ADAPTER.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = first["loc"][:-2] if first["loc"][-1:] == ("[key]",) else first["loc"]
        field = ".".join(str(part) for part in place) or "the whole file"
        shown = _show(field, first["input"])
        reason = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{path}: {_show('', field, str)}: {reason} (given: {shown})") from None


def _tell(error: Exception) -> str:
    """What is wrong with a file, without its content, which may hold a secret."""
    mark = getattr(error, "problem_mark", None)
    problem = "a key that is there twice" if isinstance(error, DuplicateKeyError) else None
    problem = problem or getattr(error, "problem", None) or type(error).__name__
    return f"{problem}, line {mark.line + 1}" if mark is not None else str(problem)


def _show(field: str, value: object, write: Callable[[Any], str] = reprlib.repr) -> str:
    """A value as a message shows it: none that may be an address, which may hold a secret."""
    if isinstance(value, Mapping):
        return f"a mapping of {len(value)}"
    if isinstance(value, list) and any(isinstance(each, (list, Mapping)) for each in value):
        return f"a list of {len(value)}"  # by aliases, a few lines may stand for a million times as many
    text = repr(value)
    is_word = isinstance(value, str) and len(value) <= 16 and value.isalpha() and value.islower()
    is_hidden = isinstance(value, str) and field.startswith("compute.") and not is_word
    is_hidden |= any(sign in text for sign in ("://", "@", "%40"))
    return "not shown" if is_hidden else f"{write(value):.80}"
