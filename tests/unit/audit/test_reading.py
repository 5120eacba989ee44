"""For the bug where a reader of the trail is shown too little, too much, or in another order."""

from datetime import datetime
from typing import Any

import pytest

from tests.unit.audit.trails import START, Trail, account
from trueup.domain.audit import BLOCK, AuditRecord
from trueup.domain.errors import RejectedError
from trueup.ports import Create, Replace
from trueup.usecases.audit import reading
from trueup.usecases.audit.reading import Wanted, read_trail


@pytest.fixture
def trail() -> Trail:
    """Records 1 to 6 of a location by ann, 7 and 8 of accounts by bob, 9 of one of them by ann."""
    trail = Trail()
    trail.grow(6)
    trail.by("bob").write(Create(account("eu")))
    trail.by("bob").write(Create(account("us")))
    trail.by("ann").write(Replace(account("eu", name="Europe"), 1))
    return trail


def everything(trail: Trail, limit: int = 4, **wanted: Any) -> list[int]:
    records: list[AuditRecord] = []
    cursor = None
    while True:
        page = read_trail(trail.plain, Wanted(**wanted), cursor=cursor, limit=limit)
        assert len(page.records) <= limit
        records += page.records
        cursor = page.cursor
        if cursor is None:
            return [record.sequence for record in records]


@pytest.mark.parametrize("limit", [1, 2, 4, 100])
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"actor": "bob"}, [8, 7]),
        ({"kind": "account"}, [9, 8, 7]),
        ({"kind": "account", "subject": "eu"}, [9, 7]),
        ({"kind": "account", "subject": "eu", "actor": "ann"}, [9]),
        ({"kind": "source"}, []),
        ({"kind": "link", "subject": "eu"}, []),
    ],
)
def test_the_newest_first(
    trail: Trail, wanted: dict[str, str], expected: list[int], limit: int
) -> None:
    assert everything(trail, limit, **wanted) == expected


@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("first", [1, 4, 7, 9])
@pytest.mark.parametrize("last", [1, 4, 8, 9])
def test_of_a_time(trail: Trail, first: int, last: int, limit: int) -> None:
    times = [record.at for record in trail.records()]
    since, until = times[first - 1], times[last - 1]
    expected = [n for n in range(9, 0, -1) if first <= n <= last]
    assert everything(trail, limit, since=since, until=until) == expected
    accounts = [n for n in expected if n in (7, 9)]
    of_one = {"kind": "account", "subject": "eu", "since": since, "until": until}
    assert everything(trail, limit, **of_one) == accounts


def test_before_the_first_there_is_nothing(trail: Trail) -> None:
    assert everything(trail, until=START) == []
    assert everything(trail, since=datetime.fromisoformat("2027-01-01T00:00:00Z")) == []


def test_over_several_blocks() -> None:
    trail = Trail()
    trail.grow(BLOCK + 20)
    assert everything(trail, 100) == list(range(BLOCK + 20, 0, -1))


def test_a_search_looks_at_so_many_and_then_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LOOKED_AT", 10)
    trail = Trail()
    trail.by("bob").write(Create(account("eu")))
    trail.grow(25)
    page = read_trail(trail.plain, Wanted(actor="bob"))
    assert page.records == ()
    assert page.cursor is not None
    assert everything(trail, actor="bob") == [1]


def test_a_cursor_of_another_seller_is_refused(trail: Trail) -> None:
    cursor = read_trail(trail.plain, Wanted(), limit=1).cursor
    other = Trail("bolt", trail.registries)
    with pytest.raises(RejectedError):
        read_trail(other.plain, Wanted(), cursor=cursor)


@pytest.mark.parametrize("victim", [1, 5, 9])
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_what_cannot_be_read_is_named_and_hides_nothing_else(
    trail: Trail, victim: int, limit: int
) -> None:
    times = [record.at for record in trail.records()]
    trail.put(victim, "{}")
    rest = [n for n in range(9, 0, -1) if n != victim]
    assert everything(trail, limit) == rest
    assert everything(trail, limit, actor="bob") == [8, 7]
    for last in (3, 5, 8):
        assert everything(trail, limit, until=times[last - 1]) == [n for n in rest if n <= last]
    assert read_trail(trail.plain, Wanted(), limit=100).unreadable == (victim,)
    accounts = read_trail(trail.plain, Wanted(kind="account", subject="eu"))
    assert [record.sequence for record in accounts.records] == [n for n in (9, 7) if n != victim]
    assert accounts.unreadable == ((9,) if victim == 9 else ())


def test_broken_and_lost_records_in_several_blocks() -> None:
    trail = Trail()
    trail.grow(BLOCK + 150)
    lost, broken = {3, BLOCK - 1, BLOCK + 10}, {1, BLOCK, BLOCK + 120}
    trail.drop(*lost)
    for victim in broken:
        trail.put(victim, "{}")
    expected = [n for n in range(BLOCK + 150, 0, -1) if n not in lost | broken]
    assert everything(trail, 100) == expected
