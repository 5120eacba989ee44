"""What the owner of a sandbox shop may order. These are not part of the channel contract."""

from typing import Annotated, Literal

import msgspec

from sandbox_shop import Faults, Item
from trueup.channel.contract import AccountRef, Code, Count

Units = Annotated[int, msgspec.Meta(ge=1)]


class Filling(msgspec.Struct, frozen=True):
    """A location and its items, in any order; keys are unique."""

    id: Code
    name: str = ""
    code: str = ""
    items: list[Item] = []


class Generate(msgspec.Struct, frozen=True):
    """Items made up for each location: the same arguments give the same items."""

    items: Count
    seed: int = 1
    prefix: str = "SKU-"
    largest: Count = 200


class Seed(msgspec.Struct, frozen=True, tag_field="operation", tag="sandbox.seed"):
    """Fill the shop anew; what was in it is forgotten, faults too."""

    account: AccountRef
    locations: list[Filling]
    reports: Literal["available", "on_hand"] = "available"
    generate: Generate | None = None


class Append(msgspec.Struct, frozen=True, tag_field="operation", tag="sandbox.append"):
    """More items for a location, whose keys all come after those it has."""

    account: AccountRef
    location: Code
    items: list[Item]


class Edit(msgspec.Struct, frozen=True, tag_field="operation", tag="sandbox.edit"):
    """Change a location as its owner might: set `available`, put or replace items, remove keys.

    Setting is atomic by item. Putting and removing are not: order them one after the other.
    """

    account: AccountRef
    location: Code
    available: dict[str, int | None] = {}
    put: list[Item] = []
    remove: list[str] = []


class Sell(msgspec.Struct, frozen=True, tag_field="operation", tag="sandbox.sell"):
    """Sell units if so many are available; unless they are shipped at once, they are reserved."""

    account: AccountRef
    location: Code
    key: str
    units: Units = 1
    ship: bool = True


class TellFaults(msgspec.Struct, frozen=True, tag_field="operation", tag="sandbox.faults"):
    """From now on, go wrong like this; counters begin anew. None: go wrong no more."""

    account: AccountRef
    faults: Faults | None = None


class Look(msgspec.Struct, frozen=True, tag_field="operation", tag="sandbox.look"):
    """The items of these keys at a location as they are now."""

    account: AccountRef
    location: Code
    keys: list[str]


Order = Seed | Append | Edit | Sell | TellFaults | Look


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """`refused`: nothing was changed, and `reason` says why. `items`: as they are now."""

    outcome: Literal["ok", "refused"] = "ok"
    reason: str = ""
    items: list[Item] = []
    locations: dict[str, int] = {}
