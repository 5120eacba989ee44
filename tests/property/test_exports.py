"""A file that has other rows, another order or another cell than the view."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.export_cases import Case, cases
from trueup.tables.model import Cell
from trueup.usecases.exports.catalogue import ROWS
from trueup.usecases.exports.flattening import row_cells
from trueup.usecases.exports.frozen import Frozen, Place
from trueup.usecases.exports.rows import row_batches
from trueup.usecases.exports.streaming import Chunk, merged
from trueup.usecases.rows.cursors import Position
from trueup.usecases.rows.reading import _View

NAMES = [field.name for field in ROWS]


def viewed(case: Case, limit: int) -> Iterator[dict[str, Cell]]:
    """As the API answers it, page by page."""
    at: Position | None = Position("", -1, inclusive=True)
    while at is not None:
        rows, at = _View(case.pages, case.filters, case.sources, at).page(limit)
        yield from map(row_cells, rows)


def exported(case: Case, names: list[str]) -> list[tuple[Cell, ...]]:
    batches = list(row_batches(case.pages, case.sources, case.filters, names))
    assert all(len(batch) == len(names) and len(batch[0]) for batch in batches)
    return [row for batch in batches for row in zip(*batch, strict=True)]


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 9))
def test_all_columns_are_those_of_the_view(case: Case, limit: int) -> None:
    expected = [tuple(row[name] for name in NAMES) for row in viewed(case, limit)]
    assert exported(case, NAMES) == expected


@settings(max_examples=40, deadline=None)
@given(cases(), st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
def test_chosen_columns_are_the_same_in_their_order(case: Case, names: list[str]) -> None:
    expected = [tuple(row[name] for name in names) for row in viewed(case, 50)]
    assert exported(case, names) == expected


@settings(max_examples=40, deadline=None)
@given(cases())
def test_what_was_frozen_and_kept_is_the_same(case: Case) -> None:
    frozen = Frozen(
        as_of=case.sources[0].version.at,
        places=tuple(map(Place.of, case.sources)),
        filters=case.filters,
    )
    kept = Frozen.model_validate_json(frozen.model_dump_json())
    assert kept == frozen
    again = Case(case.pages, kept.sources, kept.filters)  # type: ignore[arg-type]
    assert exported(again, NAMES) == exported(case, NAMES)


streams = st.lists(
    st.lists(st.sets(st.text("abc", max_size=3), min_size=1, max_size=4), max_size=4), max_size=4
)


@given(streams)
def test_streams_are_merged_by_key_and_then_by_stream(given_: list[list[set[str]]]) -> None:
    plain = []
    for number, sets in enumerate(given_):
        names = sorted(set().union(*sets)) if sets else []
        plain.append([(key, number) for key in names])
    chunked = [[keys[i : i + 2] for i in range(0, len(keys), 2)] for keys in plain]
    feeds = [
        iter(
            [
                Chunk([k for k, _ in some], [[k for k, _ in some], [n for _, n in some]])
                for some in chunks
            ]
        )
        for chunks in chunked
    ]
    found = [row for batch in merged(feeds) for row in zip(*batch, strict=True)] if feeds else []
    assert found == sorted(row for stream in plain for row in stream)
