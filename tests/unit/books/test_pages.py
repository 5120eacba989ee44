"""Finds: pages that a later release cannot read, and rows that would corrupt a page."""

from array import array
from itertools import pairwise

import pytest

from tests.unit.books.tables import snapshot
from trueup.books.blobs import BLOB_LIMIT, compress, write_units
from trueup.books.pages import Page, concat, content_hash, decode, encode, take
from trueup.books.schema import ALIASES, BASELINE, LISTINGS, ROWS, BookSchema
from trueup.domain.errors import DefectError

OLD = BookSchema("things", ("one",), ("text",))
NEW = BookSchema("things", ("one", "two"), ("text", "more"))


def test_the_stored_form_is_what_it_was_in_the_first_release() -> None:
    page = Page(["a", "b"], {"one": [1, 300]}, {"text": ["x", "y"]})
    assert encode(OLD, page).hex() == "9601a67468696e677302a3610a6291c40401002c019192a178a179"
    assert content_hash(encode(OLD, page)) == "056c89e8aba3264f3464caf32448187b"


def test_a_page_written_before_a_column_was_added_reads_zero_and_keeps_its_name() -> None:
    plain = encode(OLD, Page(["a", "b"], {"one": [1, 2]}, {"text": ["x", "y"]}))
    read = decode(NEW, plain)
    assert list(read.ints["two"]) == [0, 0]
    assert read.texts["more"] == ["", ""]
    assert encode(NEW, read) == plain


def test_any_text_survives() -> None:
    texts = ["", "\n", "\x00\x1f", "=1+1", "żółć", "e\u0301", "𝄞", "\u2028", "\ufeff", "  "]
    keys = [f"k{i}" for i in range(len(texts))]
    page = Page(keys, {}, {"title": texts})
    assert decode(LISTINGS, encode(LISTINGS, page)).texts["title"] == texts


def test_keys_with_nul_survive_in_order() -> None:
    keys = ["A", "A\x00B", "A\x00\x00", "A ", "A-1", "é", "𝄞"]
    page = Page(sorted(keys), {}, {"listing_key": sorted(keys)})
    assert decode(ALIASES, encode(ALIASES, page)).keys == sorted(keys)
    assert [k.encode() for k in sorted(keys)] == sorted(k.encode() for k in keys)


@pytest.mark.parametrize("keys", [["a\nb"], ["a", "\n"], ["a\n", "b"]])
def test_a_key_with_a_newline_is_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="newline"):
        encode(ALIASES, Page(keys, {}))


def test_a_column_that_the_schema_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="baseline has not"):
        encode(BASELINE, Page(["a"], {"price": [1]}))


@pytest.mark.parametrize("column", [[], [1, 2]])
def test_a_column_of_another_length_is_refused(column: list[int]) -> None:
    with pytest.raises(ValueError, match="for 1 rows"):
        encode(BASELINE, Page(["a"], {"on_hand": column}))
    with pytest.raises(ValueError, match="for 1 rows"):
        encode(ALIASES, Page(["a"], {}, {"listing_key": [str(n) for n in column]}))


def test_a_page_of_another_kind_is_not_read() -> None:
    with pytest.raises(DefectError, match="baseline"):
        decode(ROWS, encode(BASELINE, Page(["a"], {})))


def test_an_empty_page_survives_and_differs_from_one_empty_key() -> None:
    empty, one = Page([], {}), Page([""], {})
    assert len(decode(BASELINE, encode(BASELINE, empty))) == 0
    assert decode(BASELINE, encode(BASELINE, one)).keys == [""]
    assert encode(BASELINE, empty) != encode(BASELINE, one)


def test_columns_of_other_widths_and_signs_are_put_together() -> None:
    parts = [
        Page(["a"], {"on_hand": array("b", [-1])}),
        Page(["b"], {"on_hand": array("q", [2**40])}),
        Page(["c"], {"on_hand": array("B", [255]), "stated": [7]}),
        Page(["d"], {"on_hand": memoryview(array("i", [1, 2, 3, 4]))[3::-4]}),
    ]
    whole = concat(parts)
    assert list(whole.ints["on_hand"]) == [-1, 2**40, 255, 4]
    assert list(whole.ints["stated"]) == [0, 0, 7, 0]
    assert list(take(whole, [2, 0]).rows()) == [whole.row(2), whole.row(0)]


def test_constant_columns_cost_next_to_nothing() -> None:
    rows = 2_000
    keys = [f"SKU-{i:07d}" for i in range(rows)]
    bare = encode(LISTINGS, Page(keys, {}))
    page = Page(
        keys,
        {"pack_size": [1] * rows, "cap": [999] * rows, "unset": [3] * rows},
        {"title": [""] * rows, "currency": ["EUR"] * rows},
    )
    assert len(encode(LISTINGS, page)) - len(bare) < 30


def test_a_snapshot_row_takes_few_bytes() -> None:
    page = snapshot(2_000)
    assert len(compress(encode(ROWS, page))) / len(page) < 6


def test_write_units_count_a_kibibyte_begun() -> None:
    sizes = [write_units(bytes(n)) for n in (0, 924, 925, 1_948, 1_949, BLOB_LIMIT)]
    assert sizes[:5] == [1, 1, 2, 2, 3]
    assert sizes[5] < 400
    assert all(a <= b for a, b in pairwise(sizes))
