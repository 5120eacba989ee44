"""Memberships in DynamoDB: pk is the user's sub; `seller` a text, `roles` a set of texts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trueup.adapters.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READING = "Reading a membership"


class DynamoDBMembers:
    """Who belongs to which seller."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client: Any = client
        self._table = table

    def find(self, user: str) -> Mapping[str, Any] | None:
        with translated(READING):
            found = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": user}}, ConsistentRead=True
            )
        item = found.get("Item")
        return None if item is None else {name: _plain(value) for name, value in item.items()}


def _plain(value: Mapping[str, Any]) -> Any:
    """The value in DynamoDB's typed notation; sets as lists."""
    return next(iter(value.values()))
