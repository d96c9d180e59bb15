"""Networks of every kind through all stages, methods and pages: each works, or is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared.networks import STAGES, Outcome, try_network
from tests.shared.own_models import OWN

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

REFUSED: dict[str, tuple[str, str]] = {  # by network: the stage, and a part of the line
    "two inputs": ("predict", "input"),
    "NaN": ("predict", "finite"),
}


def check(outcome: Outcome) -> None:
    assert not outcome.failed, "\n".join(outcome.failed.values())


@pytest.mark.parametrize("name", OWN)
def test_networks_of_people_work_or_are_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = try_network(name)
    check(outcome)
    if name in REFUSED:
        stage, part = REFUSED[name]
        assert part in outcome.refused[stage]
    else:
        assert set(STAGES) - {"cam"} <= set(outcome.worked)


@pytest.mark.parametrize("layers", ["stages", "blocks", "all"])
@pytest.mark.parametrize("name", ["test_vit", "test_convnext", "test_mambaout"])
def test_families_work_at_every_depth(
    name: str, layers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = try_network(f"timm:{name}", layers=layers, methods=layers == "blocks", pages=("",))
    check(outcome)
    assert set(STAGES) <= set(outcome.worked) and outcome.nodes > 3


def test_the_path_of_a_class_token_works_in_all_stages_and_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = try_network("timm:test_vit", layers="tokens", methods=False)
    check(outcome)
    assert set(STAGES) <= set(outcome.worked)
