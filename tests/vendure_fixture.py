"""A Vendure shop for each test module that asks for one: in memory, gone afterwards."""

from collections.abc import Iterator

import pytest

from local.vendure import VendureAdmin, VendureServer


@pytest.fixture(scope="module")
def vendure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VendureServer]:
    with VendureServer.start(tmp_path_factory.mktemp("vendure")) as server:
        yield server


@pytest.fixture(scope="module")
def vendure_admin(vendure_server: VendureServer) -> Iterator[VendureAdmin]:
    with VendureAdmin.of(vendure_server) as admin:
        yield admin
