"""A cluster that `make` starts: who reaches it, and with TLS, who may come in."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from operator import add
from pathlib import Path

import dask
import psutil
import pytest
from distributed.security import Security

from layerscope.errors import InputError
from layerscope.parallel import working
from tests.shared.project import ROOT

pytestmark = pytest.mark.slow
_TLS = "DASK_DISTRIBUTED__COMM__TLS__"


def write_certificates(folder: Path) -> dict[str, str]:
    """Certificates of one authority of its own, and what tells Dask of them."""
    folder.mkdir()
    made = Security.temporary()
    (folder / "ca.pem").write_text(made.tls_ca_file, encoding="utf-8")
    (folder / "cert.pem").write_text(made.tls_client_cert, encoding="utf-8")
    (folder / "key.pem").write_text(made.tls_client_key, encoding="utf-8")
    told = {f"{_TLS}CA_FILE": str(folder / "ca.pem")}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        told[f"{_TLS}{role}__CERT"] = str(folder / "cert.pem")
        told[f"{_TLS}{role}__KEY"] = str(folder / "key.pem")
    encrypted = "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"
    return told | {encrypted: "true", "DASK_DISTRIBUTED__COMM__DEFAULT_SCHEME": "tls"}


def configured(told: dict[str, str]) -> dask.config.set:
    """Dask as it is in this process, and told something more."""
    return dask.config.set(dask.config.merge(dask.config.config, dask.config.collect_env(env=told)))


@contextmanager
def started(expected: str, *arguments: str, **environment: str) -> Iterator[tuple[str, int]]:
    """A target of `make`, and what stands behind `expected` in what it says."""
    process = subprocess.Popen(
        ["make", "-s", "-o", ".venv/.installed", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if expected in line:
                break
        else:
            raise AssertionError("".join(said))
        reader = threading.Thread(target=process.stdout.read)  # else its pipe fills and it waits
        reader.start()
        yield line.rpartition(expected)[2].strip(), process.pid
        os.killpg(process.pid, signal.SIGTERM)
        reader.join()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        process.stdout.close()


def listening(pid: int) -> set[str]:
    """Addresses that a process and its children take calls at."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    found = (each for process in processes for each in process.net_connections("inet"))
    return {each.laddr.ip for each in found if each.status == psutil.CONN_LISTEN}


def test_without_a_word_only_this_machine_is_listened_to() -> None:
    with (
        started("Scheduler at:", "scheduler", "PORT=0") as (address, scheduler),
        started("Registered to:", "workers", f"SCHEDULER={address}", "WORKERS=1") as (_, worker),
    ):
        assert listening(scheduler) == listening(worker) == {"127.0.0.1"}
        with working(address) as workers:
            assert list(workers.map(add, [(1, 2)])) == [3]


def test_with_certificates_nobody_comes_in_without(tmp_path: Path) -> None:
    ours, others = (write_certificates(tmp_path / name) for name in ("ours", "others"))
    with started("Scheduler at:", "scheduler", "PORT=0", **ours) as (address, _):
        assert address.startswith("tls://127.0.0.1:")
        named = f"SCHEDULER={address}"
        with started("Registered to:", "workers", named, "WORKERS=1", **ours):
            with (
                configured(ours),
                working(address) as workers,
            ):
                assert list(workers.map(add, [(1, 2)])) == [3]
            stranger = address.replace("tls:", "tcp:")
            for where, told in ((address, {}), (stranger, {}), (address, others)):
                with (
                    configured(told),
                    pytest.raises(InputError, match="no Dask scheduler answers") as error,
                    working(where),
                ):
                    pass
                assert "\n" not in str(error.value)
