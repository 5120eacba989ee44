"""Columns of the rows view for a whole page at once: what `flattening` says of each row.

A view of a row costs some 30 microseconds; these columns cost one for a dozen cells.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from trueup.books.pages import Page
from trueup.books.schema import RowUnknown
from trueup.domain.exceptions import cause_of
from trueup.domain.keys import SEPARATOR, channel_key_of, is_unlisted, sku_of
from trueup.domain.outcomes import EXPLANATIONS, Outcome, Reason, Status, outcome_of, status_of
from trueup.domain.time import milliseconds
from trueup.tables.model import Cell
from trueup.usecases.exports.flattening import NO, YES, causes_text
from trueup.usecases.exports.titles import Titles
from trueup.usecases.rows.candidates import OpenSource
from trueup.usecases.rows.filters import direction_of
from trueup.usecases.rows.why import why

Values = dict[str, Any]
Cells = Sequence[Cell]

_TEXTS = {"product_name": "title", "channel_product_id": "channel_product_id", "gtin": "gtin"}
_MATCHING = frozenset(int(r) for r in Reason if outcome_of(r) is Outcome.MATCH)
_EPISODE = {
    "first_diverged_at": "diverged_at",
    "last_agreed_at": "agreed_at",
    "settling_until": "settling_until",
    "stale_since": "stale_since",
}
_BY_UNKNOWN = {
    "seller_inventory.total": ("total", RowUnknown.TOTAL),
    "seller_inventory.sellable": ("sellable", RowUnknown.SELLABLE),
    "seller_inventory.committed": ("committed", RowUnknown.TOTAL),
    "seller_inventory.damaged": ("damaged", RowUnknown.TOTAL),
    "seller_inventory.on_hold": ("on_hold", RowUnknown.TOTAL),
    "channel_inventory.inventory": ("reported", RowUnknown.REPORTED),
    "publishable": ("publishable", RowUnknown.SELLABLE),
    "formula.sellable": ("sellable", RowUnknown.SELLABLE),
    "formula.cap": ("cap", RowUnknown.CAP),
}
_PLAIN = {
    "formula.backorder": "backorder",
    "formula.buffer": "buffer",
    "formula.pack_size": "pack_size",
}


class PageCells:
    """The cells of one page of a source, by column. Nothing is read that no column needs."""

    def __init__(
        self, opened: OpenSource, titles: Titles, page: Page, names: Sequence[str]
    ) -> None:
        self._opened, self._titles, self._page = opened, titles, page
        self._source = opened.source
        self._names = [text for name, text in _TEXTS.items() if name in names]
        self._rows = len(page)

    def column(self, name: str) -> Cells:
        constants = self._constants
        if name in constants:
            return [constants[name]] * self._rows
        if name in _BY_UNKNOWN:
            return self._unless(*_BY_UNKNOWN[name])
        if name in _PLAIN:
            return self._ints(_PLAIN[name])
        if name in _TEXTS:
            return self._texts[_TEXTS[name]]
        if name in _EPISODE:
            return [row.get(_EPISODE[name]) or None for row in self._told]
        return _COLUMNS[name](self)

    @cached_property
    def _constants(self) -> Mapping[str, Cell]:
        source = self._source
        return {
            "account": source.account.id,
            "channel": source.account.channel,
            "client": source.account.client,
            "channel_inventory.location_code": source.place.code,
            "channel_inventory.location_id": source.place.id,
            "channel_inventory.location_name": source.place.name,
            "formula.allocation": source.allocation,
            "checked": YES if source.checked else NO,
            "captured_at": milliseconds(source.version.as_of),
            "recon_date": milliseconds(source.attempt.at),
            "run": source.version.made_by,
        }

    @cached_property
    def _texts(self) -> Mapping[str, list[str]]:
        return self._titles.texts(self._page.keys, self._names)

    def _ints(self, name: str) -> list[int]:
        column = self._page.ints[name]
        return column.tolist() if isinstance(column, memoryview) else list(column)

    def _unless(self, name: str, bit: int) -> Cells:
        """The column, empty where the bit says that it is not known."""
        known = self._ints(name)
        if not any(bits & bit for bits in set(self._unknown)):
            return known
        pairs = zip(known, self._unknown, strict=True)
        return [None if bits & bit else value for value, bits in pairs]

    @cached_property
    def _unknown(self) -> list[int]:
        return self._ints("unknown")

    @cached_property
    def _reasons(self) -> list[int]:
        return self._ints("reason")

    def _by_reason(self, cell: Callable[[Reason], Cell]) -> Cells:
        cells = {reason: cell(Reason(reason)) for reason in set(self._reasons)}
        return [cells[reason] for reason in self._reasons]

    @cached_property
    def _told(self) -> list[Values]:
        """Each row as its sheet has it, which alone says why; of rows that match: nothing."""
        keys = self._page.keys
        if "causes" in self._page.texts:
            return list(self._page.rows())
        reasons = zip(keys, self._reasons, strict=True)
        differing = [key for key, reason in reasons if reason not in _MATCHING]
        found = self._opened.reader.get_differing(differing) if differing else {}
        return [found.get(key, {}) for key in keys]

    # Columns that are worked out ----------------------------------------------------------------

    def sellers(self) -> Cells:
        keys = self._page.keys
        if SEPARATOR not in self._page.joined:
            return keys
        return [None if is_unlisted(key) else sku_of(key) for key in keys]

    def channels(self) -> Cells:
        keys = self._page.keys
        return keys if SEPARATOR not in self._page.joined else list(map(channel_key_of, keys))

    def deltas(self) -> Cells:
        sellable = self._unless("sellable", RowUnknown.SELLABLE)
        reported = self._unless("reported", RowUnknown.REPORTED)
        packs = self._ints("pack_size")
        return [
            None if have is None or shown is None else have - shown * pack  # type: ignore[operator]
            for have, shown, pack in zip(sellable, reported, packs, strict=True)
        ]

    def gaps(self) -> list[int | None]:
        bits = RowUnknown.SELLABLE | RowUnknown.REPORTED
        columns = self._ints("publishable"), self._ints("reported"), self._unknown
        return [
            None if unknown & bits else want - shown
            for want, shown, unknown in zip(*columns, strict=True)
        ]

    def directions(self) -> Cells:
        return [direction_of(gap) for gap in self.gaps()]

    def read_only(self) -> Cells:
        return [YES if bits & RowUnknown.READ_ONLY else NO for bits in self._unknown]

    def statuses(self) -> Cells:
        checked = self._source.checked
        return self._by_reason(lambda reason: status_of(reason) if checked else Status.FAILED)

    def outcomes(self) -> Cells:
        return self._by_reason(outcome_of)

    def reasons(self) -> Cells:
        return self._by_reason(lambda reason: reason.name)

    def explanations(self) -> Cells:
        source = self._source
        if source.checked:
            return self._by_reason(EXPLANATIONS.__getitem__)
        return [f"Could not be checked: {source.attempt.cause}"] * self._rows

    def causes(self) -> Cells:
        told = zip(self._reasons, self._told, strict=True)
        return [
            None if reason in _MATCHING else cause_of(Reason(reason), row.get("cause", ""))
            for reason, row in told
        ]

    def told_causes(self) -> Cells:
        return [causes_text(found["causes"]) for found in self._whys]

    def unexplained(self) -> Cells:
        return [found["unexplained"] for found in self._whys]

    @cached_property
    def _whys(self) -> list[dict[str, Any]]:
        source = self._source
        told = zip(self._page.rows(), self._told, strict=True)
        return [why(row or page, source.allocation, source.version.as_of) for page, row in told]


_COLUMNS: Mapping[str, Callable[[PageCells], Cells]] = {
    "seller_identifier": PageCells.sellers,
    "channel_identifier": PageCells.channels,
    "delta": PageCells.deltas,
    "gap": PageCells.gaps,
    "direction": PageCells.directions,
    "read_only": PageCells.read_only,
    "status": PageCells.statuses,
    "outcome": PageCells.outcomes,
    "reason": PageCells.reasons,
    "explanation": PageCells.explanations,
    "cause": PageCells.causes,
    "causes": PageCells.told_causes,
    "unexplained": PageCells.unexplained,
}
