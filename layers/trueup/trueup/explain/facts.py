"""What is known of one row when it is explained, and what an explanation says. Pure values."""

from enum import StrEnum

import msgspec

from trueup.domain.movements import Movement
from trueup.domain.outcomes import Outcome
from trueup.domain.stock import Position, Terms


class Cause(StrEnum):
    """Why a row's delta is not zero; docs/causes.md defines each."""

    BUFFER = "buffer"
    BACKORDER = "backorder"
    ALLOCATION = "allocation"
    PACK_REMAINDER = "pack_remainder"
    CAP = "cap"
    FLOOR_AT_ZERO = "floor_at_zero"
    KIT_COMPONENT = "kit_component"
    POOL = "pool"
    PUSH_NOT_VISIBLE = "push_not_visible"
    LAG = "lag"
    ORDERS_NOT_IMPORTED = "orders_not_imported"
    CHANNEL_SOLD = "channel_sold"
    IN_TRANSIT = "in_transit"
    HOLD_SHOWN = "hold_shown"
    RESERVATION_TWICE = "reservation_twice"
    DUPLICATE_EVENT = "duplicate_event"
    MISSED_EVENT = "missed_event"
    HAND_EDIT = "hand_edit"
    OVERWRITTEN = "overwritten"
    PACK_AS_UNITS = "pack_as_units"
    SWAPPED_LOCATIONS = "swapped_locations"
    MOVED_BETWEEN_SNAPSHOTS = "moved_between_snapshots"


class Snapshot(msgspec.Struct, frozen=True):
    """A location's position of one SKU as a source stated it."""

    at: int
    position: Position


class Stock(msgspec.Struct, frozen=True):
    """One SKU at one seller location: where we start from, and what happened since.

    `base` is the position at `base_at` (milliseconds), which all that occurred up to then is part
    of; None: not known. `movements`: those after `base_at`, in fold order, **also those dated
    after the capture** (up to the run's cut), without claims. `nets`: at `base_at`, the net of
    each (bucket, reference) that `domain.movements.net_of` netted before. `snapshots`: only for a
    location whose source provides no movements: the newest ones, oldest first.
    """

    location: str
    share: int
    base: Position | None
    base_at: int
    in_transit: int = 0
    nets: dict[tuple[str, str], int] = {}
    movements: tuple[Movement, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    snapshots_only: bool = False
    settle_seconds: int = 900
    """The larger of the source's and the channel's settle time."""


class Component(msgspec.Struct, frozen=True):
    """A kit's component: its stock by member location."""

    sku: str
    per_kit: int
    stocks: tuple[Stock, ...]


class Push(msgspec.Struct, frozen=True):
    """A quantity (channel units, available) that we, or a tool of ours, set at the channel.

    `before`: what the channel showed then (None: not read). `seen_at`: when it was read back or
    captured as set (None: not yet).
    """

    id: str
    quantity: int
    accepted_at: int
    before: int | None = None
    seen_at: int | None = None


class Capture(msgspec.Struct, frozen=True):
    """How the row stood when it was captured the time before. None: not known."""

    at: int
    reported: int | None
    publishable: int | None
    matched: bool


class Sibling(msgspec.Struct, frozen=True):
    """The same item at another location of the account, in the same run; channel units."""

    location: str
    publishable: int
    reported: int


class Facts(msgspec.Struct, frozen=True):
    """Everything known of one listed row. Instants in milliseconds; quantities as named.

    `reported`, `allocated` and `publishable` in channel units; `publishable` and `sellable` are
    as of `captured_at`, as the comparison computed them. `orders`: claims by the channel's own
    order feed for this item (kinds RESERVE or SHIP, base units), up to the run's cut.
    `order_references`: the references that our own ledger has of these orders. `captures`: how
    often in a row this one differed, this capture included.
    """

    key: str
    sku: str
    captured_at: int
    now: int
    terms: Terms
    tolerated: bool
    sellable: int
    publishable: int
    reported: int
    allocated: int = 0
    stocks: tuple[Stock, ...] = ()
    components: tuple[Component, ...] = ()
    previous: Capture | None = None
    captures: int = 1
    pushes: tuple[Push, ...] = ()
    push_settle_seconds: int = 900
    orders: tuple[Movement, ...] = ()
    order_references: frozenset[str] = frozenset()
    siblings: tuple[Sibling, ...] = ()


Evidence = dict[str, str | int | list[str]]


class Finding(msgspec.Struct, frozen=True):
    """One cause, its share of the delta in base units, and its evidence.

    `evidence` has movement ids (``source:id``), push ids, order references, instants (ISO 8601)
    and quantities by name; small, for people and for the evidence bundle.
    """

    cause: Cause
    units: int
    evidence: Evidence = {}


class Explanation(msgspec.Struct, frozen=True):
    """`sum(finding.units) + unexplained == delta`, always. `settling_until`, `stale_since`: ms."""

    findings: tuple[Finding, ...]
    unexplained: int
    outcome: Outcome
    settling_until: int | None = None
    stale_since: int | None = None
