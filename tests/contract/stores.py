"""Tables for contract tests, made in whatever answers at an endpoint."""

from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LOCAL: dict[str, Any] = {
    "region_name": "us-east-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}


def registry_table(client: "DynamoDBClient") -> str:
    """A new registry table; its name."""
    name = f"registry-{uuid4()}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("pk", "sk"),
        AttributeDefinitions=_strings("pk", "sk", "agenda_pk", "agenda_sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "agenda",
                "KeySchema": _keys("agenda_pk", "agenda_sk"),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    return name


def audit_table(client: "DynamoDBClient") -> str:
    """A new table for audit trails; its name."""
    name = f"audit-{uuid4()}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("pk", "sk"),
        AttributeDefinitions=_strings("pk", "sk"),
    )
    return name


def pages_table(client: "DynamoDBClient") -> str:
    """A new pages table; its name."""
    name = f"pages-{uuid4()}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("pk", "sk"),
        AttributeDefinitions=_strings("pk", "sk"),
    )
    return name


def ledger_table(client: "DynamoDBClient") -> str:
    """A new table of ledgers; its name."""
    name = f"ledger-{uuid4()}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("pk", "sequence"),
        AttributeDefinitions=[
            *_strings("pk"),
            {"AttributeName": "sequence", "AttributeType": "N"},
        ],
    )
    return name


def _keys(hash_key: str, range_key: str) -> list[Any]:
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


def _strings(*names: str) -> list[Any]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]
