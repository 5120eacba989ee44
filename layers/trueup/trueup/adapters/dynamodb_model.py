"""The registry table as PynamoDB sees it. Private to `dynamodb_registry`.

PynamoDB gives the attributes, the conditions and their serialisation. Its calls go through the
botocore client that all adapters share, so that timeouts, retries and connections are the same.
"""

from typing import TYPE_CHECKING, Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from trueup.adapters.registry_items import Item
from trueup.adapters.registry_writes import Change
from trueup.domain.errors import DefectError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AGENDA_INDEX = "agenda"


class Record(Model):
    """One record. `write` is the token of the call that wrote it: see `dynamodb_registry`."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    record = UnicodeAttribute()
    version = NumberAttribute()
    body = UnicodeAttribute()
    write = UnicodeAttribute()
    guard = UnicodeAttribute(null=True)
    agenda_pk = UnicodeAttribute(null=True)
    agenda_sk = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class Table(Connection):
    """A PynamoDB connection to the registry's tables, over a client given to it.

    `audit` is the table of the audit trail; empty where a function has nothing to do with it.
    """

    def __init__(self, client: "DynamoDBClient", name: str, audit: str = "") -> None:
        super().__init__(region=client.meta.region_name)
        self._given: Any = client
        self._names = {"registry": name, "audit": audit}
        for known in filter(None, (name, audit)):
            self.add_meta_table(MetaTable(_schema(known)))

    def named(self, store: str) -> str:
        """A store's table; DefectError where this function was not given it."""
        name = self._names[store]
        if not name:
            raise DefectError(f"This function has no table for the {store}.")
        return name

    @property
    def client(self) -> Any:
        return self._given

    def operation(self, pk: str, change: Change, token: str) -> tuple[str, dict[str, Any]]:
        """A change as an action of a transaction: its name and its arguments."""
        condition = _condition(change)
        if change.item is not None:
            attributes = _attributes(pk, change.item, token)
            return "Put", self._arguments(pk, change, "Item", condition, attributes)
        action = "Delete" if change.delete else "ConditionCheck"
        return action, self._arguments(pk, change, "Key", condition)

    def _arguments(
        self, pk: str, change: Change, key: str, condition: Condition | None, attributes: Any = None
    ) -> dict[str, Any]:
        return self.get_operation_kwargs(
            self.named(change.store),
            pk,
            range_key=change.sk,
            key=key,
            attributes=attributes,
            condition=condition,
            return_values_on_condition_failure="ALL_OLD",  # tells why
        )


def _attributes(pk: str, item: Item, token: str) -> dict[str, Any]:
    agenda_pk, agenda_sk = item.agenda or (None, None)
    record = Record(
        pk,
        item.sk,
        record=item.record,
        version=item.version,
        body=item.body,
        write=token,
        guard=item.guard,
        agenda_pk=agenda_pk,
        agenda_sk=agenda_sk,
        expires_at=item.expires_at,
    )
    return {name: value for name, value in record.serialize().items() if name not in ("pk", "sk")}


def _condition(change: Change) -> Condition | None:
    conditions: list[Condition] = []
    if change.absent:
        nobody_was_first = Record.pk.does_not_exist()
        conditions.append(nobody_was_first)
    if change.version is not None:
        nobody_wrote_since = Record.version == change.version
        conditions.append(nobody_wrote_since)
    if change.guard is not None:
        lease_is_still_held = Record.guard == change.guard
        conditions.append(lease_is_still_held)
    condition = None
    for part in conditions:
        condition = part if condition is None else condition & part
    return condition


def _schema(name: str) -> dict[str, Any]:
    """What PynamoDB would otherwise ask DescribeTable for."""
    keys = ("pk", "sk", "agenda_pk", "agenda_sk")
    return {
        "TableName": name,
        "KeySchema": _key_schema("pk", "sk"),
        "AttributeDefinitions": [{"AttributeName": k, "AttributeType": "S"} for k in keys],
        "GlobalSecondaryIndexes": [
            {"IndexName": AGENDA_INDEX, "KeySchema": _key_schema("agenda_pk", "agenda_sk")}
        ],
    }


def _key_schema(hash_key: str, range_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]
