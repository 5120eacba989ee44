"""Finds: a batch that is stored in part, twice or not at all, or told to be what it is not."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.faults import Died, Kind, each_call
from tests.unit.intake.gate_world import NOW, GateWorld
from tests.unit.intake.reading import event
from trueup.domain.errors import NotFoundError, RejectedError, TrueupError
from trueup.domain.movements import MovementKind
from trueup.domain.sources import Domain, Ownership
from trueup.domain.variances import VarianceTending
from trueup.ports import Create
from trueup.usecases.intake.events import MAX_EVENTS
from trueup.usecases.intake.taking import Fate
from trueup.usecases.ledger.agenda import SOON

OUT = {"kind": "transfer_out", "counterpart": "paris", "reference": "t1"}
BATCH = [
    event(id="a", quantity=3),
    event(id="b", **OUT),
    event(id="c", kind="status_change", from_status="BAD", to_status="QC"),
    event(id="d", location="paris", kind="count"),
    *(event(id=f"s{i}", sku=f"S{i}") for i in range(8)),
]


def test_events_are_stored_once() -> None:
    world = GateWorld()
    assert set(world.fates(*BATCH)) == {Fate.ACCEPTED}
    before = world.content()
    assert len(before) == len(BATCH) + 1 + 2  # goods in transit, and the parts of a status change
    assert set(world.fates(*BATCH)) == {Fate.DUPLICATE}
    assert set(world.fates(*reversed(BATCH))) == {Fate.DUPLICATE}
    assert world.content() == before


def test_a_transfer_out_is_on_its_way_at_the_other_location() -> None:
    world = GateWorld()
    world.take(event(**OUT))
    (inbound,) = (m for m in world.content() if m.location == "paris")
    assert (inbound.kind, inbound.reference, inbound.quantity) == (MovementKind.INBOUND, "t1", 5)


def test_the_same_event_twice_in_a_batch_is_stored_once() -> None:
    world = GateWorld()
    assert world.fates(event(), event()) == [Fate.ACCEPTED, Fate.DUPLICATE]
    assert len(world.content()) == 1


def test_what_happened_does_not_change_afterwards() -> None:
    world = GateWorld()
    world.take(event())
    (told,) = world.take(event(quantity=6))
    assert told.fate is Fate.CONFLICT
    assert told.reason
    (kept,) = world.content()
    assert kept.quantity == 5


def test_what_is_too_old_or_to_come_is_refused_and_the_rest_is_stored() -> None:
    world = GateWorld()
    instants = [NOW - timedelta(days=36), NOW, NOW + timedelta(minutes=11)]
    events = [event(id=str(i), occurred_at=at.isoformat()) for i, at in enumerate(instants)]
    outcomes = world.take(*events)
    assert [o.fate for o in outcomes] == [Fate.REFUSED, Fate.ACCEPTED, Fate.REFUSED]
    assert [bool(outcome.reason) for outcome in outcomes] == [True, False, True]
    assert len(world.content()) == 1


def test_a_faulty_batch_stores_nothing_and_tells_every_fault() -> None:
    world = GateWorld()
    with pytest.raises(RejectedError) as told:
        world.take(event(id="1"), event(id="2", unit="pallet"), event(id="3", location="rome"))
    assert [fault.where for fault in told.value.faults] == [
        "/movements/1/unit",
        "/movements/2/location",
    ]
    assert world.content() == set()


@pytest.mark.parametrize("count", [0, MAX_EVENTS + 1])
def test_a_batch_has_its_limits(count: int) -> None:
    with pytest.raises(RejectedError):
        GateWorld().take(*(event(id=str(i)) for i in range(count)))


def test_only_a_source_that_provides_movements_may_send_some() -> None:
    world = GateWorld()
    with pytest.raises(NotFoundError):
        world.take(event(), source="nobody")
    with pytest.raises(RejectedError, match="erp provides snapshots"):
        world.take(event(), source="erp")


def test_two_sources_have_ids_of_their_own() -> None:
    world = GateWorld()
    assert world.fates(event()) == world.fates(event(), source="pos") == [Fate.ACCEPTED]
    assert len(world.content()) == 2


@pytest.mark.parametrize(("others", "stored"), [("refuse", 0), ("claim", 1)])
def test_what_another_source_owns_is_refused_or_kept_as_a_claim(others: Any, stored: int) -> None:
    world = GateWorld()
    rule = Ownership(domain=Domain.MOVEMENTS, location="*", source="wms", others=others)
    world.registry.write(Create(rule))
    (told,) = world.take(event(), source="pos")
    assert told.claim is bool(stored)
    assert told.fate is (Fate.ACCEPTED if stored else Fate.REFUSED)
    assert [movement.claim for movement in world.content()] == [True] * stored


def test_a_transfer_told_by_a_channels_feed_moves_nothing_anywhere() -> None:
    world = GateWorld()
    world.take(event(**OUT), source="orders")
    assert {movement.claim for movement in world.content()} == {True}


@pytest.mark.parametrize("kind", [Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER])
def test_whoever_dies_sends_again_and_nothing_is_lost_or_doubled(kind: Kind) -> None:
    calm = GateWorld()
    calm.take(*BATCH)
    tried = 0
    for injector in each_call(kind):
        world = GateWorld()
        registry, ledger = world.registry, world.ledger
        world.registry, world.ledger = injector.wrap(registry), injector.wrap(ledger)
        with suppress(Died, TrueupError):
            world.take(*BATCH)
        world.registry, world.ledger = registry, ledger
        assert set(world.fates(*BATCH)) <= {Fate.ACCEPTED, Fate.DUPLICATE}
        assert world.content() == calm.content()
        tried += 1
    assert tried > 10


def test_counts_that_keep_coming_do_not_put_off_that_cases_are_looked_after() -> None:
    world = GateWorld()
    for minute in range(4):
        world.now = NOW + timedelta(minutes=minute)
        world.take(event(id=f"c{minute}", kind="count"))
    due = world.registry.get(VarianceTending, "berlin")
    assert due is not None
    assert due.value.due_at == NOW + SOON
