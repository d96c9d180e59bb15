"""The command ``layerscope``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from runpy import run_module
from typing import Any

from tqdm import tqdm

from layerscope.datasets import DATASETS
from layerscope.errors import InputError
from layerscope.home import find_home
from layerscope.models.layers import DEPTHS
from layerscope.params import read_params
from layerscope.runs.given import FORMATS
from projects.building import announce, build, refuse_second
from projects.changing import remove_run, rename_run
from projects.exporting import export_runs
from projects.first_look import forget, take_looks
from projects.folder import copy_demo, is_clone, open_folder
from projects.listing import count_bytes, describe_runs, write_statuses
from projects.serving import App
from projects.state import BuildState
from projects.sweeping import list_trials, read_trials, sweep
from stages.command import ensure_utf8, one_line_errors

_FILES = ("weights", "root", "labels", "vectors")
_RUN = ("model", "sizes", "split", "layers", "name", *_FILES)


def tell(line: str) -> None:
    """A line for the user, at once."""
    print(line, flush=True)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pictures", help=f"a folder, an archive, a URL, or a data set: {', '.join(DATASETS)}"
    )
    parser.add_argument(
        "--model", default="efficientnet_lite0", help="a network; %(default)s without"
    )
    parser.add_argument("--weights", help="a file; else those that come with the model")
    parser.add_argument("--sizes", help="numbers of samples, comma-separated; else 100 and 1,000")
    parser.add_argument("--root", help="folder of the pictures of a data set that has a name")
    parser.add_argument("--labels", help="a table of a folder's pictures: path, label, any more")
    parser.add_argument("--split", help="train, val, test or all; else prepare.split")
    parser.add_argument("--layers", help=f"{', '.join(DEPTHS)}, or keys of nodes, comma-separated")
    parser.add_argument(
        "--vectors", help=f"vectors of your own beside the layers: {', '.join(FORMATS)}"
    )
    parser.add_argument("--name", help="what the run is called; else by pictures and model")


def _add_page_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="localhost", help="address of the page; %(default)s without"
    )
    parser.add_argument("--port", type=int, default=0, help="its port; any that is free without")
    parser.add_argument("--no-browser", action="store_true", help="only tell the page's address")


def make_parser() -> argparse.ArgumentParser:
    """All that the command understands."""
    parser = argparse.ArgumentParser(
        prog="layerscope", description="Look inside a vision network, layer by layer."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, text: str, work: Any, *, project: bool = True) -> argparse.ArgumentParser:
        each = commands.add_parser(name, help=text, description=text)
        each.set_defaults(work=work)
        if project:
            each.add_argument(
                "--project", default=".", help="the folder to work in; else the one you are in"
            )
        return each

    opening = add("open", "add a run of pictures, build it, and show its page meanwhile", open_run)
    _add_run_options(opening)
    _add_page_options(opening)
    _add_page_options(add("demo", "show the runs that come along", show_demo, project=False))
    _add_page_options(add("app", "show the runs of a project", show_app))
    adding = add("add", "add a run; build it where --build says so", add_only)
    _add_run_options(adding)
    adding.add_argument("--build", action="store_true", help="build it at once, without its page")
    adding.add_argument("--check", action="store_true", help="only tell what it would be of")
    building = add("build", "build what is missing or stale", build_runs)
    building.add_argument("runs", nargs="*", metavar="run", help="all without")
    building.add_argument(
        "--look", action="store_true", help="first few samples, for the page to show"
    )
    sweeping = add("sweep", "compute a run under other parameters, beside the workspace", sweep_run)
    sweeping.add_argument("run")
    sweeping.add_argument(
        "-S", "--set", action="append", default=[], dest="settings", metavar="KEY=VALUE[,VALUE...]",
        help="a parameter and its values; of several, every combination is an experiment",
    )  # fmt: skip
    sweeping.add_argument("--name", help="of the experiment; of several, its beginning")
    sweeping.add_argument(
        "--from", dest="file", help="a file: a name a line, and what is set beside -S"
    )
    listing = add("runs", "list runs: sizes, bytes, which stages are built", list_runs)
    listing.add_argument("--json", action="store_true", help="stage by stage, as JSON")
    renaming = add("rename", "name a run otherwise; nothing is built anew", rename)
    renaming.add_argument("run")
    renaming.add_argument("name")
    removing = add("remove", "take runs out of params.yaml and delete their arrays", remove_runs)
    removing.add_argument("runs", nargs="+", metavar="run")
    exporting = add("export", "take runs along: what is needed to look at them", export)
    exporting.add_argument("runs", nargs="+", metavar="run")
    exporting.add_argument("--to", required=True, help="a folder, or an archive: NAME.zip")
    exporting.add_argument("--weights", action="store_true", help="files of weights as well")
    stage = add("stage", "run one stage, as DVC does", run_stage, project=False)
    stage.add_argument("stage")
    stage.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def add_named(options: dict[str, Any]) -> str:
    """Add the run that options describe; its name."""
    from projects.add_run import add_run, parse_sizes  # torch and torchvision: 4 s

    given: dict[str, Any] = {name: options[name] for name in _RUN}
    pictures = options["pictures"]
    for name in _FILES:
        given[name] = _find_from(options["start"], given[name])
    if pictures in DATASETS:
        given["dataset"] = pictures
    elif options["root"]:
        raise InputError(f"--root: {pictures!r} is no data set's name; leave --root out")
    else:
        given |= {"dataset": "imagefolder", "root": _find_from(options["start"], pictures)}
    if given["sizes"] is not None:
        given["sizes"] = parse_sizes(given["sizes"])
    return add_run(**given, check_only=options.get("check", False))


def _find_from(start: Path, named: str | None) -> str | None:
    """A path as it is named where the command is called, for the project's folder, which may be another."""
    if named is None or "://" in named or start == Path.cwd():
        return named
    return str(start / Path(named).expanduser())


