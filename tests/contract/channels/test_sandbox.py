"""The sandbox against the conformance suite, both as an available and as an on-hand channel."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from sandbox_admin import Admin, administer, is_administrative
from sandbox_client import SandboxClient
from sandbox_connector import SandboxConnector
from sandbox_store import Store
from tests.contract.channels.conformance import ConnectorConformance
from tests.contract.channels.subject import Subject
from trueup.channel.contract import AccountRef
from trueup.channel.serve import answer

ACCOUNT = {"seller": "acme", "account": "sandbox-1"}


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName="sandbox",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        yield Store(client, "sandbox")


class SandboxConformance(ConnectorConformance):
    reports = "available"

    @pytest.fixture
    def subject(self, store: Store) -> Subject:
        def call(event: dict[str, object]) -> dict[str, object]:
            if is_administrative(event):
                return administer(Admin(store), event)
            return answer(SandboxConnector(store), event)

        items = [(f"SKU-{n:04d}", n % 50, n % 3, f"p{n}", "", f"Artikel №{n}") for n in range(90)]
        client = SandboxClient(call, ACCOUNT)
        client.seed({"A#1": items, "A": items[::2], "empty": []}, reports=self.reports)
        client.put("A", [("NO-QUANTITY", None), ("#odd\U0001f600", 7)])
        client.faults(page_rows=20)
        client.sell("A", "SKU-0030", 2)
        return Subject(call, AccountRef(seller="acme", account="sandbox-1"))


class TestSandboxAvailable(SandboxConformance):
    pass


class TestSandboxOnHand(SandboxConformance):
    reports = "on_hand"
