"""Trueup on an embedded stack, for the tests marked `stack`: one a process, gone afterwards.

Under pytest-xdist every worker that gets such a test starts a stack of its own, on a port of its
own. `--dist loadfile` keeps the tests of a file together and in order: some go on from what those
before them left. (Groups across files, which would save a stack, need `--dist loadgroup`, and
pytest-xdist 3.8 cannot name them to pytest 9.2.)
"""

import shutil
from collections.abc import Iterator

import pytest

from local.embedded import Embedded, deployed


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    state = tmp_path_factory.mktemp("stack")
    with deployed(state) as trueup:
        yield trueup
    for data in ("services", "s3"):  # the log stays, for whoever wants to know why
        shutil.rmtree(state / data, ignore_errors=True)
