"""Sources of rows, in frames of any size: with listings, overlays, unknowns and causes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st

from trueup.adapters.memory_pages import MemoryPages
from trueup.books.manifest import Manifest, save_manifest
from trueup.books.pages import Page, take
from trueup.books.schema import DIFFERENCES, LISTINGS, ROWS, BookSchema
from trueup.books.writer import write_range
from trueup.domain.accounts import Account, ChannelLocation
from trueup.domain.outcomes import Outcome, Reason, Status, outcome_of
from trueup.domain.overlays import Overlay
from trueup.domain.pins import BookPin
from trueup.domain.runs import Head
from trueup.explain.facts import Cause, Finding
from trueup.usecases.books import listings_book, rows_book
from trueup.usecases.exports.frozen import FrozenSource
from trueup.usecases.reconcile.verdicts import written
from trueup.usecases.rows.filters import Direction, Filters
from trueup.usecases.rows.sources import Attempt

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
KEYS = [*"ABCDEF", "A\x00ca", "A\x00cb", "B\x00c", "a\x00\x00", "D\x00\x00", "É", "Ź\x00z", "007"]

keys = st.lists(st.sampled_from(KEYS), unique=True, max_size=len(KEYS)).map(sorted)
units = st.integers(-3, 9) | st.integers(-(2**53), 2**53)
instants = st.just(0) | st.integers(1, 2**41)
ACCEPTED = {"quantity": 5, "accepted_at": "2026-03-01T11:50:00.000Z", "before": 2}
findings = st.lists(
    st.builds(Finding, st.just(Cause.PUSH_NOT_VISIBLE), units, st.just(ACCEPTED)), max_size=2
)
values = st.fixed_dictionaries(
    {
        **dict.fromkeys(("total", "committed", "damaged", "on_hold", "sellable"), units),
        **dict.fromkeys(("publishable", "reported"), units),
        "pack_size": st.integers(1, 4),
        **dict.fromkeys(("buffer", "backorder", "cap"), st.integers(0, 5)),
        "unknown": st.integers(0, 31),
        "reason": st.sampled_from([int(reason) for reason in Reason]),
        **dict.fromkeys(("diverged_at", "agreed_at", "settling_until", "stale_since"), instants),
        "cause": st.sampled_from(["", "lag", "hand_edit", "unexplained"]),
        "causes": findings.map(written),
    }
)
texts = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["Red shirt", "=1+1", "straße", "", "SHIRT\t"]),
        "gtin": st.sampled_from(["", "00012345"]),
        "channel_product_id": st.sampled_from(["", "P-1"]),
    }
)
sizes = st.integers(1, 5)


@dataclass(frozen=True)
class Case:
    """Frozen sources over pages, and what is asked of them."""

    pages: MemoryPages
    sources: list[FrozenSource]
    filters: Filters


@st.composite
def cases(draw: st.DrawFn) -> Case:
    pages = MemoryPages(lambda: NOW)
    accounts = draw(st.sampled_from([("eu",), ("eu", "us")]))
    named = [(a, p) for a in accounts for p in draw(st.sampled_from([("1",), ("1", "2")]))]
    sources = [_source(draw, pages, account, place) for account, place in named]
    return Case(pages, sources, draw(filters()))


@st.composite
def filters(draw: st.DrawFn) -> Filters:
    chosen = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "status": st.sampled_from(Status),
                "direction": st.sampled_from(Direction),
                "reason": st.sampled_from(Reason),
                "outcome": st.sampled_from(Outcome),
                "cause": st.sampled_from(["lag", "unexplained", "not_listed"]),
                "sku_prefix": st.sampled_from(["A", "D", "a"]),
                "title": st.sampled_from(["shirt", "STRASSE", "1+"]),
            },
        )
    )
    kept = dict(list(chosen.items())[: draw(st.integers(0, 2))])
    return Filters(account="eu", **kept)


def _source(draw: st.DrawFn, pages: MemoryPages, account: str, place: str) -> FrozenSource:
    rows = {key: draw(values) for key in draw(keys)}
    listed = {key: draw(texts) for key in draw(keys) if not key.endswith("\x00\x00")}
    book, listing = rows_book(account, place), listings_book(account)
    manifest = _stored(pages, book, ROWS, rows, draw(sizes))
    pinned = _stored(pages, listing, LISTINGS, listed, draw(sizes))
    laid = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3))
    return FrozenSource(
        Account(id=account, channel="shelf", name=account, created_at=NOW, client="acme"),
        ChannelLocation(id=place, code=f"C{place}", name="Köln"),
        Head(
            book=book, version=1, manifest=manifest, rows=len(rows), as_of=NOW, made_by="r", at=NOW
        ),
        None,
        Attempt(
            "r", NOW + timedelta(minutes=1), draw(st.sampled_from([None, "the channel was down"]))
        ),
        {key: _overlay(account, place, key, draw(values)) for key in laid},
        draw(st.sampled_from([None, BookPin(book=listing, version=1, manifest=pinned)])),
        draw(st.sampled_from([100, 50])),
    )


def _overlay(account: str, place: str, key: str, row: dict[str, Any]) -> Overlay:
    later = NOW + timedelta(minutes=5)
    return Overlay(
        account=account,
        channel_location=place,
        key=key,
        values={name: row.get(name, 0) for name in DIFFERENCES.ints},
        texts={name: row.get(name, "") for name in DIFFERENCES.texts},
        captured_at=later,
        compared_at=later + timedelta(seconds=1),
        requested_by="ada",
    )


def _stored(
    pages: MemoryPages, book: str, schema: BookSchema, rows: dict[str, Any], size: int
) -> str:
    """A manifest whose frames have at most so many rows."""
    named = sorted(rows)
    frames = []
    for start in range(0, len(named), size):
        some = {key: rows[key] for key in named[start : start + size]}
        sheet = _sheet(some) if schema is ROWS else None
        differing = partial(_given, sheet)
        frames += write_range(pages, book, schema, (), [_page(schema, some)], differing)
    return save_manifest(pages, book, Manifest.of(schema.kind, frames))


def _given(sheet: Page | None, _: Page) -> Page | None:
    return sheet


def _sheet(rows: dict[str, Any]) -> Page | None:
    page = _page(DIFFERENCES, rows)
    order: Sequence[int] = [
        i
        for i, row in enumerate(rows.values())
        if outcome_of(Reason(row["reason"])) is not Outcome.MATCH
    ]
    return take(page, order) if order else None


def _page(schema: BookSchema, rows: dict[str, Any]) -> Page:
    return Page(
        list(rows),
        {name: [row.get(name, 0) for row in rows.values()] for name in schema.ints},
        {name: [row.get(name, "") for row in rows.values()] for name in schema.texts},
    )
