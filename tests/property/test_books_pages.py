"""Laws of pages: what is stored is read, and equal rows have one name."""

from array import array
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.books.blobs import apply_delta, delta
from trueup.books.columns import pack_ints, unpack_ints
from trueup.books.pages import (
    Page,
    compress,
    concat,
    content_hash,
    decode,
    decompress,
    encode,
    take,
)
from trueup.books.schema import BookSchema

SCHEMA = BookSchema("things", ("one", "two"), ("text",))
KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=6)
SMALL = st.integers(-3, 300)
WIDE = st.integers(-(2**63), 2**63 - 1)
ROWS = st.dictionaries(KEYS, st.tuples(SMALL, SMALL | WIDE, st.text(max_size=5)), max_size=30)


def page_of(rows: dict[str, tuple[int, int, str]]) -> Page:
    keys = sorted(rows)
    return Page(
        keys,
        {"one": [rows[k][0] for k in keys], "two": [rows[k][1] for k in keys]},
        {"text": [rows[k][2] for k in keys]},
    )


@given(ROWS)
def test_a_page_reads_as_it_was_written(rows: dict[str, tuple[int, int, str]]) -> None:
    page = page_of(rows)
    read = decode(SCHEMA, decompress(compress(encode(SCHEMA, page))))
    assert read == page
    assert read.keys == page.keys
    assert list(read.rows()) == list(page.rows())


@given(ROWS)
def test_the_bytes_do_not_depend_on_how_columns_are_held(
    rows: dict[str, tuple[int, int, str]],
) -> None:
    page = page_of(rows)
    plain = encode(SCHEMA, page)
    wide = {name: array("q", column) for name, column in page.ints.items()}
    numpy_ints = {name: np.array(c, np.int64).data for name, c in page.ints.items()}
    again = decode(SCHEMA, plain)
    for ints in (wide, numpy_ints, again.ints):
        assert encode(SCHEMA, Page(page.keys, ints, page.texts)) == plain
    assert content_hash(encode(SCHEMA, again)) == content_hash(plain)


@given(ROWS, ROWS)
def test_different_rows_have_different_names(
    rows: dict[str, tuple[int, int, str]], others: dict[str, tuple[int, int, str]]
) -> None:
    one, two = (content_hash(encode(SCHEMA, page_of(r))) for r in (rows, others))
    assert (one == two) == (rows == others)


@given(ROWS, st.data())
def test_slices_put_together_are_the_page(
    rows: dict[str, tuple[int, int, str]], data: st.DataObject
) -> None:
    page = page_of(rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(page)), max_size=4)))
    bounds = [0, *cuts, len(page)]
    decoded = decode(SCHEMA, encode(SCHEMA, page))
    slices = [decoded.slice(i, j) for i, j in pairwise(bounds)]
    whole = concat(slices)
    assert whole == page
    assert encode(SCHEMA, whole) == encode(SCHEMA, page)


@given(ROWS, st.data())
def test_taken_rows_are_those_rows(
    rows: dict[str, tuple[int, int, str]], data: st.DataObject
) -> None:
    page = page_of(rows)
    order = data.draw(st.lists(st.integers(0, len(page) - 1), max_size=9)) if rows else []
    taken = take(page, order)
    assert list(taken.rows()) == [page.row(i) for i in order]


@given(st.lists(SMALL | WIDE | st.integers(-70_000, 70_000), min_size=1, max_size=20))
def test_a_column_is_kept_in_the_narrowest_width(values: list[int]) -> None:
    packed = pack_ints(values, len(values))
    assert unpack_ints(packed, len(values)).tolist() == values
    if isinstance(packed, int):
        assert set(values) == {packed}
    else:
        width = len(packed) // len(values)
        limits = 2 ** (8 * width - 1), 2 ** (4 * width - 1)
        assert all(-limits[0] <= v < limits[0] for v in values)
        assert width == 1 or not all(-limits[1] <= v < limits[1] for v in values)


@pytest.mark.parametrize("values", [[2**63, 0], [-(2**63) - 1, 0], [2**63, 2**63]])
def test_more_than_64_bits_are_refused(values: Sequence[int]) -> None:
    with pytest.raises(OverflowError):
        pack_ints(values, 2)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_delta_makes_the_other_content(base: bytes, plain: bytes) -> None:
    assert apply_delta(base, delta(base, plain)) == plain
