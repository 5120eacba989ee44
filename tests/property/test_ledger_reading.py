"""What is read of a ledger by ranges and by SKUs is what was stored; checkpoints go before."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.ledger_cases import standings
from trueup.adapters.memory_objects import MemoryObjects
from trueup.books.pages import Page
from trueup.books.schema import BASELINE, MOVEMENTS, Unknown
from trueup.books.segments import Captured, SegmentSet, SegmentWriter
from trueup.compare.overlaying import POSITION_INTS, overlaid
from trueup.domain.stock import Position
from trueup.ledger.books import POSITIONS, row_of
from trueup.ledger.paging import page_of, standings_in
from trueup.ledger.standings import Standing
from trueup.ledger.state import State

SKUS = ("A", "AA", "B", "C", "É")
_AT = "2026-03-01T12:00:00.000Z"


@st.composite
def shelves(draw: st.DrawFn) -> list[list[Standing]]:
    """Some runs; no SKU is in two of them."""
    runs: list[list[Standing]] = [[], [], []]
    for sku in SKUS:
        where = draw(st.integers(0, 3))
        if where < len(runs):
            runs[where].append(draw(standings(sku)))
    return runs


@settings(max_examples=60, deadline=None)
@given(shelves(), st.sets(st.sampled_from((*SKUS, "AB", "Z"))))
def test_some_skus_are_read_as_they_were_stored(
    runs: list[list[Standing]], asked: set[str]
) -> None:
    objects = MemoryObjects()
    writer = SegmentWriter(objects, "ledger/")
    pages = [page_of(run) for run in runs if run]
    written = [writer.write(MOVEMENTS, [Captured("main", _AT, page)]) for page in pages]
    stored = SegmentSet(objects, written, MOVEMENTS)
    found = {s.sku: s for s in standings_in(stored.of_skus("main", sorted(asked)), "main")}
    told = {standing.sku: standing for run in runs for standing in run}
    assert list(found) == sorted(asked & told.keys())
    for sku, standing in found.items():
        assert (standing.movements, standing.nets) == (told[sku].movements, told[sku].nets)
    assert not len(stored.of_skus("elsewhere", sorted(asked)))


POSITION = st.builds(
    Position,
    st.sampled_from([None, 0, 7]),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from([None, 5]),
)
TABLE = st.dictionaries(st.sampled_from(SKUS), POSITION)


def baseline_page(positions: Mapping[str, Position]) -> Page:
    skus = sorted(positions)
    rows = [positions[sku] for sku in skus]
    unknown = [
        (p.on_hand is None) * Unknown.ON_HAND + (p.stated is None) * Unknown.STATED for p in rows
    ]
    quantities = [name for name in BASELINE.ints if name not in ("unknown", "stated_at")]
    parts = {name: [getattr(p, name) or 0 for p in rows] for name in quantities}
    return Page(skus, {**parts, "unknown": unknown})


def checkpoint_page(positions: Mapping[str, Position]) -> Page:
    skus, states = sorted(positions), []
    for sku in skus:
        state = State()
        state.anchor(positions[sku], 1)
        states.append(row_of(state)[0])
    columns = zip(*states, strict=True) if states else ([] for _ in POSITIONS.ints)
    ints = {name: list(c) for name, c in zip(POSITIONS.ints, columns, strict=True)}
    return Page(skus, ints, {"counts": [""] * len(skus)})


@settings(max_examples=100, deadline=None)
@given(TABLE, TABLE)
def test_what_a_checkpoint_says_goes_before_the_baseline(
    baseline: dict[str, Position], checkpoint: dict[str, Position]
) -> None:
    pages = [page for page in (baseline_page(baseline),) if len(page)]
    above = [page for page in (checkpoint_page(checkpoint),) if len(page)]
    rows = {row["key"]: row for page in overlaid(pages, above) for row in page.rows()}
    assert list(rows) == sorted(baseline.keys() | checkpoint.keys())
    for sku, row in rows.items():
        wanted = checkpoint.get(sku) or baseline[sku]
        on_hand = None if row["unknown"] & Unknown.ON_HAND else row["on_hand"]
        stated = None if row["unknown"] & Unknown.STATED else row["stated"]
        parts = (row["committed"], row["damaged"], row["on_hold"])
        found = Position(on_hand, *parts, stated)
        assert (found.sellable, found.on_hand) == (wanted.sellable, wanted.on_hand)
        assert set(row) == {"key", *POSITION_INTS}
