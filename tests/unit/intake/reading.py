"""Reading one event of a source, as the tests of this folder do."""

from typing import Any

from trueup.domain.movements import Movement
from trueup.domain.sources import Rules, Source, StockStatus
from trueup.usecases.intake.events import Flaw
from trueup.usecases.intake.normalising import Reading, Setting, normalise

WMS = Source(
    code="wms",
    name="Warehouse",
    kind="wms",
    statuses={
        "GOOD": StockStatus.SELLABLE,
        "FINE": StockStatus.SELLABLE,
        "QC": StockStatus.ON_HOLD,
        "BAD": StockStatus.DAMAGED,
        "PICKING": StockStatus.COMMITTED,
        "MOVING": StockStatus.IN_TRANSIT,
    },
    units={"case": 12, "pair": 2},
    units_by_sku={"BIG": {"case": 6}},
    bins={"A-*": "berlin", "A-9-*": "paris", "A-9-1": "berlin", "GONE": "nowhere"},
)


def event(**fields: Any) -> dict[str, Any]:
    """An event; a field that is None is left out."""
    plain = {
        "id": "e1",
        "kind": "receipt",
        "sku": "S1",
        "quantity": 5,
        "occurred_at": "2026-03-01T12:00:00Z",
        "location": "berlin",
    }
    return {name: value for name, value in (plain | fields).items() if value is not None}


def setting(source: Source = WMS, rules: Rules | None = None) -> Setting:
    return Setting(source, {"berlin", "paris"}.__contains__, rules or {})


def read(source: Source = WMS, rules: Rules | None = None, **fields: Any) -> Reading:
    flaws: list[Flaw] = []
    (reading,) = normalise(setting(source, rules), [event(**fields)], flaws)
    assert flaws == []
    assert reading is not None
    return reading


def movement(**fields: Any) -> Movement:
    """The one movement of an event."""
    (found,) = read(**fields).movements
    return found


def flaws_of(*events: dict[str, Any]) -> list[Flaw]:
    flaws: list[Flaw] = []
    normalise(setting(), events, flaws)
    return flaws


def told(**fields: Any) -> dict[str, str]:
    """Reasons by field of an event that has flaws."""
    found = flaws_of(event(**fields))
    assert found, fields
    return {flaw.field: flaw.reason for flaw in found}
