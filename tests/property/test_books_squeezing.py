"""Laws of squeezing: taking out what is expected loses nothing, whatever the columns hold."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.books.tables import chunks, snapshot
from trueup.books import lanes
from trueup.books.blobs import compress
from trueup.books.columns import pack_ints, unpack_ints
from trueup.books.pages import Page, encode
from trueup.books.schema import BASELINE, LISTINGS, ROWS, BookSchema
from trueup.books.squeezing import squeeze, unsqueeze

ANY = st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 70_000)
SCHEMAS = st.sampled_from((ROWS, BASELINE, LISTINGS))


@st.composite
def plains(draw: st.DrawFn) -> tuple[BookSchema, bytes]:
    schema = draw(SCHEMAS)
    rows = draw(st.integers(0, 9))
    names = draw(st.sets(st.sampled_from(schema.ints)))
    columns = {n: draw(st.lists(ANY, min_size=rows, max_size=rows)) for n in sorted(names)}
    return schema, encode(schema, Page([f"k{i}" for i in range(rows)], columns))


@given(plains())
def test_a_squeezed_page_is_restored_to_the_byte(drawn: tuple[BookSchema, bytes]) -> None:
    schema, plain = drawn
    assert unsqueeze(squeeze(schema, plain)) == plain


@given(plains())
def test_a_page_is_read_whatever_rules_the_schema_has_by_then(
    drawn: tuple[BookSchema, bytes],
) -> None:
    schema, plain = drawn
    without = BookSchema(schema.kind, schema.ints, schema.texts)
    assert unsqueeze(squeeze(without, plain)) == plain


PAIRS = st.lists(st.tuples(ANY, ANY), min_size=1, max_size=12)


@given(PAIRS, st.sampled_from((1, 2, 4, 8)))
def test_lanes_add_and_subtract_each_for_itself(pairs: list[tuple[int, int]], width: int) -> None:
    rows, modulus = len(pairs), 1 << 8 * width
    one, two = (lanes.load(pack_ints(list(c), rows), rows, width) for c in zip(*pairs, strict=True))
    for operation, results in (
        (lanes.add, [a + b for a, b in pairs]),
        (lanes.subtract, [a - b for a, b in pairs]),
    ):
        packed = lanes.store(operation(one, two, rows, width), rows, width)
        assert [n % modulus for n in unpack_ints(packed, rows)] == [n % modulus for n in results]


def test_squeezing_saves_a_third_of_a_snapshot() -> None:
    plains = [encode(ROWS, page) for page in chunks(snapshot(20_000), 2_000)]
    squeezed = sum(len(squeeze(ROWS, plain)) for plain in plains)
    assert squeezed <= sum(len(compress(plain)) for plain in plains) * 2 / 3
