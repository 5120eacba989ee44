"""What the inputs say of single rows beside the columns that rows have."""

from collections.abc import Sequence
from dataclasses import dataclass

from trueup.books.schema import Unset
from trueup.compare.origin import Origin


@dataclass(frozen=True, slots=True)
class Aside:
    """Of one listed row: where its listing is in the origin, and when it was captured (ms).

    `allocated`: channel units that the channel itself has reserved. `price`: minor units of
    `currency` for a channel unit; None: not known.
    """

    listing: int
    captured_at: int
    allocated: int
    price: int | None
    currency: str


def asides_of(origin: Origin, rows: Sequence[int]) -> list[Aside]:
    """Of rows that are listed, by where they are in the page made of the origin."""
    order, index = origin.order, origin.sightings.index
    listings = rows if order is None else [int(order[row]) for row in rows]
    seen = listings if index is None else [int(index[listing]) for listing in listings]
    return [_aside(origin, *pair) for pair in zip(listings, seen, strict=True)]


def _aside(origin: Origin, listing: int, seen: int) -> Aside:
    ints, currency = origin.listed.ints, origin.listed.texts["currency"][listing]
    known = currency and not ints["unset"][listing] & Unset.PRICE
    return Aside(
        listing=listing,
        captured_at=int(origin.instants[listing]),
        allocated=int(origin.observed.ints["allocated"][seen]) if seen >= 0 else 0,
        price=int(ints["price"][listing]) if known else None,
        currency=currency,
    )
