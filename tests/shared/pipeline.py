"""A pipeline of three stages that take no time, and can wait or refuse."""

from __future__ import annotations

import json
from pathlib import Path

from tests.shared.project import ROOT

# Each writes its setting behind what the stage before wrote, and notes in the folder NOTES that it ran.
_WORK = f"""
import os, sys, time
from functools import reduce
from pathlib import Path
sys.path.append({str(ROOT)!r})
from layerscope.progress import report
from ruamel.yaml import YAML
stage, run, key, before, out = sys.argv[1:]
notes = Path(os.environ.get("NOTES", "."))
report(stage=f"{{stage}}@{{run}}")
setting = reduce(lambda found, part: found[part], key.split("."), YAML(typ="safe").load(Path("params.yaml")))
if setting in ("refuse", 77):
    sys.exit("error: the setting is refused")
while setting in ("wait", 88) and not (notes / "go").exists():
    (notes / "waiting").touch()
    time.sleep(0.02)
report(label="half", done=1, of=2)
text = (Path(before).read_text() if before else "") + str(setting)
Path(out).parent.mkdir(parents=True, exist_ok=True)
Path(out).write_text(text)
with (notes / "log").open("a") as log:
    log.write(f"{{stage}}@{{run}} ")
"""


def write_pipeline(**settings: str) -> None:
    """Make the working folder a project that keeps no history; ``params.yaml`` is the caller's.

    Parameters
    ----------
    **settings : str
        Of each stage, in order, what it reads in ``params.yaml``. It makes ``data/<run>/<stage>``.
    """
    stages, before = {}, ""
    for stage, key in settings.items():
        out = f"data/${{key}}/{stage}"
        stages[stage] = {"foreach": "${runs}", "do": {
            "cmd": f"python work.py {stage} ${{key}} {key} '{before}' {out}",
            "params": [key],
            "deps": [before or "work.py"],
            "outs": [out],
        }}  # fmt: skip
        before = out
    Path("work.py").write_text(_WORK)
    Path("dvc.yaml").write_text(json.dumps({"stages": stages}))
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
