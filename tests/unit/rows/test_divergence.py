"""Episodes that are told wrong, or at the price of more than the two versions they are of."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.moves import move, record
from tests.shelf import CAPTURED
from tests.unit.reconcile.test_explaining import later
from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT, World
from trueup.books.manifest import load_manifest
from trueup.domain.errors import NotFoundError
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.outcomes import Outcome
from trueup.domain.runs import Version
from trueup.ports import PageStore, Remove
from trueup.usecases.books import rows_book
from trueup.usecases.recheck import recheck
from trueup.usecases.rows.divergence import Divergence, Rows
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.reading import read_rows

KEY = "SKU-0007"


def diverged(world: World) -> list[Divergence]:
    rows = Rows(world.registry, world.pages, world.ledger)
    return rows.divergences(ACCOUNT, "1", KEY)


def receipt(sku: str, id_: str, minutes: int) -> Movement:
    return move(MovementKind.RECEIPT, sku, 1, at(minutes), id=id_)


def an_episode(versions: int = 3) -> World:
    """It agreed in version 1, diverged in 2, and is as it was then until the last."""
    world = stocked()
    world.reconcile()
    for number in range(1, versions):
        world.shelf.stock["1", KEY] = 9
        world.shelf.stock["1", "SKU-0100"] = number  # so that no two versions are alike
        later(world, 10 * number)
        world.reconcile()
    return world


def at(minutes: int) -> Any:
    return CAPTURED + timedelta(minutes=minutes)


def test_both_rows_are_shown_as_then_seen() -> None:
    (found,) = diverged(an_episode())
    assert found.agreed is not None
    assert found.diverged is not None
    assert found.agreed.row is not None
    assert found.diverged.row is not None
    assert (found.agreed.at, found.agreed.version) == (at(0), 1)
    assert (found.diverged.at, found.diverged.version) == (at(10), 2)
    assert (found.agreed.row.outcome, found.agreed.row.gap) == (Outcome.MATCH, 0)
    assert (found.diverged.row.gap, found.diverged.row.captured_at) == (-2, at(10))
    assert (found.row.first_diverged_at, found.row.last_agreed_at) == (at(10), at(0))
    assert found.row.captured_at == at(20)


def test_a_row_that_matches_has_no_divergence_and_no_place_has_none() -> None:
    world = stocked()
    with pytest.raises(NotFoundError):
        diverged(world)
    world.reconcile()
    assert diverged(world) == []


class _Counted:
    """Notes which blobs are read."""

    def __init__(self, inner: PageStore) -> None:
        self._inner = inner
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]:
        self.asked.update(hashes)
        return self._inner.get_many(book, hashes)


def test_only_the_two_versions_of_the_divergence_are_read() -> None:
    world = an_episode(6)
    book = rows_book(ACCOUNT, "1")
    versions = [s.value for s in world.registry.list(Version, book).items]
    manifests = {v.version: load_manifest(world.pages, book, v.manifest) for v in versions}
    counted = _Counted(world.pages)
    (found,) = Rows(world.registry, counted, world.ledger).divergences(ACCOUNT, "1", KEY)
    assert found.agreed is not None
    roots = {v.version for v in versions if v.manifest in counted.asked}
    assert roots == {1, 2, 6}
    pages = {name for m in manifests.values() for f in m.frames for name in (f.base, f.patch)}
    first = {name for f in manifests[1].frames for name in (f.base, f.patch) if name}
    assert counted.asked & pages == first & counted.asked
    assert len(counted.asked & pages) == 1


def test_movements_between_the_captures_are_told() -> None:
    world = stocked()
    world.reconcile()
    named = {"before": -1, "first": 4, "second": 8, "after": 11}
    record(world, *(receipt(KEY, name, minutes) for name, minutes in named.items()))
    record(world, receipt("SKU-0008", "another", 5))
    world.shelf.stock["1", KEY] = 3
    later(world, 10)
    world.reconcile()
    (found,) = diverged(world)
    assert [movement.id for movement in found.movements] == ["first", "second"]
    assert found.left_out == 0


def test_a_version_that_is_gone_leaves_its_instant() -> None:
    world = an_episode()
    stored = world.registry.get(Version, rows_book(ACCOUNT, "1"), f"{1:012d}")
    assert stored is not None
    world.registry.write(Remove(stored.value, stored.version))
    (found,) = diverged(world)
    assert found.agreed is not None
    assert (found.agreed.at, found.agreed.row) == (at(0), None)


def test_a_row_that_was_checked_again_is_told_as_it_then_was() -> None:
    world = stocked()
    world.reconcile()
    world.shelf.stock["1", KEY] = 9
    world.now += timedelta(minutes=5)
    later(world, 10)
    recheck(world.work(), account=ACCOUNT, location="1", skus=[KEY], requested_by="ada")
    (found,) = diverged(world)
    assert found.diverged is not None
    assert (found.diverged.at, found.diverged.version) == (at(10), None)
    assert found.agreed is not None
    assert found.agreed.row is not None
    world.shelf.stock["1", KEY] = 7
    later(world, 20)
    recheck(world.work(), account=ACCOUNT, location="1", skus=[KEY], requested_by="ada")
    assert diverged(world) == []


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({"outcome": Outcome.EXCEPTION}, [KEY, "SKU-0009", "STRANGER"]),
        ({"outcome": Outcome.EXPLAINED}, []),
        ({"cause": "not_listed"}, ["STRANGER"]),
        ({"cause": "hand_edit"}, [KEY]),
        ({"cause": "unknown"}, ["SKU-0009"]),
        ({"cause": "lag"}, []),
        ({"outcome": Outcome.MATCH, "cause": "hand_edit"}, []),
    ],
    ids=str,
)
def test_rows_by_outcome_and_cause(filters: dict[str, Any], keys: list[str]) -> None:
    world = stocked(20)
    world.reconcile()
    world.shelf.stock["1", KEY] = 9
    world.shelf.stock["1", "SKU-0009"] = None
    world.shelf.stock["1", "STRANGER"] = 1
    later(world, 10)
    world.reconcile()
    page = read_rows(
        world.registry, world.pages, Filters(account=ACCOUNT, **filters), cursor=None, limit=99
    )
    assert [row.seller_identifier or row.channel_identifier for row in page.rows] == keys
    for row in page.rows:
        told = sum(cause.units for cause in row.causes)
        assert row.delta is None or told + (row.unexplained or 0) == row.delta


def test_a_plain_list_says_why_too() -> None:
    world = stocked(20)
    world.reconcile()
    world.shelf.stock["1", KEY] = 9
    later(world, 10)
    world.reconcile()
    page = read_rows(world.registry, world.pages, Filters(account=ACCOUNT), cursor=None, limit=99)
    said = {row.seller_identifier: row.cause for row in page.rows}
    assert said == {f"SKU-{n:04d}": "hand_edit" if n == 7 else None for n in range(20)}
    edited = next(row for row in page.rows if row.cause)
    assert [(cause.cause, cause.units) for cause in edited.causes] == [("hand_edit", -2)]
