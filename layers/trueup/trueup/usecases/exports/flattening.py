"""What the API answers, as cells: by the names of the catalogue.

The one definition of what a cell is; `cells` makes the same from whole pages at once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trueup.domain.time import milliseconds
from trueup.tables.model import Cell
from trueup.usecases.rows.view import RowView
from trueup.usecases.rows.why import CauseView

YES, NO = "yes", "no"
_PARTS = ("seller_inventory", "channel_inventory", "formula")


def row_cells(view: RowView) -> dict[str, Cell]:
    """A row of the view by column."""
    found: dict[str, Cell] = {}
    for name in RowView.model_fields:
        value = getattr(view, name)
        if name in _PARTS:
            found |= {f"{name}.{k}": cell_of(v) for k, v in vars(value).items()}
        elif name == "causes":
            found[name] = causes_text(value)
        else:
            found[name] = cell_of(value)
    return found


def cell_of(value: Any) -> Cell:
    """Instants become milliseconds, truths words, names of things their text."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, datetime):
        return milliseconds(value)
    if isinstance(value, str):
        return str(value)
    number: Cell = value
    return number


def causes_text(causes: list[CauseView]) -> str | None:
    """Each with its share of the delta; None: there are none."""
    told = [f"{cause.units:+d} {cause.cause}: {cause.sentence}" for cause in causes]
    return "; ".join(told) or None


def money_text(value: Mapping[str, int], exponents: Mapping[str, int]) -> str | None:
    """Minor units by currency, as amounts; None: it is not known."""
    told = [f"{_amount(units, exponents.get(c, 0))} {c}" for c, units in sorted(value.items())]
    return "; ".join(told) or None


def _amount(units: int, digits: int) -> str:
    if not digits:
        return str(units)
    whole, part = divmod(abs(units), 10**digits)
    return f"{'-' if units < 0 else ''}{whole}.{part:0{digits}d}"
