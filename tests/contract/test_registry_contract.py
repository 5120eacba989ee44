"""The memory registry and the one in DynamoDB keep the same promises.

For the bug where a use case is right with the twin and wrong with the table.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from os import urandom
from typing import Any

import pytest

from tests.contract.stores import LOCAL, registry_table
from trueup.adapters.backoff import Backoff
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_registry import DynamoDBRegistries
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Account, Link, Location, Member
from trueup.domain.errors import ConflictError, DefectError, LeaseLostError, RejectedError
from trueup.domain.force import ForceSlot
from trueup.domain.runs import Lease, Run, RunState, Trigger
from trueup.ports import (
    Create,
    HoldsLease,
    HoldsSlot,
    Listed,
    Meter,
    Registries,
    Registry,
    Remove,
    Replace,
    Stored,
    Unchanged,
    Write,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)
MakeRegistries = Callable[[], Registries]


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.stack)])
def make(request: pytest.FixtureRequest) -> Iterator[MakeRegistries]:
    """Makes registries over one empty store: each call as another process would."""
    if request.param == "memory":
        memory = MemoryRegistries()
        yield lambda: memory
        return
    clients = Clients(endpoint_url=request.getfixturevalue("stack").endpoint_url, **LOCAL)
    table = registry_table(clients.dynamodb)
    yield lambda: DynamoDBRegistries(clients.dynamodb, table, Meter(), Backoff(base=0.001))
    clients.dynamodb.delete_table(TableName=table)


@pytest.fixture
def registries(make: MakeRegistries) -> Registries:
    return make()


@pytest.fixture
def registry(registries: Registries) -> Registry:
    return registries.of("acme")


def location(code: str = "berlin", name: str = "Berlin") -> Location:
    return Location(code=code, name=name)


def account(id_: str = "shop", due: datetime | None = None) -> Account:
    return Account(id=id_, channel="sandbox", name="Shop", created_at=NOW, next_due_at=due)


def run(id_: str, account_id: str = "shop", state: RunState = RunState.QUEUED) -> Run:
    return Run(
        id=id_,
        account=account_id,
        channel="sandbox",
        trigger=Trigger.BUTTON,
        requested_by="ann",
        state=state,
        opened_at=NOW,
        deadline=NOW + timedelta(hours=1),
    )


def link(channel_location: str, account_id: str = "shop") -> Link:
    members = (Member(location="berlin"),)
    return Link(account=account_id, channel_location=channel_location, members=members)


def lease(holder: str = "run-1", fence: int = 1) -> Lease:
    return Lease(account="shop", holder=holder, fence=fence, expires_at=NOW)


def ids(listed: Listed[Run]) -> list[str]:
    return [stored.value.id for stored in listed.items]


def test_what_was_created_is_read_back_as_version_one(registry: Registry) -> None:
    registry.write(Create(location()))
    assert registry.get(Location, "berlin") == Stored(location(), 1)
    assert registry.get(Location, "paris") is None


def test_creating_again_conflicts_and_changes_nothing(registry: Registry) -> None:
    registry.write(Create(location()))
    with pytest.raises(ConflictError, match="exists already"):
        registry.write(Create(location(name="Other")))
    assert registry.get(Location, "berlin") == Stored(location(), 1)


def test_the_same_content_created_twice_also_conflicts(registry: Registry) -> None:
    """A repeated write is told apart from the first: two claimants never both win."""
    registry.write(Create(location()), Create(location("paris")))
    with pytest.raises(ConflictError):
        registry.write(Create(location()), Create(location("paris")))


def test_replacing_needs_the_version_that_was_read(registry: Registry) -> None:
    registry.write(Create(location()))
    registry.write(Replace(location(name="Two"), 1))
    with pytest.raises(ConflictError, match="changed meanwhile"):
        registry.write(Replace(location(name="Three"), 1))
    assert registry.get(Location, "berlin") == Stored(location(name="Two"), 2)


def test_replacing_what_is_absent_conflicts(registry: Registry) -> None:
    with pytest.raises(ConflictError, match="removed meanwhile"):
        registry.write(Replace(location(), 1))
    assert registry.get(Location, "berlin") is None


def test_removing_needs_the_version_that_was_read(registry: Registry) -> None:
    registry.write(Create(location()))
    with pytest.raises(ConflictError):
        registry.write(Remove(location(), 2))
    registry.write(Remove(location(), 1))
    assert registry.get(Location, "berlin") is None
    with pytest.raises(ConflictError):
        registry.write(Remove(location(), 1))


def test_a_transaction_happens_whole_or_not_at_all(registry: Registry) -> None:
    registry.write(Create(location("taken")))
    before = registry.get(Location, "taken")
    with pytest.raises(ConflictError):
        registry.write(
            Replace(location("taken", "New"), 1), Create(location("free")), Remove(account(), 1)
        )
    assert registry.get(Location, "taken") == before
    assert registry.get(Location, "free") is None


def test_nothing_to_write_is_no_error(registry: Registry) -> None:
    registry.write()


@pytest.mark.parametrize(
    ("holder", "fence"), [("run-2", 1), ("run-1", 2)], ids=["another run", "a later fence"]
)
def test_a_lost_lease_stops_the_transaction(registry: Registry, holder: str, fence: int) -> None:
    registry.write(Create(lease(holder, fence)))
    with pytest.raises(LeaseLostError):
        registry.write(HoldsLease("shop", "run-1", 1), Create(location()))
    assert registry.get(Location, "berlin") is None


def test_a_missing_lease_is_a_lost_one(registry: Registry) -> None:
    with pytest.raises(LeaseLostError):
        registry.write(HoldsLease("shop", "run-1", 1))


def test_a_lost_lease_is_told_before_other_conflicts(registry: Registry) -> None:
    registry.write(Create(location()))
    with pytest.raises(LeaseLostError):
        registry.write(Create(location()), HoldsLease("shop", "run-1", 1))


def test_a_held_lease_lets_the_transaction_pass(registry: Registry) -> None:
    registry.write(Create(lease()))
    registry.write(HoldsLease("shop", "run-1", 1), Create(location()))
    assert registry.get(Location, "berlin") is not None


def slot(holder: str = "plan/all", sequence: int = 3) -> ForceSlot:
    return ForceSlot(account="eu", channel_location="1", holder=holder, sequence=sequence)


def test_a_held_slot_lets_the_transaction_pass(registry: Registry) -> None:
    registry.write(Create(slot()))
    registry.write(HoldsSlot("eu", "1", "plan/all", 3), Create(location()))
    assert registry.get(Location, "berlin") is not None


@pytest.mark.parametrize(
    "held", [slot("other/all"), slot(sequence=4)], ids=["another plan", "a later claim"]
)
def test_a_slot_of_another_claim_stops_the_transaction(registry: Registry, held: ForceSlot) -> None:
    registry.write(Create(held))
    with pytest.raises(LeaseLostError):
        registry.write(HoldsSlot("eu", "1", "plan/all", 3), Create(location()))
    assert registry.get(Location, "berlin") is None


def test_what_must_be_unchanged_is_checked_and_not_written(registry: Registry) -> None:
    registry.write(Create(slot()))
    registry.write(Unchanged(slot(), 1), Create(location()))
    held = registry.get(ForceSlot, "eu", "1")
    assert held is not None
    assert held.version == 1


def test_what_was_not_there_must_still_not_be(registry: Registry) -> None:
    registry.write(Unchanged(slot(), 0), Create(location()))
    registry.write(Create(slot()))
    with pytest.raises(ConflictError):
        registry.write(Unchanged(slot(), 0), Replace(location(), 1))
    kept = registry.get(Location, "berlin")
    assert kept is not None
    assert kept.version == 1


@pytest.mark.parametrize("versions", [0, 2], ids=["gone", "changed"])
def test_what_was_changed_or_is_gone_stops_the_transaction(
    registry: Registry, versions: int
) -> None:
    if versions:
        registry.write(Create(slot()))
        registry.write(Replace(slot(sequence=4), 1))
    with pytest.raises(ConflictError):
        registry.write(Unchanged(slot(), 1), Create(location()))
    assert registry.get(Location, "berlin") is None


@pytest.mark.parametrize("lease_first", [True, False])
def test_a_lease_can_be_held_and_given_up_at_once(registry: Registry, *, lease_first: bool) -> None:
    registry.write(Create(lease()))
    writes: list[Write] = [HoldsLease("shop", "run-1", 1), Remove(lease(), 1)]
    registry.write(*(writes if lease_first else reversed(writes)), Create(location()))
    assert registry.get(Lease, "shop") is None


def test_a_lease_renewed_meanwhile_is_a_conflict_not_a_loss(registry: Registry) -> None:
    registry.write(Create(lease()))
    registry.write(Replace(lease(), 1))
    with pytest.raises(ConflictError) as caught:
        registry.write(HoldsLease("shop", "run-1", 1), Remove(lease(), 1))
    assert not isinstance(caught.value, LeaseLostError)


def test_naming_an_item_twice_is_a_defect(registry: Registry) -> None:
    with pytest.raises(DefectError, match="twice"):
        registry.write(Create(location()), Replace(location(), 1))


def test_a_hundred_items_in_a_transaction_but_no_more(registry: Registry) -> None:
    registry.write(*(Create(location(f"l{n}")) for n in range(100)))
    assert len(registry.list(Location, limit=200).items) == 100
    with pytest.raises(DefectError, match="101"):
        registry.write(*(Create(location(f"m{n}")) for n in range(101)))


def test_an_item_too_large_is_a_defect(registry: Registry) -> None:
    with pytest.raises(DefectError, match="grown"):
        registry.write(Create(account().model_copy(update={"note": urandom(400_000).hex()})))


def test_a_large_item_comes_back_as_it_was(registry: Registry) -> None:
    large = account().model_copy(update={"config": {"note": "x" * 390_000}})
    registry.write(Create(large))
    stored = registry.get(Account, *large.identity)
    assert stored is not None
    assert stored.value == large


def test_a_list_has_its_prefix_and_kind_only_in_key_order(registry: Registry) -> None:
    registry.write(*(Create(run(f"r{n}")) for n in (2, 1, 3)), Create(location()))
    registry.write(Create(run("r0", "shop-2")), Create(run("r9", "sho")), Create(link("x")))
    assert ids(registry.list(Run, "shop")) == ["r1", "r2", "r3"]
    assert ids(registry.list(Run)) == ["r9", "r1", "r2", "r3", "r0"]
    assert ids(registry.list(Run, "shop", "r2")) == ["r2"]
    assert ids(registry.list(Run, "sh")) == []


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_of_a_list_are_the_list(registry: Registry, *, newest_first: bool) -> None:
    registry.write(*(Create(run(f"r{n}")) for n in range(7)))
    seen: list[list[str]] = []
    cursor: str | None = None
    while cursor is not None or not seen:
        page = registry.list(Run, "shop", cursor=cursor, limit=3, newest_first=newest_first)
        seen.append(ids(page))
        cursor = page.cursor
    forwards = [f"r{n}" for n in range(7)]
    assert [i for p in seen for i in p] == (forwards[::-1] if newest_first else forwards)
    assert [len(p) for p in seen] == [3, 3, 1]


def test_the_last_full_page_has_no_cursor(registry: Registry) -> None:
    registry.write(*(Create(run(f"r{n}")) for n in range(3)))
    assert registry.list(Run, "shop", limit=3).cursor is None


def test_a_list_goes_on_where_its_last_item_was_removed(registry: Registry) -> None:
    registry.write(*(Create(run(f"r{n}")) for n in range(4)))
    page = registry.list(Run, "shop", limit=2)
    registry.write(Remove(run("r1"), 1))
    assert ids(registry.list(Run, "shop", cursor=page.cursor)) == ["r2", "r3"]


def test_a_cursor_works_for_its_own_list_only(registries: Registries) -> None:
    acme, other = registries.of("acme"), registries.of("other")
    acme.write(*(Create(run(f"r{n}")) for n in range(3)), Create(location("z")))
    cursor = acme.list(Run, "shop", limit=1).cursor
    assert cursor is not None
    attempts: list[Callable[[], object]] = [
        lambda: other.list(Run, "shop", cursor=cursor),
        lambda: acme.list(Run, "shop-2", cursor=cursor),
        lambda: acme.list(Run, cursor=cursor),
        lambda: acme.list(Location, cursor=cursor),
        lambda: acme.list(Run, "shop", cursor=cursor, newest_first=True),
        lambda: acme.list(Run, "shop", cursor="?"),
        lambda: acme.list(Run, "shop", cursor=""),
        lambda: acme.list(Run, "shop", cursor="bnVsbA"),
        lambda: acme.list(Run, "shop", cursor=cursor[:-3]),
    ]
    for attempt in attempts:
        with pytest.raises(RejectedError):
            attempt()


def test_sellers_do_not_see_each_other(registries: Registries) -> None:
    registries.of("acme").write(Create(location()))
    for seller in ("other", "acm", "acme#", "acme#location"):
        registry = registries.of(seller)
        assert registry.get(Location, "berlin") is None
        assert registry.list(Location).items == ()
        registry.write(Create(location(name=seller)))
    assert registries.of("acme").get(Location, "berlin") == Stored(location(), 1)


NASTY = [
    "a#b",
    "a",
    "a%23b",
    "a~b",
    "über",
    "倉庫",
    "a/b",
    "日" * 256,
    "日" * 255 + "本",
    "x" * 256,
]


def test_codes_of_any_script_and_length_are_keys(registry: Registry) -> None:
    registry.write(*(Create(link(code)) for code in NASTY))
    for code in NASTY:
        stored = registry.get(Link, "shop", code)
        assert stored is not None
        assert stored.value.channel_location == code
        assert [s.value for s in registry.list(Link, "shop", code).items] == [stored.value]
    assert {s.value.channel_location for s in registry.list(Link, "shop").items} == set(NASTY)


def test_due_are_the_appointments_until_then_earliest_first(registries: Registries) -> None:
    minute = timedelta(minutes=1)
    for n, seller in enumerate(("s1", "s2", "s3", "s4", "s5", "s#6")):
        late = account("late", NOW + 10 * minute)
        due = account("due", NOW - n * minute)
        registries.of(seller).write(Create(due), Create(late), Create(run("r1")))
    found = list(registries.due("due", NOW))
    assert [a.seller for a in found] == ["s#6", "s5", "s4", "s3", "s2", "s1"]
    assert {(a.kind, a.identity) for a in found} == {("account", ("due",))}
    assert [a.at for a in found] == [NOW - n * minute for n in (5, 4, 3, 2, 1, 0)]
    assert [a.seller for a in registries.due("due", NOW, limit=2)] == ["s#6", "s5"]
    assert list(registries.due("due", NOW, None)) == found
    assert list(registries.due("due", NOW - timedelta(hours=1))) == []
    assert len(list(registries.due("open", NOW + timedelta(hours=2)))) == 6


def test_who_is_no_longer_due_leaves_the_agenda(registries: Registries) -> None:
    registry = registries.of("acme")
    registry.write(Create(account(due=NOW)), Create(run("r1")))
    later = NOW + timedelta(days=1)
    registry.write(Replace(account(due=later), 1))
    registry.write(Replace(run("r1", state=RunState.FAILED), 1))
    assert list(registries.due("due", NOW)) == []
    assert [a.at for a in registries.due("due", later)] == [later]
    assert list(registries.due("open", later)) == []
    registry.write(Remove(account(), 2))
    assert list(registries.due("due", later)) == []


def test_of_many_who_create_one_record_one_wins(make: MakeRegistries) -> None:
    registries = make()
    assert _winners(lambda n: registries.of("acme").write(Create(location(name=f"{n}")))) == 1


def test_of_many_who_take_a_lease_with_a_run_one_wins(make: MakeRegistries) -> None:
    registries = make()
    registry = registries.of("acme")
    registry.write(Create(lease("nobody")))

    def take(n: int) -> None:
        taken = lease(f"run-{n}", 2)
        registries.of("acme").write(Create(run(f"run-{n}")), Replace(taken, 1))

    assert _winners(take) == 1
    found = registry.list(Run, "shop", limit=100)
    stored = registry.get(Lease, "shop")
    assert stored is not None
    assert ids(found) == [stored.value.holder]


def test_many_who_retry_conflicts_lose_no_update(make: MakeRegistries) -> None:
    registries = make()
    registries.of("acme").write(Create(location(name="0")))

    def increment(_: int) -> None:
        registry = registries.of("acme")
        while True:
            stored = registry.get(Location, "berlin")
            assert stored is not None
            count = int(stored.value.name) + 1
            try:
                registry.write(Replace(location(name=str(count)), stored.version))
            except ConflictError:
                continue
            return

    assert _winners(increment, threads=8) == 8
    stored = registries.of("acme").get(Location, "berlin")
    assert stored == Stored(location(name="8"), 9)


def _winners(attempt: Callable[[int], Any], threads: int = 32) -> int:
    def won(n: int) -> bool:
        try:
            attempt(n)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(won, range(threads)))
