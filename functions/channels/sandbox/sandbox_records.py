"""How the sandbox's records look in DynamoDB: keys, attributes, conditions."""

import zlib
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from sandbox_shop import Shop
from trueup.channel.contract import AccountRef

T = TypeVar("T")
Attributes = dict[str, Any]


class Quantities(msgspec.Struct, frozen=True):
    """What a changed item has now."""

    available: int | None
    allocated: int


class Receipt(msgspec.Struct, frozen=True):
    """What a push of one idempotency key did, in the sense the shop reports."""

    before: int | None
    after: int | None


def still(old: Quantities | None) -> Attributes:
    """The condition that an item has these quantities still."""
    if old is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "available = :available AND allocated = :allocated",
        "ExpressionAttributeValues": {
            ":available": attributes(old)["available"],
            ":allocated": attributes(old)["allocated"],
        },
    }


def key(account: AccountRef, sort: str) -> Attributes:
    return {"pk": {"S": f"{account.seller}#{account.account}"}, "sk": {"S": sort}}


def page_key(shop: Shop, location: str, number: int) -> str:
    return f"page#{shop.generation}#{quote(location, safe='')}#{number:06d}"


def item_key(shop: Shop, location: str, item: str) -> str:
    # Quoted, so that a '#' in a location's id cannot make two items one.
    return f"item#{shop.generation}#{quote(location, safe='')}#{item}"


def number(value: int) -> Attributes:
    return {"N": str(value)}


def attributes(quantities: Quantities) -> Attributes:
    available = quantities.available
    shown = {"NULL": True} if available is None else number(available)
    return {"available": shown, "allocated": number(quantities.allocated)}


def quantities(item: Attributes) -> Quantities:
    shown = item["available"].get("N")
    return Quantities(None if shown is None else int(shown), int(item["allocated"]["N"]))


def pack(value: object) -> Attributes:
    return {"B": zlib.compress(msgspec.json.encode(value), 3)}


def unpack(body: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(zlib.decompress(body), type=kind)
