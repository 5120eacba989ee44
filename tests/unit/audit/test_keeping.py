"""For the bug where a change is made and not told, told and not made, or told wrong."""

from datetime import timedelta
from typing import Any

import pytest

from tests.faults import Died, Kind, each_call
from tests.unit.audit.trails import START, Trail, account, names
from trueup.domain.accounts import Link, Location, Member
from trueup.domain.audit import AuditMark, AuditTip
from trueup.domain.errors import ConflictError, DefectError, LeaseLostError, RetryLaterError
from trueup.domain.rates import full
from trueup.domain.runs import Lease
from trueup.ports import Create, HoldsLease, Remove, Replace, Unchanged, Write
from trueup.usecases.audit.keeping import AuditedRegistry, By

BERLIN = Location(code="berlin", name="Berlin")


@pytest.fixture
def trail() -> Trail:
    return Trail()


def test_who_when_before_and_after(trail: Trail) -> None:
    registry = trail.by("ann", "request-1")
    registry.write(Create(BERLIN))
    registry.write(Replace(BERLIN.model_copy(update={"name": "Mitte"}), 1))
    registry.write(Remove(BERLIN.model_copy(update={"name": "Mitte"}), 2))
    made, changed, removed = trail.records()
    assert [(r.actor, r.request, r.sequence) for r in (made, changed, removed)] == [
        ("ann", "request-1", 1),
        ("ann", "request-1", 2),
        ("ann", "request-1", 3),
    ]
    assert START < made.at < changed.at < removed.at
    assert names([made, changed, removed]) == [
        ("created", "location", "berlin"),
        ("changed", "location", "berlin"),
        ("removed", "location", "berlin"),
    ]
    assert made.changes[0].before == {}
    assert made.changes[0].after == {"code": "berlin", "name": "Berlin"}
    assert changed.changes[0].before == {"name": "Berlin"}
    assert changed.changes[0].after == {"name": "Mitte"}
    assert removed.changes[0].before == {"code": "berlin", "name": "Mitte"}
    assert removed.changes[0].after == {}


def test_what_is_not_audited_and_what_changes_nothing_leaves_no_record(trail: Trail) -> None:
    registry = trail.by()
    registry.write(Create(full("key", 60, START)))
    assert trail.records() == []
    registry.write(Create(BERLIN))
    registry.write(Replace(BERLIN, 1))
    assert len(trail.records()) == 1
    assert trail.verified().finding is None


def test_one_transaction_is_one_record(trail: Trail) -> None:
    member = Member(location="berlin")
    link = Link(account="eu", channel_location="shop/1", members=(member,))
    trail.by().write(Create(account()), Create(link), Create(BERLIN), Create(BERLIN_RATE))
    (record,) = trail.records()
    assert {change.kind for change in record.changes} == {"account", "link", "location"}
    marks = trail.plain.list(AuditMark).items
    assert {(m.value.kind, m.value.subject) for m in marks} == {
        ("account", "eu"),
        ("link", "eu/shop%2F1"),
        ("location", "berlin"),
    }


BERLIN_RATE = full("other", 60, START)


def test_a_conflict_of_its_own_is_passed_on_and_leaves_no_record(trail: Trail) -> None:
    registry = trail.by()
    registry.write(Create(BERLIN))
    refused: list[tuple[Write, str]] = [
        (Create(BERLIN), "exists already"),
        (Replace(BERLIN.model_copy(update={"name": "x"}), 7), "changed meanwhile"),
        (Remove(BERLIN, 7), "changed meanwhile"),
        (Remove(Location(code="paris", name="P"), 1), "removed meanwhile"),
    ]
    for write, reason in refused:
        with pytest.raises(ConflictError, match=reason):
            registry.write(write)
    assert len(trail.records()) == 1
    assert trail.verified().finding is None


@pytest.mark.parametrize("version", [1, 9])
def test_a_lost_lease_is_told_as_such(trail: Trail, version: int) -> None:
    lease = Lease(account="eu", holder="run-2", fence=2, expires_at=START)
    trail.plain.write(Create(lease), Create(BERLIN))
    changed = Replace(BERLIN.model_copy(update={"name": "x"}), version)
    with pytest.raises(LeaseLostError):
        trail.by().write(HoldsLease("eu", "run-1", 1), changed)
    assert trail.records() == []


def test_what_is_only_checked_is_not_told(trail: Trail) -> None:
    trail.by().write(Create(BERLIN))
    trail.by().write(Unchanged(BERLIN, 1), Create(account()))
    assert names(trail.records()[1:]) == [("created", "account", "eu")]
    with pytest.raises(ConflictError):
        trail.by().write(Unchanged(BERLIN, 2), Create(account("us")))
    assert len(trail.records()) == 2


