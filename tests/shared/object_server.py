"""A server on this machine that speaks S3, for tests of object storage; see `conftest.bucket`."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import fsspec
import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem
from zarr.core.sync import sync

SECRET = "not-a-real-secret"


def forget_sessions() -> None:
    """Let filesystems be opened anew, from the environment as it then is.

    Those that Zarr uses belong to its event loop: nothing else closes them.
    """
    for filesystem in list(S3FileSystem._cache.values()):
        if filesystem.asynchronous and filesystem._s3 is not None:
            sync(filesystem._s3.close())
    S3FileSystem.clear_instance_cache()


@contextmanager
def serving_objects() -> Iterator[str]:
    """An S3-compatible server on this machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    yield f"http://{host}:{port}"
    forget_sessions()
    started.stop()


def make_bucket(server: str, patch: pytest.MonkeyPatch) -> str:
    """A folder in an empty bucket, which the environment leads to."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }.items():
        patch.setenv(name, value)
    name = f"bucket-{uuid.uuid4().hex}"
    fsspec.filesystem("s3", use_listings_cache=False).mkdir(name)
    return f"s3://{name}/prefix"
