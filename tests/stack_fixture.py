"""Trueup on an embedded stack, for the tests marked `stack`: one a run, gone afterwards.

Under pytest-xdist with `--dist loadgroup` all of them go to one worker, which holds the one stack;
with another distribution every worker that gets one starts its own, on a port of its own. Those
that need a Vendure server, and no stack, are kept together likewise.
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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for server in ("stack", "vendure"):
            if item.get_closest_marker(server):
                item.add_marker(pytest.mark.xdist_group(server))
                break
