"""The shape of the code: arrows between its parts, documentation, sizes, and DVC's dependencies."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.shared.project import ROOT

PARTS = ("layerscope", "projects", "stages", "ui", "pages")
FILES = sorted(
    [each for part in PARTS for each in (ROOT / part).rglob("*.py")] + [ROOT / "streamlit_app.py"]
)
FILES = [each for each in FILES if each.exists()]


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


def file_of(module: str) -> Path | None:
    """The file of a module of our own: ``layerscope.storage.store``, or a package's ``__init__``."""
    path = ROOT.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.exists() and module.split(".")[0] in PARTS:
            return file
    return None


TABLE = "layerscope/explanation/methods.py"  # refers to functions by name


def imports_of(file: Path) -> Iterator[str]:
    """Every module a file imports or refers to, anywhere in it; of our own packages, the modules inside."""
    referring = {"explain", "supports"} if name_of(file) == TABLE else set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module is not None, f"{name_of(file)}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                # `from package import module` needs the module; `from package import name` the name.
                yield inner if file_of(inner) else node.module
        elif isinstance(node, ast.keyword) and node.arg in referring:
            yield f"layerscope.explanation.{ast.literal_eval(node.value).split('.')[0]}"


# --- arrows ----------------------------------------------------------------------------------

FORBIDDEN = {
    "layerscope": {"streamlit", "dvc", "ui", "projects", "stages", "pages", "streamlit_app"},
    "stages": {"streamlit", "dvc", "ui", "projects", "pages", "streamlit_app"},
    "projects": {"streamlit", "ui", "pages", "streamlit_app"},
    "ui": {"stages", "pages", "streamlit_app"},
    "pages": {"stages", "streamlit_app"},
}


@pytest.mark.parametrize("part", FORBIDDEN)
def test_imports_point_one_way(part: str) -> None:
    wrong = [
        f"{name_of(file)} imports {module}"
        for file in FILES
        if file.relative_to(ROOT).parts[0] == part
        for module in imports_of(file)
        if module.split(".")[0] in FORBIDDEN[part]
    ]
    assert not wrong, "\n".join(wrong)


def test_stages_share_nothing_but_the_command() -> None:
    for file in (ROOT / "stages").glob("*.py"):
        ours = {module for module in imports_of(file) if module.split(".")[0] == "stages"}
        assert ours <= {"stages.command"}, name_of(file)


def test_one_module_opens_zarr_and_one_reads_params() -> None:
    library = [file for file in FILES if file.is_relative_to(ROOT / "layerscope")]
    for package, home in (("zarr", "storage/store.py"), ("ruamel", "params.py")):
        users = {
            name_of(file)
            for file in library
            if any(module.split(".")[0] == package for module in imports_of(file))
        }
        assert users == {f"layerscope/{home}"}


