"""What the channel says cannot be set is told by its row, listed or not, at once and later."""

from tests.shelf import Shelf
from tests.world import ACCOUNT, World
from trueup.books.schema import RowUnknown
from trueup.usecases.recheck import recheck
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.reading import read_rows


def world() -> World:
    stock: dict[tuple[str, str], int | None] = {("1", sku): 9 for sku in ("A", "B", "C", "U")}
    stock["1", "C"] = None
    owned = dict.fromkeys((("1", sku) for sku in ("A", "C", "U")), "owned by the marketplace")
    made = World(Shelf(stock, read_only=owned))
    made.link()
    made.baseline("main", {"A": 5, "B": 5, "C": 5})
    made.listings(["A", "B", "C"])
    made.reconcile()
    return made


def test_rows_say_that_the_channel_has_them_read_only() -> None:
    found = read_rows(
        (made := world()).registry, made.pages, Filters(account=ACCOUNT), cursor=None, limit=9
    )
    told = {row.channel_identifier: row.read_only for row in found.rows}
    assert told == {"A": True, "B": False, "C": True, "U": True}


def test_it_changes_nothing_else_of_a_row() -> None:
    rows = world().rows()
    assert rows["A"] | {"key": "B", "unknown": rows["B"]["unknown"]} == rows["B"]
    assert rows["A"]["unknown"] == rows["B"]["unknown"] | RowUnknown.READ_ONLY
    assert rows["C"]["unknown"] & RowUnknown.REPORTED


def test_a_recheck_says_so_too() -> None:
    made = world()
    made.shelf.read_only.clear()
    made.shelf.read_only["1", "B"] = "owned by the marketplace"
    laid = recheck(
        made.work(), account=ACCOUNT, location="1", skus=["A", "B"], requested_by="ada"
    ).rows
    assert not laid["A"].values["unknown"] & RowUnknown.READ_ONLY
    assert laid["B"].values["unknown"] & RowUnknown.READ_ONLY
