"""No message shows any part of a secret that somebody put into an address."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.errors import InputError
from layerscope.params import read_params
from layerscope.storage.remote import check_url, reaching
from tests.shared.project import ROOT

# What a secret may be made of, without letters that the messages themselves are made of.
SECRETS = st.text("QXZJ0987+/=:%", min_size=6, max_size=30)
FORMS = (
    "s3://{}@bucket/folder",  # a user alone
    "s3://key:{}@bucket/folder",
    "s3://key:{}%40bucket/folder",
    "ftp://me:{}@host/x",
    "s3://bucket/x?signature={}",
    "s3://bucket/x#{}",
    "{}://bucket@x",
    "simplecache::s3://{}@bucket/x",
)
PARAMS = (ROOT / "params.yaml").read_text(encoding="utf-8")


def assert_hidden(secret: str, told: str) -> None:
    parts = {secret[i : i + 4] for i in range(len(secret) - 3)}
    assert not [part for part in parts if part in told], told
    assert "\n" not in told


@given(SECRETS, st.sampled_from(FORMS))
def test_an_address_with_a_secret_is_refused_and_not_shown(secret: str, form: str) -> None:
    with pytest.raises(InputError) as error:
        check_url(form.format(secret), "params.yaml: ")
    assert_hidden(secret, str(error.value))


@given(SECRETS, st.sampled_from(FORMS))
def test_what_a_library_says_is_masked(secret: str, form: str) -> None:
    if form.startswith("{}"):
        return  # a protocol is no place that a library would be told a secret in
    with pytest.raises(InputError) as error, reaching("s3://bucket/x"):
        raise ConnectionError(f'Could not reach "{form.format(secret)}" just now')
    assert_hidden(secret, str(error.value))
    assert str(error.value).count("just now") == 1


@pytest.mark.parametrize(
    "edit",
    [
        'storage: "{}"',
        'storage: ["{}"]',
        'scheduler: "tcp://key:{}@host:8786"',
        'workers: "{}"',
        'storage: "{}"\n  storage: "{}"',
        'unknown: "{}"',
        'storage: "{}',
    ],
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(secret=SECRETS, form=st.sampled_from(FORMS))
def test_params_with_a_secret_are_refused_without_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, edit: str, secret: str, form: str
) -> None:
    caplog.set_level(logging.DEBUG)
    address = form.format(secret)
    key = edit.partition(":")[0]
    kept = [line for line in PARAMS.split("\n") if not line.startswith(f"  {key}:")]
    start = next(number for number, line in enumerate(kept) if line.startswith("compute:"))
    kept.insert(start + 1, "  " + edit.replace("{}", address))
    file = tmp_path / "params.yaml"
    file.write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_params(file)
    assert_hidden(secret, str(error.value))
    assert secret not in caplog.text
