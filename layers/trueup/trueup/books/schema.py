"""The columns of each kind of book.

Integer columns are signed 64-bit at most; a page stores each in the narrowest width that holds
it. Text columns hold any Unicode text. A column that is absent in an older page reads as 0 or "".
Columns are only ever added; a change of meaning is a new format version.
"""

from dataclasses import dataclass

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class BookSchema:
    """Column names of a kind of book, in storage order."""

    kind: str
    ints: tuple[str, ...]
    texts: tuple[str, ...] = ()
    expected: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    """Columns that mostly are a sum of some columns less others, in an order in which each can be
    found from those before; only what differs from that is stored."""
    sheet: "BookSchema | None" = None
    """The columns of the difference sheets beside the pages, where those are not the same."""

    @property
    def of_sheet(self) -> "BookSchema":
        return self.sheet or self


BASELINE = BookSchema(
    kind="baseline",
    ints=("on_hand", "committed", "damaged", "on_hold", "stated", "unknown", "stated_at"),
    expected=(("stated", ("on_hand",), ("committed", "damaged", "on_hold")),),
)
"""Positions of one location by SKU; base units. `unknown` is a set of `Unknown` bits. `stated_at`:
the instant that a row is of, milliseconds since 1970; 0: the one that the whole book is of."""

LISTINGS = BookSchema(
    kind="listings",
    ints=("pack_size", "buffer", "cap", "backorder", "cost", "price", "unset"),
    texts=("channel_product_id", "title", "gtin", "components", "currency"),
)
"""Listings of one account by listing key (domain.keys). `components` is "" or JSON
``[[sku, quantity], ...]``; `unset` is a set of `Unset` bits."""

ALIASES = BookSchema(kind="aliases", ints=(), texts=("listing_key",))
"""channel_key to listing key, for the listings whose key is not their channel key."""

_ROW_INTS = (
    "total",
    "committed",
    "damaged",
    "on_hold",
    "sellable",
    "publishable",
    "reported",
    "pack_size",
    "buffer",
    "backorder",
    "cap",
    "unknown",
    "reason",
)
_ROW_EXPECTED = (
    ("sellable", ("total",), ("committed", "damaged", "on_hold")),
    ("publishable", ("sellable",), ()),
    ("reported", ("publishable",), ()),
)

DIFFERENCES = BookSchema(
    kind="rows",
    ints=(
        *_ROW_INTS,
        "agreed_at",
        "agreed_version",
        "diverged_at",
        "diverged_version",
        "unexplained",
        "settling_until",
        "stale_since",
    ),
    texts=("cause", "causes"),
    expected=_ROW_EXPECTED,
)
"""The rows of a snapshot that do not match, with why and since when.

Nothing in it changes from run to run while a row stays as it is, so that an unchanged sheet is
not written again. The episode: `agreed_at` (the last capture that matched, of `agreed_version`;
0: none known), `diverged_at` (the first that did not, of `diverged_version`), in milliseconds
since 1970 UTC. `unexplained`: base units. `settling_until` and `stale_since`: milliseconds, 0 for
neither. `cause`: the primary one, "" none; `causes`: "" or JSON ``[[cause, base units, evidence],
...]`` without those of policy, which follow from the row. Sheets from before these columns have
the same kind and read 0 and "" there."""

ROWS = BookSchema(kind="rows", ints=_ROW_INTS, expected=_ROW_EXPECTED, sheet=DIFFERENCES)
"""A snapshot's rows of one account x channel location by row key. `unknown`: `RowUnknown` bits;
`reason`: domain.outcomes.Reason. Titles and product ids are read from the pinned listings."""

OBSERVATIONS = BookSchema(
    kind="observations",
    ints=("reported", "allocated", "unknown", "captured_at"),
    texts=("product_id", "gtin", "title"),
)
"""What a channel showed, in sorted segments; key: row key after aliases are resolved. `unknown`
are `Observed` bits. `captured_at`: milliseconds since 1970; in
segments without it, the block's. The texts are empty for listed items."""


