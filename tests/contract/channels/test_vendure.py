"""The Vendure connector against the conformance suite, on a real Vendure server."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from local.vendure import NewVariant, VendureAdmin, VendureServer, random_plan, seed
from tests.contract.channels.conformance import ConnectorConformance
from tests.contract.channels.subject import Subject
from tests.vendure_fixture import vendure_admin, vendure_server
from trueup.channel.contract import AccountRef
from trueup.channel.serve import answer
from vendure_addresses import GuardedTransport
from vendure_connector import VendureConnector
from vendure_secrets import Secrets

__all__ = ["vendure_admin", "vendure_server"]

pytestmark = pytest.mark.vendure

SECRET = "trueup/acme/vendure/shop"


@pytest.fixture(scope="module")
def shop(vendure_server: VendureServer, vendure_admin: VendureAdmin) -> VendureServer:
    """Two locations, 230 variants, open orders, SKUs that repeat and one that is missing."""
    seeded = seed(vendure_admin, random_plan(("North", "South"), 225, 6))
    north = seeded.locations[0].id
    skus = ("TWIN", "TWIN", "", "TRU-00100", "tru-00150")
    vendure_admin.create_variants([NewVariant(sku, "Other", 100, {north: 4}) for sku in skus])
    return vendure_server


@pytest.fixture(scope="module")
def subject(shop: VendureServer) -> Iterator[Subject]:
    with mock_aws():
        secrets = boto3.client("secretsmanager", region_name="eu-west-1")
        login = json.dumps({"username": shop.username, "password": shop.password})
        secrets.create_secret(Name=SECRET, SecretString=login)
        transport = GuardedTransport(allow_loopback=True)
        connector = VendureConnector(Secrets(secrets), transport, allow_loopback=True)
        account = AccountRef(seller="acme", account="shop", config={"url": shop.url}, secret=SECRET)
        yield Subject(lambda event: answer(connector, event), account, (shop.password,))
        transport.close()


class TestVendure(ConnectorConformance):
    pass