class Racing:
    """A registry in which somebody else is recorded just before the next so many writes."""

    def __init__(self, trail: Trail, times: int, also: Any = None) -> None:
        self._trail = trail
        self._times = times
        self._also = also

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trail.plain, name)

    def write(self, *writes: Write) -> None:
        if self._times:
            self._times -= 1
            self._trail.grow(1, "bob")
            if self._also:
                self._also()
        self._trail.plain.write(*writes)


def racing(trail: Trail, times: int, also: Any = None) -> AuditedRegistry:
    registry: Any = Racing(trail, times, also)
    return AuditedRegistry(registry, By("ann"), trail.clock)


def test_a_conflict_on_the_head_alone_is_tried_again(trail: Trail) -> None:
    racing(trail, 5).write(Create(account()))
    assert [record.actor for record in trail.records()] == ["bob"] * 5 + ["ann"]
    assert trail.verified().finding is None


def test_a_conflict_on_both_is_the_callers(trail: Trail) -> None:
    def taken() -> None:
        trail.plain.write(Create(account()))

    with pytest.raises(ConflictError, match="exists already"):
        racing(trail, 1, taken).write(Create(account()))
    assert [record.actor for record in trail.records()] == ["bob"]


def test_a_head_that_cannot_be_got_hold_of_is_for_later(trail: Trail) -> None:
    with pytest.raises(RetryLaterError, match="Many changes"):
        racing(trail, 1_000).write(Create(account()))
    late = racing(trail, 1_000, lambda: setattr(trail, "now", trail.now + timedelta(seconds=11)))
    before = len(trail.records())
    with pytest.raises(RetryLaterError):
        late.write(Create(account()))
    assert len(trail.records()) == before + 1  # bob's: no second try
    assert trail.verified().finding is None


def test_the_times_of_a_chain_never_go_back(trail: Trail) -> None:
    trail.grow(1)
    trail.now = START - timedelta(hours=1)
    trail.grow(1)
    first, second = trail.records()
    assert second.at == first.at


def test_names_of_secrets_are_told_and_their_values_are_not(trail: Trail) -> None:
    config: dict[str, str | int | bool] = {"url": "https://shop.example", "apiToken": "hush"}
    trail.by().write(Create(account(secret="trueup/acme/vendure/main", config=config)))
    after = trail.records()[0].changes[0].after
    assert after["secret"] == "trueup/acme/vendure/main"
    assert after["config"] == {"url": "https://shop.example", "apiToken": "(kept back)"}
    assert not [item for sk, item in trail.items.items() if "hush" in item.body and "audit" in sk]


def test_values_too_long_are_told_by_size_and_digest(trail: Trail) -> None:
    wordy = account(note="n" * 300_000)
    trail.by().write(Create(wordy))
    trail.by().write(Replace(wordy.model_copy(update={"note": "m" * 300_000}), 1))
    changed = trail.records()[1].changes[0]
    assert changed.before["note"]["bytes"] == changed.after["note"]["bytes"] == 300_002
    assert changed.before["note"]["sha256"] != changed.after["note"]["sha256"]
    assert trail.verified().finding is None


def test_48_audited_writes_fit_into_a_transaction(trail: Trail) -> None:
    places = [Location(code=f"l{i}", name="L") for i in range(50)]
    trail.by().write(*map(Create, places[:48]))
    assert len(trail.records()[0].changes) == 48
    with pytest.raises(DefectError):
        trail.by().write(
            *(Create(place.model_copy(update={"code": "x" + place.code})) for place in places)
        )


@pytest.mark.parametrize("kind", [Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER])
def test_whatever_call_fails_the_change_and_its_record_are_one(kind: Kind) -> None:
    """And a repeat makes neither twice."""
    for injector in each_call(kind):
        trail = Trail()
        trail.grow(1)
        registry = AuditedRegistry(injector.wrap(trail.plain), By("ann"), trail.clock)
        changed = BERLIN.model_copy(update={"name": "Mitte"})
        for _ in range(2):
            try:
                registry.write(Replace(changed, 1))
            except (RetryLaterError, Died, ConflictError):
                continue
        stored, tip = trail.plain.get(Location, "berlin"), trail.plain.get(AuditTip, "tip")
        assert stored is not None
        assert tip is not None
        assert (stored.value.name, stored.version, tip.value.sequence) == ("Mitte", 2, 2)
        assert trail.verified().finding is None
