"""The sandbox's table. A shop's partition is `{seller}#{account}`; records by sort key:

shop                                the shop: locations, extents of pages, faults
page#{generation}#{location}#{n}    a page of items, compressed
item#{generation}#{location}#{key}  the quantities of an item that changed since
done#{idempotency key}              what a push did
count#{name}                        counters of faults
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from botocore.exceptions import ClientError

import sandbox_records as records
from sandbox_records import Attributes, Quantities, Receipt
from sandbox_shop import Item, Shop
from trueup.channel.contract import AccountRef

DELETE_AT_ONCE = 25
_CHANGED = (
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
    "TransactionConflictException",
)


class NoShopError(Exception):
    """Nobody has filled this account's shop yet."""


class ChangedError(Exception):
    """A condition failed: somebody else changed the record."""


class Store:
    """The records of all shops; raises botocore's errors, NoShopError and ChangedError."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def shop(self, account: AccountRef) -> Shop:
        shop = self.find_shop(account)
        if shop is None:
            raise NoShopError
        return shop

    def find_shop(self, account: AccountRef) -> Shop | None:
        found = self._get(account, "shop")
        return None if found is None else records.unpack(found["body"]["B"], Shop)

    def save_shop(self, account: AccountRef, shop: Shop) -> None:
        """Write over the version this shop was read as; ChangedError if there is a newer one."""
        newer = msgspec.structs.replace(shop, version=shop.version + 1)
        item = {
            **records.key(account, "shop"),
            "body": records.pack(newer),
            "version": records.number(newer.version),
        }
        # "version" is a reserved word in expressions.
        unchanged = {
            "ConditionExpression": "attribute_not_exists(pk) OR #version = :version",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":version": records.number(shop.version)},
        }
        self._write(self._client.put_item, TableName=self._table, Item=item, **unchanged)

    def put_page(
        self, account: AccountRef, shop: Shop, location: str, number: int, items: Sequence[Item]
    ) -> None:
        key = records.key(account, records.page_key(shop, location, number))
        body = records.pack(list(items))
        self._client.put_item(TableName=self._table, Item={**key, "body": body})

    def page(self, account: AccountRef, shop: Shop, location: str, number: int) -> list[Item]:
        found = self._get(account, records.page_key(shop, location, number))
        return [] if found is None else records.unpack(found["body"]["B"], list[Item])

    def changes(
        self, account: AccountRef, shop: Shop, location: str, first: str, last: str
    ) -> dict[str, Quantities]:
        """Items of a location that changed, from the key `first` to `last`."""
        prefix = records.item_key(shop, location, "")
        found = self._query(
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": records.key(account, "")["pk"],
                ":first": {"S": prefix + first},
                ":last": {"S": prefix + last},
            },
        )
        return {item["sk"]["S"].removeprefix(prefix): records.quantities(item) for item in found}

    def change_of(
        self, account: AccountRef, shop: Shop, location: str, key: str
    ) -> Quantities | None:
        found = self._get(account, records.item_key(shop, location, key))
        return None if found is None else records.quantities(found)

    def set_quantities(
        self,
        account: AccountRef,
        shop: Shop,
        location: str,
        key: str,
        new: Quantities,
        old: Quantities | None,
        receipt: tuple[str, Receipt] | None = None,
    ) -> None:
        """Write an item's quantities over `old` (None: it never changed), with a push's receipt.

        ChangedError if it has others now, or if the receipt is there already.
        """
        sort = records.item_key(shop, location, key)
        item = {**records.key(account, sort), **records.attributes(new)}
        put = {"TableName": self._table, "Item": item, **records.still(old)}
        if receipt is None:
            self._write(self._client.put_item, **put)
            return
        name, done = receipt
        once = {
            "TableName": self._table,
            "Item": {**records.key(account, f"done#{name}"), "body": records.pack(done)},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        self._write(self._client.transact_write_items, TransactItems=[{"Put": once}, {"Put": put}])

    def receipt(self, account: AccountRef, idempotency_key: str) -> Receipt | None:
        """What a push of this idempotency key did; None if there was none."""
        found = self._get(account, f"done#{idempotency_key}")
        return None if found is None else records.unpack(found["body"]["B"], Receipt)

    def count(self, account: AccountRef, name: str) -> int:
        """One more than the last time."""
        answer = self._client.update_item(
            TableName=self._table,
            Key=records.key(account, f"count#{name}"),
            UpdateExpression="ADD times :one",
            ExpressionAttributeValues={":one": records.number(1)},
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["times"]["N"])

    def forget(self, account: AccountRef, prefix: str) -> None:
        """Delete the records of a shop whose sort keys begin so."""
        found = self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={
                ":pk": records.key(account, "")["pk"],
                ":prefix": {"S": prefix},
            },
            ProjectionExpression="pk, sk",
        )
        requests = [{"DeleteRequest": {"Key": key}} for key in found]
        for start in range(0, len(requests), DELETE_AT_ONCE):
            self._delete(requests[start : start + DELETE_AT_ONCE])

    def forget_item(self, account: AccountRef, shop: Shop, location: str, key: str) -> None:
        """Forget that an item's quantities changed since it was filled in."""
        found = records.key(account, records.item_key(shop, location, key))
        self._delete([{"DeleteRequest": {"Key": found}}])

    def _delete(self, requests: list[Attributes]) -> None:
        while requests:
            answer = self._client.batch_write_item(RequestItems={self._table: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])

    def _query(self, **conditions: Any) -> Iterable[Attributes]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, ConsistentRead=True, **conditions
        )
        return (item for page in pages for item in page["Items"])

    def _get(self, account: AccountRef, sort: str) -> Attributes | None:
        answer = self._client.get_item(
            TableName=self._table, Key=records.key(account, sort), ConsistentRead=True
        )
        found: Attributes | None = answer.get("Item")
        return found

    def _write(self, call: Any, **arguments: Any) -> None:
        try:
            call(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in _CHANGED:
                raise ChangedError from error
            raise
