"""Corrections that happen twice, half, or without the person who should have approved them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.faults import Died, Injector, Kind, each_call
from tests.unit.exceptions.exceptions_world import ACCOUNT, CaseWorld
from trueup.domain.accounts import Location
from trueup.domain.adjustments import DECIDABLE, Adjustment, AdjustmentState, Approval, ToPush
from trueup.domain.errors import ConflictError, ForbiddenError, RejectedError, TrueupError
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.time import milliseconds
from trueup.ledger.blocks import MOVEMENTS
from trueup.ledger.streams import SHARDS, movements_stream
from trueup.ports import Create
from trueup.usecases.exceptions.adjusting import Bureau, approve, propose, reject
from trueup.usecases.exceptions.limits import set_limits
from trueup.usecases.exceptions.posting import poster
from trueup.usecases.whole import all_of

FIELDS = {"location": "main", "sku": "SKU-0007", "quantity": -2, "reason": "damaged"}


def with_location() -> CaseWorld:
    world = CaseWorld()
    world.registry.write(Create(Location(code="main", name="Main")))
    return world


def bureau(world: CaseWorld, user: str = "ada") -> Bureau:
    cabinet = world.cabinet(user)
    ledger = world.world.ledger
    return Bureau(cabinet, poster(cabinet.registry, ledger, world.world.clock), ledger)


def movements(world: CaseWorld) -> list[Movement]:
    stream = movements_stream("main")
    blocks = [b for s in range(SHARDS) for _, b in world.world.ledger.read(stream, s)]
    return [movement for block in blocks for movement in MOVEMENTS.entries(block)]


def marks(world: CaseWorld) -> list[tuple[str, ...]]:
    return [stored.value.identity for stored in all_of(world.registry, ToPush)]


def stored(world: CaseWorld) -> list[Adjustment]:
    return [one.value for one in all_of(world.registry, Adjustment)]


def test_over_the_limit_another_person_approves_and_it_is_applied() -> None:
    world = with_location()
    proposed = propose(bureau(world), FIELDS)
    assert (proposed.state, proposed.approval) == (AdjustmentState.PROPOSED, Approval.OVER_UNITS)
    assert movements(world) == []
    world.world.now += DECIDABLE / 2
    applied = approve(bureau(world, "bob"), proposed.id, "Seen.")
    assert applied.state is AdjustmentState.APPLIED
    (movement,) = movements(world)
    assert (movement.kind, movement.quantity, movement.bucket) == (MovementKind.ADJUSTMENT, -2, "")
    assert (movement.source, movement.id, movement.actor) == ("trueup", proposed.id, "ada")
    assert movement.occurred_at == milliseconds(world.world.now)
    assert marks(world) == [(ACCOUNT, "1", "SKU-0007")]


def test_the_proposer_cannot_approve_unless_second_approval_is_off() -> None:
    world = with_location()
    proposed = propose(bureau(world), FIELDS)
    with pytest.raises(ForbiddenError):
        approve(bureau(world), proposed.id, "")
    assert movements(world) == []
    set_limits(world.cabinet("admin").registry, {"second_approval": False})
    assert approve(bureau(world), proposed.id, "").approval is Approval.SWITCHED_OFF
    assert propose(bureau(world), FIELDS).state is AdjustmentState.APPLIED


def test_up_to_the_limits_it_is_applied_at_once() -> None:
    world = with_location()
    set_limits(world.registry, {"units": 2})
    assert propose(bureau(world), FIELDS).state is AdjustmentState.APPLIED
    assert propose(bureau(world), {**FIELDS, "quantity": 3}).state is AdjustmentState.PROPOSED


def test_units_whose_cost_nobody_knows_are_over_a_limit_of_value() -> None:
    world = with_location()
    set_limits(world.registry, {"units": 9, "value": {"currency": "EUR", "amount": 10**9}})
    assert propose(bureau(world), FIELDS).approval is Approval.VALUE_UNKNOWN


def test_two_approvers_at_once_apply_it_once() -> None:
    world = with_location()
    proposed = propose(bureau(world), FIELDS)
    approve(bureau(world, "bob"), proposed.id, "")
    with pytest.raises(ConflictError, match="applied already"):
        approve(bureau(world, "eve"), proposed.id, "")
    assert len(movements(world)) == 1


def test_one_who_read_before_the_other_wrote_loses() -> None:
    world = with_location()
    proposed = propose(bureau(world), FIELDS)

    class Late:
        """Lets somebody else reject it between the reading and the writing."""

        def __init__(self) -> None:
            self.inner = world.cabinet("bob").registry

        def __getattr__(self, name: str) -> Any:
            if name == "write":
                reject(bureau(world, "eve"), proposed.id, "No.", may_decide=True)
            return getattr(self.inner, name)

    late: Any = Late()
    mine = bureau(world, "bob")
    cabinet = type(mine.cabinet)(late, mine.cabinet.pages, world.world.clock, lambda: "", "bob")
    with pytest.raises(ConflictError):
        approve(Bureau(cabinet, mine.post, mine.ledger), proposed.id, "")
    assert stored(world)[0].state is AdjustmentState.REJECTED
    assert movements(world) == []


class Meanwhile:
    """A registry before whose next write something else happens, once."""

    def __init__(self, inner: Any, happens: Callable[[], object]) -> None:
        self.inner = inner
        self.happens = [happens]

    def __getattr__(self, name: str) -> Any:
        if name == "write" and self.happens:
            self.happens.pop()()
        return getattr(self.inner, name)


def disturbed(world: CaseWorld, happens: Callable[[], object]) -> Bureau:
    mine = bureau(world)
    registry: Any = Meanwhile(mine.registry, happens)
    return replace(mine, cabinet=replace(mine.cabinet, registry=registry))


def test_limits_that_are_lowered_at_that_moment_count() -> None:
    world = with_location()
    set_limits(world.registry, {"units": 9})
    admins = world.cabinet("admin").registry
    made = propose(disturbed(world, lambda: set_limits(admins, {"units": 1})), FIELDS, "key")
    assert (made.state, made.approval) == (AdjustmentState.PROPOSED, Approval.OVER_UNITS)
    assert movements(world) == []
    assert len(stored(world)) == 1


def test_second_approval_that_is_switched_on_at_that_moment_counts() -> None:
    world = with_location()
    proposed = propose(bureau(world), FIELDS)
    set_limits(world.registry, {"second_approval": False})
    admins = world.cabinet("admin").registry
    mine = disturbed(world, lambda: set_limits(admins, {"second_approval": True}))
    with pytest.raises(ConflictError):
        approve(mine, proposed.id, "")
    assert stored(world)[0].state is AdjustmentState.PROPOSED
    assert movements(world) == []


def test_a_proposer_takes_it_back_and_a_stranger_does_not() -> None:
    world = with_location()
    proposed = propose(bureau(world), FIELDS)
    with pytest.raises(ForbiddenError):
        reject(bureau(world, "eve"), proposed.id, "", may_decide=False)
    assert reject(bureau(world), proposed.id, "", may_decide=False).state is (
        AdjustmentState.REJECTED
    )
    with pytest.raises(ConflictError):
        approve(bureau(world, "bob"), proposed.id, "")


def test_a_proposal_that_nobody_decides_about_expires() -> None:
    world = with_location()
    proposed = propose(bureau(world), FIELDS)
    world.world.now += DECIDABLE
    with pytest.raises(ConflictError, match="expired"):
        approve(bureau(world, "bob"), proposed.id, "")
    assert world.attend().done == 1
    assert stored(world)[0].state is AdjustmentState.EXPIRED


def test_the_same_request_again_makes_no_second_one() -> None:
    world = with_location()
    set_limits(world.registry, {"units": 9})
    first = propose(bureau(world), FIELDS, "key")
    assert propose(bureau(world), FIELDS, "key") == first
    assert len(movements(world)) == 1
    with pytest.raises(ConflictError, match="another adjustment"):
        propose(bureau(world), {**FIELDS, "quantity": -1}, "key")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(RejectedError) as refused:
        propose(bureau(with_location()), {**FIELDS, "location": "no", "quantity": 0, "case": "C"})
    assert {f.where for f in refused.value.faults} == {"/location", "/quantity", "/case"}


def test_a_sku_that_only_moved_can_be_corrected_and_a_mistyped_one_cannot() -> None:
    world = with_location()
    with pytest.raises(RejectedError) as refused:
        propose(bureau(world), {**FIELDS, "sku": "TYPO"})
    assert [fault.where for fault in refused.value.faults] == ["/sku"]
    received = Movement(
        kind=MovementKind.RECEIPT,
        sku="TYPO",
        location="main",
        quantity=5,
        occurred_at=milliseconds(world.world.now),
        source="wms",
        id="1",
    )
    bureau(world).post(received)
    assert propose(bureau(world), {**FIELDS, "sku": "TYPO"}).sku == "TYPO"


def test_what_matches_again_is_no_longer_to_be_pushed() -> None:
    world = with_location()
    set_limits(world.registry, {"units": 9})
    world.run()
    propose(bureau(world), FIELDS)
    world.run()
    assert marks(world) == [(ACCOUNT, "1", "SKU-0007")]
    world.run({"SKU-0007": 5})
    assert marks(world) == []


class Disturbed(CaseWorld):
    """All of its ports are disturbed until it is calmed."""

    def disturb(self, injector: Injector) -> Callable[[], None]:
        """What is returned calms them."""
        calm = {name: getattr(self.world, name) for name in ("registry", "pages", "ledger")}
        self.world.__dict__.update({n: injector.wrap(port) for n, port in calm.items()})
        return partial(self.world.__dict__.update, calm)


@pytest.mark.parametrize(
    "kind", [Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER, Kind.CONFLICT]
)
@pytest.mark.parametrize("limit", [0, 9])
def test_whatever_call_fails_it_ends_right_and_once(kind: Kind, limit: int) -> None:
    for injector in each_call(kind):
        world = Disturbed()
        world.registry.write(Create(Location(code="main", name="Main")))
        set_limits(world.registry, {"units": limit})
        calm = world.disturb(injector)
        with suppress(Died, TrueupError):
            propose(bureau(world), FIELDS, "key")
            if limit == 0:
                approve(bureau(world, "bob"), stored(world)[0].id, "")
        calm()
        _retry(world, limit)
        world.attend()
        (only,) = stored(world)
        assert only.state is AdjustmentState.APPLIED
        assert [m.quantity for m in movements(world)] == [-2]
        assert marks(world) == [(ACCOUNT, "1", "SKU-0007")]


def _retry(world: CaseWorld, limit: int) -> None:
    """As a person does who got no answer: the same request, and then approval if it is wanted."""
    made = propose(bureau(world), FIELDS, "key")
    if limit == 0 and made.state is AdjustmentState.PROPOSED:
        approve(bureau(world, "bob"), made.id, "")
