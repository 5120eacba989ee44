"""What a file says of itself, on its second sheet."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from trueup.domain.exports import Export, View
from trueup.tables.model import Cell, Contents
from trueup.usecases.exports.catalogue import TITLES
from trueup.usecases.exports.frozen import Frozen

_ORDER = {
    View.ROWS: "SKU, then account and location",
    View.PUSHES: "the latest first",
    View.EXCEPTIONS: "the most at stake first",
    View.AUDIT: "the latest first",
}
_STATE = {
    View.ROWS: "as it was when the export was asked for",
    View.PUSHES: "pushes queued before then; their statuses as they were when the file was built",
    View.EXCEPTIONS: "as it was when the export was asked for",
    View.AUDIT: "changes recorded before then",
}


def about(
    seller: str,
    export: Export,
    frozen: Frozen,
    built_at: datetime,
    contents: Contents,
    unreadable: int = 0,
) -> Sequence[tuple[str, Cell]]:
    return [
        ("View", TITLES[export.of]),
        ("Seller", seller),
        *_places(frozen),
        *_filters(export.filters),
        ("Sorted by", _ORDER[export.of]),
        ("As of (UTC)", frozen.as_of),
        ("Shows", _STATE[export.of]),
        ("Generated at (UTC)", built_at),
        ("Rows", contents.rows),
        *_unreadable(export.of, unreadable),
        ("SHA-256 of the data", contents.sha256),
        ("Export", export.id),
    ]


def _unreadable(of: View, records: int) -> Iterator[tuple[str, Cell]]:
    if of is View.AUDIT:
        yield "Records that cannot be read", records


def _places(frozen: Frozen) -> Iterator[tuple[str, Cell]]:
    accounts = {place.account.id: place.account for place in frozen.places}
    for account in accounts.values():
        yield "Account", f"{account.name} ({account.id}, {account.channel})"
    for place in frozen.places:
        code = f" ({place.place.code})" if place.place.code else ""
        yield "Location", f"{place.account.id}: {place.place.id}{code} {place.place.name}".rstrip()
        yield "Run", place.version.made_by
        yield "Captured (UTC)", place.version.as_of


def _filters(filters: dict[str, Any]) -> Iterator[tuple[str, Cell]]:
    given = {name: value for name, value in filters.items() if value not in (None, [], (), "")}
    if not given:
        yield "Filters", "none"
    for name, value in given.items():
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        yield f"Filter: {name}", text