MOVEMENTS = BookSchema(
    kind="movements",
    ints=(
        "occurred_at",
        "ordinal",
        "kind",
        "quantity",
        "on_hand",
        "committed",
        "damaged",
        "on_hold",
        "in_transit",
        "stated",
        "unknown",
        "sets",
        "netted",
        "net_group",
        "releases",
        "claim",
        "recorded_at",
    ),
    texts=(
        "id",
        "source",
        "reference",
        "actor",
        "reason",
        "bucket",
        "disposition",
        "counterpart",
        "bin",
    ),
)
"""What happened at seller locations since the base of a run's positions, in sorted segments; key:
SKU NUL `ordinal`. A SKU's first row, if its `kind` is 0, is its position at the base, with
`unknown` as in BASELINE; else that is what the pinned books say. Other rows of `kind` 0 are what
its references had open then: `quantity` by `bucket` and `reference`. The others are movements in
the order of their fold:
`on_hand` to `in_transit`: what it adds to each by itself; `sets`: the bucket that a count sets, in
the order of `domain.movements.BUCKETS` from 1 on, 0 if it is no count; `netted`: what it adds to
the commitment of its reference, and `net_group` numbers those references of the SKU, -1 without.
Claims (`claim` 1) add nothing."""


PUSHES = BookSchema(
    kind="pushes",
    ints=("quantity", "accepted_at", "before", "seen_at"),
    texts=("id",),
)
"""Quantities that were set at channel locations lately, in sorted segments; key: row key NUL NUL
and a number that tells those of one row apart. `before`: what showed then, `domain.pushes.UNREAD`
if it was not read; `seen_at`: 0 where it was not seen yet. Instants in milliseconds."""


VARIANCES = BookSchema(
    kind="variances",
    ints=(
        "expected_on_hand",
        "expected_committed",
        "expected_damaged",
        "expected_on_hold",
        "expected_sellable",
        "expected_in_transit",
        "on_hand",
        "committed",
        "damaged",
        "on_hold",
        "sellable",
        "delta",
        "unexplained",
        "unknown",
    ),
    texts=("cause", "causes", "value"),
)
"""SKUs of one location of which a source stated another position than the ledger expected, by
SKU; base units. `delta`: expected sellable less stated. `unknown`: `VarianceUnknown` bits.
`cause`: the primary one; `causes`: JSON ``[[cause, units, evidence], ...]``; `value`: JSON, minor
units at cost of |delta| by currency."""


PLANNED = BookSchema(
    kind="planned",
    ints=(
        "showed",
        "target",
        "captured_at",
        "urgency",
        "skip",
        "units",
        "value",
        "valued",
        "unexplained",
        "sellable",
        "publishable",
        "allocation",
        "backorder",
        "buffer",
        "pack_size",
        "cap",
        "attempts",
    ),
    texts=("cause", "causes", "currency", "channel_product_id", "retry_of", "note"),
)
"""The rows of a plan to force one channel location, by row key; never changed. `showed`, `target`,
`publishable`, `cap` (-1: none): channel units; `units`: |target - showed| in base units; `value`:
of these at price, minor units of `currency`, where `valued` is 1. `urgency`, `skip`: of
domain.force. `retry_of`: the id of the push that a retry has anew, `attempts` of which it is.
`note`: what a person should know of it besides."""


class VarianceUnknown:
    """Bits of a variance's `unknown`: that value is not known (and stored as 0)."""

    EXPECTED_ON_HAND = 1
    ON_HAND = 2


class Unknown:
    """Bits of a baseline's `unknown`: that value is not known (and stored as 0)."""

    ON_HAND = 1
    STATED = 2
    COMMITTED = 4
    DAMAGED = 8
    ON_HOLD = 16


class Unset:
    """Bits of a listing's `unset`: no value is given (and 0 is stored)."""

    BUFFER = 1
    CAP = 2
    COST = 4
    PRICE = 8


class RowUnknown:
    """Bits of a row's `unknown`: that value is not known (and stored as 0)."""

    TOTAL = 1
    SELLABLE = 2
    REPORTED = 4
    CAP = 8
    """No cap is set."""
    READ_ONLY = 16
    """All the same known: the channel says that the item cannot be set."""


class Observed:
    """Bits of an observation's `unknown`."""

    NO_QUANTITY = 1
    """The channel shows the item without a quantity."""
    READ_ONLY = 2
    """It cannot be set, such as stock that the marketplace owns."""
