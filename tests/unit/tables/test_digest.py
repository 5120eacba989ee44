"""Finds: hashes of the data that nobody else can come to."""

import hashlib
import json
from decimal import Decimal

from tests.unit.tables.files import AT, TABLE, TEXTS, comma, rows, xlsx
from trueup.domain.time import milliseconds
from trueup.tables.model import Batch, Column, Table


def _hashed(rows: list[list[object]]) -> str:
    """As the documentation says, with nothing but the standard library."""
    lines = (json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in rows)
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def test_the_hash_is_the_documented_one() -> None:
    table = Table("t", (Column("a"), Column("b"), Column("c", kind="instant")))
    batch: Batch = [["é\n\"=1'\x01", None], [-5, Decimal("1.50")], [AT, None]]
    wanted = _hashed([["é\n\"=1'\x01", -5, milliseconds(AT)], [None, "1.50", None]])
    assert xlsx(table, batch)[1].sha256 == wanted
    assert comma(table, batch)[1].sha256 == wanted


def test_batches_and_sheets_make_no_difference() -> None:
    one = xlsx(TABLE, rows(30))[1].sha256
    assert xlsx(TABLE, rows(11), rows(0), rows(19, 11), sheet_rows=9)[1].sha256 == one
    assert comma(TABLE, rows(29), rows(1, 29))[1].sha256 == one
    assert comma(TABLE, rows(29))[1].sha256 != one


def test_times_are_the_same_however_they_are_given() -> None:
    table = Table("t", (Column("c", kind="instant"),))
    assert comma(table, [[AT]])[1].sha256 == comma(table, [[milliseconds(AT)]])[1].sha256


def test_half_a_pair_is_what_stands_in_the_file() -> None:
    assert (
        comma(TEXTS, [["\ud800"], ["x"]])[1].sha256 == comma(TEXTS, [["\ufffd"], ["x"]])[1].sha256
    )


def test_no_rows_have_the_hash_of_nothing() -> None:
    assert xlsx(TABLE)[1].sha256 == hashlib.sha256().hexdigest()
