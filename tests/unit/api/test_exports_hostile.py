"""Text of others that becomes a formula, moves to another cell, or breaks a file."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from openpyxl.utils.escape import unescape

from tests.unit.api.api_world import ApiWorld, listing, row
from tests.unit.api.furnished_exports import asked, build
from tests.unit.force.logged import Logbook
from tests.unit.force.logged import row as pushed
from tests.unit.tables.files import HOSTILE, by_calamine, by_openpyxl, opened
from trueup.domain.accounts import Location
from trueup.domain.force import Share
from trueup.domain.pushlog import PushOutcome
from trueup.ports import Create
from trueup.tables.texts import EXCEL_LIMIT, unguarded
from trueup.usecases.audit.keeping import AuditedRegistry, By

LONG = "🩰=" * 20_000
TEXTS = (*HOSTILE, LONG, "\ufffe", "a\0b")
Made = tuple[dict[str, Any], list[str]]


def titles(api: ApiWorld) -> Made:
    """Titles of listings: of any length, with anything in them."""
    api.connect()
    keys = [f"{number:04d}" for number in range(len(TEXTS))]
    listed = [listing(key, text) for key, text in zip(keys, TEXTS, strict=True)]
    api.compared({"1": [row(key, 5, 3) for key in keys]}, listed)
    asks = {"of": "rows", "filters": {"account": "eu"}}
    return {**asks, "columns": ["seller_identifier", "product_name", "delta"]}, list(TEXTS)


def messages(api: ApiWorld) -> Made:
    """What channels answer."""
    book = Logbook(api.registries.of("acme"), api.now)
    book.account("us", ("1",), channel="sandbox")
    some = [text for text in TEXTS if text]
    rows = [pushed(f"{i:04d}", PushOutcome.REJECTED, message=text) for i, text in enumerate(some)]
    book.plan("us", (Share.ALL, [("1", rows)]))
    api.now += timedelta(minutes=10)
    asks = {"of": "pushes", "filters": {"account": ["us"]}}
    return {**asks, "columns": ["sku", "message", "quantity"]}, some


def actors(api: ApiWorld) -> Made:
    """Names that people have at the identity provider."""
    some = [text for text in TEXTS if text and text != LONG]
    for number, text in enumerate(some):
        registry = AuditedRegistry(api.registries.of("acme"), By(text, None), api.clock)
        registry.write(Create(Location(code=f"l{number:03d}", name="=name")))
    asks = {"of": "audit", "filters": {"kind": "location"}}
    return {**asks, "columns": ["subject", "actor", "sequence"]}, some[::-1]


MAKERS = (titles, messages, actors)


def file_of(api: ApiWorld, asks: dict[str, Any], kind: str) -> bytes:
    columns = [{"name": name} for name in asks["columns"]]
    id_ = asked(api, "acme", asks["filters"], of=asks["of"], format=kind, columns=columns)
    return api.exports.get(build(api, "acme", id_).key)


def as_read(text: str) -> str | None:
    """As a workbook holds it: whole characters, none of them NUL, and so many."""
    sound = text.replace("\0", "\ufffd")
    return sound or None


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_workbook_has_it_as_text_in_its_cell(
    api: ApiWorld, make: Callable[[ApiWorld], Made]
) -> None:
    asks, texts = make(api)
    data = file_of(api, asks, "xlsx")
    sheet = opened(data).worksheets[0]
    cells = [cell for (cell,) in sheet.iter_rows(min_row=2, min_col=2, max_col=2)]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    for cell, text in zip(cells, texts, strict=True):
        found = unescape(str(cell.value)) if cell.value else None
        if text is LONG:
            assert str(found).endswith(f"… [cut: {len(LONG):,} characters]")
            assert len(str(found).encode("utf-16-le")) // 2 <= EXCEL_LIMIT
        else:
            assert found == as_read(text)
    rows, others = by_openpyxl(data)[1:], by_calamine(data)[1:]
    others = [(a, b.replace("_xFFFE_", "\ufffe"), c) for a, b, c in others]  # it leaves that one
    assert all(isinstance(third, int) for _, _, third in rows)
    assert [(a, unescape(b or ""), c) for a, b, c in rows] == others
    assert "=" not in {cell.data_type for sheet_row in sheet.iter_rows() for cell in sheet_row}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_csv_has_it_guarded_in_its_cell(api: ApiWorld, make: Callable[[ApiWorld], Made]) -> None:
    asks, texts = make(api)
    text = file_of(api, asks, "csv").decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text, newline="")))[1:]
    assert {len(one) for one in rows} == {3}
    assert [unguarded(one[1]) for one in rows] == [as_read(text) or "" for text in texts]
    assert all(one[1].lstrip()[:1] not in tuple("=+-@") for one in rows if one[1])
