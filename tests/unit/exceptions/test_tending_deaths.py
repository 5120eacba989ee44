"""Whatever call fails while cases are looked after: the next time ends it right, and once."""

from contextlib import suppress

import pytest

from tests.faults import Died, Injector, Kind, each_call
from tests.unit.exceptions.exceptions_world import HOUR, CaseWorld, incident, row
from tests.unit.exceptions.test_accepting import accept_all
from trueup.domain.cases import CaseState, Docket, Roles
from trueup.domain.errors import TrueupError
from trueup.domain.tending import Sighting, Tending
from trueup.usecases.exceptions.attending import attend
from trueup.usecases.exceptions.cases import resolve
from trueup.usecases.whole import all_of

KINDS = [Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER, Kind.CONFLICT]


def busy() -> CaseWorld:
    """A run has ended after which a case is to close, another to recur, a third to be made by a
    rule, and accepted rows to be counted anew.
    """
    world = CaseWorld(20)
    world.rule(cause="not_listed", roles=Roles(owner="ruth"))
    world.run({"SKU-0007": 9, "SKU-0008": 3, "SKU-0009": 1})
    world.open(row("SKU-0007"))
    recurring = world.open(row("SKU-0008")).value
    resolve(world.cabinet(), recurring.id, 1, root_cause="damage", text="")
    accept_all(world)
    world.run({"SKU-0008": 8})
    world.world.now += 2 * HOUR
    world.show({"SKU-0007": 7, "SKU-0008": 3, "STRANGER": 1})
    world.world.reconcile()
    return world


def disturb(world: CaseWorld, injector: Injector) -> dict[str, object]:
    """What is returned calms it."""
    calm = {n: getattr(world.world, n) for n in ("registry", "registries", "pages")}
    world.world.__dict__.update({n: injector.wrap(port) for n, port in calm.items()})
    return calm


@pytest.mark.parametrize("kind", KINDS)
def test_attending_again_ends_it_right(kind: Kind) -> None:
    for injector in each_call(kind):
        world = busy()
        calm = disturb(world, injector)
        with suppress(Died, TrueupError):
            world.attend()
        world.world.__dict__.update(calm)
        world.attend()
        assert list(all_of(world.registry, Tending)) == []
        by = {(case.subject.what, case.state): case for case in world.cases()}
        assert ("SKU-0007", CaseState.RESOLVED) in by
        again = by["SKU-0008", CaseState.OPEN].recurrence
        assert again is not None
        assert again.of == by["SKU-0008", CaseState.RESOLVED].id
        assert by["not_listed", CaseState.ASSIGNED].roles.owner == "ruth"
        assert len(world.cases()) == 5
        assert len(list(all_of(world.registry, Docket))) == 4
        seen = {stored.value.cause for stored in all_of(world.registry, Sighting)}
        assert seen == {"unexplained", "not_listed", "hand_edit"}
        assert world.docket(incident()).state is CaseState.ACCEPTED


def test_two_who_attend_at_once_make_each_case_once() -> None:
    world = busy()
    office, once = world.office(), list[bool]()

    def remaining() -> int:
        if not once:
            once.append(True)
            world.attend()
        return 600_000

    attend(office, remaining)
    assert len(world.cases()) == 5