def add_only(options: dict[str, Any]) -> None:
    run = add_named(options)
    if options["build"] and not options["check"]:
        _build([run], is_looked_at=False)
    elif not options["check"]:
        tell(f"`layerscope build {run}` builds it")


@contextmanager
def showing_bar() -> Iterator[Any]:
    """One bar for a whole build: a function that is given states."""
    with tqdm(total=100, bar_format="{bar:24} {desc}", file=sys.stderr, leave=False) as bar:

        def show(state: BuildState) -> None:
            bar.n = round(100 * state.share)
            bar.set_description_str(state.tell(), refresh=True)

        yield show


def build_runs(options: dict[str, Any]) -> None:
    params = read_params()
    for run in options["runs"]:
        params.run(run)  # an unknown one is refused
    _build(options["runs"], options["look"])


def _build(runs: Sequence[str], is_looked_at: bool) -> None:
    """Build, after first looks at what is not there, where somebody waits to see it."""

    def look() -> None:
        for run in runs if is_looked_at else ():
            take_looks(run)

    with showing_bar() as show:
        build(runs, show, tell, look)
    for run in runs:
        forget(run)


def sweep_run(options: dict[str, Any]) -> None:
    run, settings = options["run"], options["settings"]
    if options["file"] and options["name"]:
        raise InputError("--name: the file of --from names the experiments; leave one of them out")
    if options["file"]:
        trials = read_trials(options["start"] / options["file"], settings)
    else:
        trials = list_trials(run, settings, options["name"])
    with showing_bar() as show:
        sweep(run, trials, show, tell)
    tell("done: the page Experiments and `dvc exp show` compare them")


def open_run(options: dict[str, Any]) -> None:
    refuse_second()
    with _serve(options) as app:
        # While the app starts: it takes as long to import what looks at models.
        run = add_named(options)
        announce([run], "first look")
        app.wait()
        _present(app.page(run=run), options)
        try:
            _build([run], is_looked_at=True)
            tell(f"{run} is built: {app.page(run=run)} (Ctrl-C ends)")
        except InputError as error:  # what is finished can be looked at
            tell(f"error: {error}")
            tell(f"what is built of it: {app.page(run=run)} (Ctrl-C ends)")
        app.process.wait()


def _serve(options: dict[str, Any]) -> App:
    return App(Path.cwd(), host=options["host"], port=options["port"])


def _present(page: str, options: dict[str, Any]) -> None:
    tell(page)
    if not options["no_browser"]:
        webbrowser.open(page)


def show_app(options: dict[str, Any]) -> None:
    with _serve(options) as app:
        app.wait()
        _present(app.page(), options)
        app.process.wait()


def show_demo(options: dict[str, Any]) -> None:
    if not is_clone(Path.cwd()):
        os.chdir(copy_demo())
    show_app(options)


def list_runs(options: dict[str, Any]) -> None:
    if options["json"]:
        tell(write_statuses())
        return
    for line in describe_runs():
        tell(line)


def remove_runs(options: dict[str, Any]) -> None:
    for run in options["runs"]:
        tell(f"{run}: removed, {remove_run(run) / 1e6:,.1f} MB")


def rename(options: dict[str, Any]) -> None:
    rename_run(options["run"], options["name"])
    tell(f"{options['run']} is {options['name']} now")


def export(options: dict[str, Any]) -> None:
    target = options["start"] / Path(options["to"]).expanduser()
    export_runs(options["runs"], target, with_weights=options["weights"])
    n_bytes = count_bytes(target)
    unpacked = "unpacked, " if target.suffix == ".zip" else ""
    folder = target.with_suffix("") if unpacked else target
    tell(
        f"{target}: {n_bytes / 1e6:,.1f} MB; {unpacked}`layerscope app --project {folder}` shows it"
    )


def run_stage(options: dict[str, Any]) -> None:
    sys.argv = [f"stages/{options['stage']}.py", *options["arguments"]]
    if not (find_home() / sys.argv[0]).is_file():
        raise InputError(f"no stage {options['stage']!r:.80}")
    run_module(f"stages.{options['stage']}", run_name="__main__", alter_sys=True)


def main() -> None:
    ensure_utf8()
    options = vars(make_parser().parse_args())
    # Ended by others, it ends its server too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    # In the background a shell has it ignore Ctrl-C, and so would each stage.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options["start"] = Path.cwd()
    with one_line_errors():
        if "project" in options:
            folder = Path(options["project"])
            open_folder(folder)
            os.chdir(folder)
        try:
            options["work"](options)
        except KeyboardInterrupt:
            print("ended: what is finished is kept, and the same command goes on", file=sys.stderr)
            sys.exit(130)