def test_what_the_app_always_needs_imports_neither_torch_nor_dask() -> None:
    # It takes seconds, and the app must show the first page before.
    code = (
        "import sys, layerscope.storage.store, layerscope.runs.samples, layerscope.runs.predictions, "
        "layerscope.explanation.heatmap, layerscope.embedding.orientation, layerscope.models.layers, "
        "layerscope.training.curves, ui.page, ui.techniques; from layerscope.params import read_params; "
        "read_params(); print(sorted({'torch', 'distributed', 's3fs'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


# What computes with a model, or trains one: the library knows of methods, units and layers without the
# libraries that do the work, so that the app's own process never loads them.
WITH_TORCH = {
    f"layerscope.{name}"
    for name in (
        *("vision", "activations.half", "activations.pooling", "runs.blocks"),
        *(f"explanation.{name}" for name in ("attention", "cam", "cam_methods", "gradients")),
        *(f"explanation.{name}" for name in ("guided", "lime", "occlusion", "propagation")),
        *(f"explanation.{name}" for name in ("registry", "relevance", "relevance_rules", "task")),
        *(f"faithfulness.{name}" for name in ("evaluation", "parts", "randomization", "scoring")),
        *(f"features.{name}" for name in ("kernels", "layer_features", "maximization")),
        *("features.spectrum", "features.units"),
        *(f"models.{name}" for name in ("axes", "geometry", "layer_table", "nodes")),
        *(f"models.{name}" for name in ("outputs", "registry", "weights")),
        *(f"models.graph.{name}" for name in ("capture", "stages", "tracing")),
        *(f"training.{name}" for name in ("augmentation", "fit", "histograms")),
    )
}
HEAVY = {"torch", "torchvision", "timm", "captum", "pytorch_grad_cam", "zennit", "umap", "openTSNE"}


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_all_else_in_the_library_imports_neither_torch_nor_what_needs_it() -> None:
    modules = {module_of(file) for file in FILES if file.is_relative_to(ROOT / "layerscope")}
    assert modules >= WITH_TORCH
    code = f"""
import sys
from importlib import import_module
for name in {sorted(modules - WITH_TORCH)}:
    import_module(name)
    found = {HEAVY} & set(sys.modules)
    if found:
        sys.exit(f"{{name}} imports {{found}}")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


# --- rooms -----------------------------------------------------------------------------------

ROOMS = {
    "layerscope": {
        *(
            "__main__",
            "errors",
            "home",
            "names",
            "params",
            "parallel",
            "process",
            "progress",
            "vision",
        ),  # files at the root, for all rooms
        *("activations", "coarse", "datasets", "embedding", "experiments", "explanation"),
        *("faithfulness", "features", "models", "performance", "runs", "storage", "training"),
    },
    "projects": {
        *("add_run", "building", "changing", "command", "exporting", "first_look", "folder"),
        *("given_models", "given_pictures", "listing", "notebook", "serving", "state", "sweeping"),
    },
    "ui": {
        *(
            "address",
            "arrays",
            "assets",
            "build",
            "bundle",
            "charts",
            "coarse",
            "coloring",
            "columns",
            "controls",
        ),
        *(
            "lasso",
            "layouts",
            "library",
            "live",
            "waiting",
            "memory",
            "markup",
            "page",
            "palette",
            "queue",
        ),
        *("selection", "shell", "similarities", "techniques", "tour"),
        *("channel", "components", "experiments", "explain", "explorer", "features", "network"),
        *("performance", "sample", "umap_tour", "glossary", "rights", "runs"),
    },
}


def place_of(file: Path) -> str | None:
    """The package or module at the top of a part that a file lies in; None for the part's own."""
    below = file.relative_to(ROOT).with_suffix("").parts[1:]
    return None if below == ("__init__",) else below[0]


@cache
def arrows_of(part: str) -> dict[str, set[str]]:
    """Each place of a part with the places of it that it imports."""
    found: dict[str, set[str]] = {}
    for file in FILES:
        place = place_of(file) if file.is_relative_to(ROOT / part) else None
        if place is not None:
            ours = (file_of(each) for each in imports_of(file) if each.split(".")[0] == part)
            targets = {place_of(each) for each in ours if each is not None}
            found.setdefault(place, set()).update(targets - {place, None})
    return found


def find_circle(arrows: dict[str, set[str]]) -> list[str]:
    """Places that cannot be put in an order in which each imports only those before it."""
    try:
        list(TopologicalSorter(arrows).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def tell_rooms(part: str) -> str:
    """For example "layerscope: 18 places, 40 arrows, no circle"."""
    arrows = arrows_of(part)
    count = sum(len(each) for each in arrows.values())
    circle = " -> ".join(find_circle(arrows))
    told = f"a circle: {circle}" if circle else "no circle"
    return f"{part}: {len(arrows)} places, {count} arrows, {told}"


@pytest.mark.parametrize("part", ROOMS)
def test_rooms_import_each_other_one_way(part: str) -> None:
    assert find_circle(arrows_of(part)) == []


@pytest.mark.parametrize("part", ROOMS)
def test_there_are_no_rooms_but_these(part: str) -> None:
    assert set(arrows_of(part)) == ROOMS[part]


def test_a_circle_is_found() -> None:
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []
    assert find_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


# --- documentation and size ------------------------------------------------------------------

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Sections of params.yaml: what they mean stands there, beside their values.
SECTIONS = {
    "PrepareParams",
    "PredictParams",
    "ActivationsParams",
    "PcaParams",
    "NeighborsParams",
    "TsneParams",
    "UmapParams",
    "CamParams",
    "ChannelsParams",
    "MetricsParams",
    "AppParams",
    "ClustersParams",
    "PerformanceParams",
}


def undocumented_in(file: Path) -> Iterator[str]:
    if ast.get_docstring(tree_of(file)) is None:
        yield name_of(file)
    for node in tree_of(file).body:
        if not isinstance(node, DEFINITIONS) or node.name.startswith("_"):
            continue
        if name_of(file) == "layerscope/params.py" and node.name in SECTIONS:
            continue
        if ast.get_docstring(node) is None:
            yield f"{name_of(file)}: {node.name}"


def test_everything_public_in_the_library_is_documented() -> None:
    library = [file for file in FILES if file.is_relative_to(ROOT / "layerscope")]
    missing = [each for file in library for each in undocumented_in(file)]
    assert not missing, "\n".join(missing)


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring, which is as long as it must be."""
    first = node.body[0]
    told = isinstance(first, ast.Expr) and ast.get_docstring(node) is not None
    documented = (first.end_lineno or 0) - first.lineno + 1 if told else 0
    return (node.end_lineno or 0) - node.lineno + 1 - documented


def test_no_function_is_longer_than_80_lines() -> None:
    long = [
        f"{name_of(file)}: {node.name} has {lines_of(node)} lines"
        for file in FILES
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines_of(node) > 80
    ]
    assert not long, "\n".join(long)


# --- dvc.yaml --------------------------------------------------------------------------------

# What cannot change a result: tests prove it of `parallel`. The values in params.yaml are tracked as
# params, not as a file.
PLUMBING = {
    f"layerscope/{name}.py"
    for name in ("__init__", "errors", "parallel", "params", "progress", "storage/remote")
} | {
    "stages/command.py",
    "stages/__init__.py",
}


def stages() -> dict[str, dict[str, Any]]:
    """Each stage's template: what stands under `do`, or the stage itself."""
    content = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    return {name: stage.get("do", stage) for name, stage in content.items()}


STAGES = stages()


@cache
def closure_of(stage: str) -> frozenset[str]:
    """Files of our own whose code can change what a stage computes.

    Modules are followed through their imports, also those inside functions. A package's ``__init__``
    counts where something is imported from the package itself.
    """
    found: set[str] = set()
    waiting = [ROOT / "stages" / f"{stage}.py"]
    while waiting:
        file = waiting.pop()
        if name_of(file) in found | PLUMBING:
            continue
        found.add(name_of(file))
        ours = (file_of(module) for module in imports_of(file))
        waiting += [each for each in ours if each is not None]
    return frozenset(found)


def code_deps(stage: str) -> list[str]:
    """Those of a stage's dependencies that are code, files or folders."""
    return [dep for dep in STAGES[stage]["deps"] if dep.startswith(("layerscope/", "stages/"))]


def covers(dep: str, file: str) -> bool:
    return file == dep or file.startswith(f"{dep}/")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_code_that_can_change_its_result(stage: str) -> None:
    deps = code_deps(stage)
    missing = sorted(f for f in closure_of(stage) if not any(covers(dep, f) for dep in deps))
    assert not missing, f"dvc.yaml: {stage}: add to deps: {', '.join(missing)}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_no_code_that_it_does_not_use(stage: str) -> None:
    idle = [dep for dep in code_deps(stage) if not any(covers(dep, f) for f in closure_of(stage))]
    assert not idle, f"dvc.yaml: {stage}: remove from deps: {', '.join(idle)}"


def test_code_that_stages_depend_on_exists() -> None:
    assert all((ROOT / dep).exists() for stage in STAGES for dep in code_deps(stage))


def test_closure_sees_imports_inside_functions_and_packages() -> None:
    assert "layerscope/models/geometry.py" in closure_of("predict")  # by way of layer_table
    assert "layerscope/explanation/lime.py" in closure_of("faithfulness")  # only the table names it
    assert "layerscope/training/recipe.py" in closure_of("train")
    assert "layerscope/training/recipe.py" not in closure_of("pca")  # only by way of params
    assert "layerscope/datasets/__init__.py" in closure_of("prepare")
    assert "layerscope/datasets/__init__.py" not in closure_of("predict")


if __name__ == "__main__":  # python -m tests.test_architecture
    for each in ROOMS:
        print(tell_rooms(each))
