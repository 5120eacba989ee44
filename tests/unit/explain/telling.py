"""Rows of one shop's mug, told in a few words: the capture is at noon, positions from 06:00."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from trueup.domain.movements import Movement, MovementKind
from trueup.domain.stock import Position, Terms, publishable
from trueup.explain.explain import explain
from trueup.explain.facts import Cause, Explanation, Facts, Finding, Stock

DAY = datetime(2026, 5, 4, tzinfo=UTC)


def at(clock: str) -> int:
    """Milliseconds of a time of the day, as ``10:42``."""
    hours, minutes = clock.split(":")
    return int(DAY.timestamp() * 1000) + (int(hours) * 60 + int(minutes)) * 60_000


NOON = at("12:00")


def moved(kind: str, quantity: int, clock: str, reference: str = "", **more: Any) -> Movement:
    """A movement of the warehouse, named by its time: ``wms:10:42``."""
    fields = {"source": "wms", "id": clock, "location": "main", **more}
    return Movement(
        kind=MovementKind[kind.upper()],
        sku="MUG",
        quantity=quantity,
        occurred_at=at(clock),
        reference=reference,
        **fields,
    )


def sold(quantity: int, clock: str, reference: str) -> Movement:
    """An order as the channel's own feed tells it."""
    return moved("reserve", quantity, clock, reference, source="feed", id=reference, claim=True)


def stock(
    on_hand: int, *movements: Movement, location: str = "main", share: int = 100, **more: Any
) -> Stock:
    parts = {name: more.pop(name, 0) for name in ("committed", "damaged", "on_hold")}
    base = Position(on_hand=on_hand, **parts)
    return Stock(
        location, share, base, at("06:00"), movements=movements, settle_seconds=900, **more
    )


def row(
    sellable: int, shows: int, *stocks: Stock, terms: Terms | None = None, **more: Any
) -> Facts:
    """A row of which so much is sellable at noon, and of which the channel shows so much."""
    terms = terms or Terms()
    return Facts(
        **{
            "key": "MUG",
            "sku": "MUG",
            "captured_at": NOON,
            "now": NOON + 60_000,
            "terms": terms,
            "tolerated": False,
            "sellable": sellable,
            "publishable": publishable(sellable, terms) or 0,
            "reported": shows,
            "stocks": stocks,
            **more,
        }
    )


def told(facts: Facts) -> Explanation:
    """The explanation, which always adds up."""
    explanation = explain(facts)
    delta = facts.sellable - facts.reported * facts.terms.pack_size
    assert sum(f.units for f in explanation.findings) + explanation.unexplained == delta
    return explanation


def only(explanation: Explanation) -> Finding:
    """The one finding that explains all."""
    assert explanation.unexplained == 0
    assert len(explanation.findings) == 1
    return explanation.findings[0]


def causes(explanation: Explanation) -> dict[Cause, int]:
    return {finding.cause: finding.units for finding in explanation.findings}


def but(facts: Facts, **changes: Any) -> Facts:
    return msgspec.structs.replace(facts, **changes)
