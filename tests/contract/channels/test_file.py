"""The file connector against the conformance suite: read only, and written to."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from drop_connector import FileConnector
from tests.contract.channels.conformance import ConnectorConformance
from tests.contract.channels.subject import Subject
from tests.drops import BUCKET, put_drop
from trueup.channel.contract import AccountRef
from trueup.channel.serve import answer


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


class FileConformance(ConnectorConformance):
    config: dict[str, str | int | bool] = {}

    @pytest.fixture
    def subject(self, client: Any) -> Subject:
        one = "location,key,quantity,title\r\n" + "".join(
            f'W1,00{n},{n % 9},"Stück, {n}"\r\n' for n in range(60)
        )
        two = "key,quantity,location,allocated\nA,,W2,\nB,3,W2,1\nC,-2,W1,0\n\nD,5,W2,2"
        files = {"one.csv": (b"\xef\xbb\xbf" + one.encode(), 60), "two.csv": (two.encode(), 4)}
        put_drop(client, "acme", "3pl", "2026-01-05", files)
        connector = FileConnector(client, BUCKET)
        account = AccountRef(seller="acme", account="3pl", config=self.config)
        return Subject(lambda event: answer(connector, event), account)


class TestFileReadOnly(FileConformance):
    pass


class TestFileWritten(FileConformance):
    config = {"push": True, "reports": "on_hand", "locations": "W1, W2"}
