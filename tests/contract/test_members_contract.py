"""A membership that is there and is not found, or is read as something else."""

import boto3
import pytest
from moto import mock_aws

from tests.contract.stores import LOCAL
from trueup.adapters.dynamodb_members import DynamoDBMembers
from trueup.domain.errors import TrueupError
from trueup.usecases.auth import membership_claims


@mock_aws
def test_a_member_is_found_with_seller_and_roles() -> None:
    client = boto3.client("dynamodb", **LOCAL)
    client.create_table(
        TableName="members",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    roles = {"SS": ["viewer", "admin"]}
    item = {"pk": {"S": "u"}, "seller": {"S": "acme"}, "roles": roles}
    client.put_item(TableName="members", Item=item)  # type: ignore[arg-type]
    members = DynamoDBMembers(client, "members")
    assert membership_claims(members.find("u")) == {"seller": "acme", "roles": "admin viewer"}
    assert members.find("v") is None


@mock_aws
def test_a_table_that_fails_is_an_error_of_ours() -> None:
    members = DynamoDBMembers(boto3.client("dynamodb", **LOCAL), "absent")
    with pytest.raises(TrueupError):
        members.find("u")
