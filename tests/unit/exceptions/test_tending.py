"""Cases that a run forgets to close, opens twice, or takes out of people's hands."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice, repeat
from typing import Any

import pytest

from tests.unit.exceptions.exceptions_world import HOUR, CaseWorld, incident, row
from trueup.domain.cases import Case, CaseState, Docket, Roles
from trueup.domain.errors import ConflictError, DefectError, NotFoundError, RejectedError
from trueup.domain.tending import Sighting, Tending
from trueup.ports import Appointment
from trueup.usecases.exceptions.attending import attend
from trueup.usecases.exceptions.cases import assign, open_case, reopen, resolve
from trueup.usecases.exceptions.filing import Cabinet
from trueup.usecases.exceptions.stepping import BACK, MATCHES, STAYED
from trueup.usecases.whole import all_of

OFF = {"SKU-0007": 9, "SKU-0010": 12}
RIGHT = {"SKU-0007": 7, "SKU-0010": 10}


def differing() -> CaseWorld:
    world = CaseWorld()
    world.run(OFF)
    return world


def resolved(world: CaseWorld, case: Case, cause: str = "counting_error") -> None:
    resolve(world.cabinet(), case.id, world.version(case.id), root_cause=cause, text="Shelf B.")


def test_a_row_that_matches_again_closes_its_case() -> None:
    world = differing()
    case = world.open(row("SKU-0007"), owner="ada").value
    world.run()
    assert world.case(case.id).state is CaseState.ASSIGNED
    world.run(RIGHT)
    closed = world.case(case.id)
    assert (closed.state, closed.said) == (CaseState.RESOLVED, MATCHES)
    assert closed.resolution is not None
    assert (closed.resolution.root_cause, closed.resolution.by) == ("unknown", "rule:cases")
    assert closed.roles.owner == "ada"


def test_a_case_that_closes_by_itself_says_the_cause_it_had() -> None:
    world = CaseWorld()
    world.run({"STRANGER": 3})
    case = world.open(incident("not_listed")).value
    del world.world.shelf.stock["1", "STRANGER"]
    world.run()
    closed = world.case(case.id)
    assert closed.resolution is not None
    assert closed.resolution.root_cause == "not_listed"


def test_what_is_back_after_it_had_gone_is_a_recurrence_with_a_link_and_a_count() -> None:
    world = differing()
    first = world.open(row("SKU-0007"), owner="ada", investigator="grace").value
    world.run(RIGHT)
    world.run(OFF)
    second = world.cases()[-1]
    assert second.recurrence is not None
    assert (second.recurrence.of, second.recurrence.count) == (first.id, 1)
    assert (second.said, second.state) == (BACK, CaseState.ASSIGNED)
    assert second.roles == Roles(owner="ada", investigator="grace")
    assert world.case(first.id).state is CaseState.RESOLVED
    world.run(RIGHT)
    world.run(OFF)
    third = world.cases()[-1]
    assert third.recurrence is not None
    assert (third.recurrence.of, third.recurrence.count) == (second.id, 2)


def test_what_is_back_after_the_window_is_none() -> None:
    world = differing()
    world.open(row("SKU-0007"))
    world.run(RIGHT)
    world.run(OFF, hours=15 * 24)
    assert len(world.cases()) == 1
    assert list(all_of(world.registry, Docket)) == []
    again = world.open(row("SKU-0007")).value
    assert again.recurrence is None


def test_a_person_who_opens_one_again_within_the_window_is_told_of_the_first() -> None:
    world = differing()
    first = world.open(row("SKU-0007")).value
    resolved(world, first)
    second = world.open(row("SKU-0007")).value
    assert second.recurrence is not None
    assert second.recurrence.of == first.id
    with pytest.raises(ConflictError, match="newer case"):
        reopen(world.cabinet(), first.id, world.version(first.id))


def test_a_resolved_case_that_still_differs_later_is_open_again() -> None:
    world = differing()
    case = world.open(row("SKU-0007")).value
    resolved(world, case)
    world.run(hours=0.5)
    assert world.case(case.id).state is CaseState.RESOLVED
    world.run(hours=1)
    again = world.case(case.id)
    assert (again.state, again.said, again.resolution) == (CaseState.OPEN, STAYED, None)


def test_a_rule_gives_an_incident_to_somebody_once() -> None:
    world = CaseWorld()
    world.rule("b-all", roles=Roles(owner="ruth"), order=20)
    world.rule("a-listed", cause="not_listed", roles=Roles(owner="lee", approver="ann"), order=10)
    world.run({**OFF, "STRANGER": 3})
    world.run()
    found = {case.subject.what: case for case in world.cases()}
    assert len(world.cases()) == 2
    assert found["not_listed"].roles == Roles(owner="lee", approver="ann")
    assert found["unexplained"].roles == Roles(owner="ruth")
    assert found["not_listed"].opened_by == "rule:a-listed"


def test_a_run_leaves_what_people_wrote() -> None:
    world = CaseWorld()
    world.rule()
    world.run(OFF)
    case = world.cases()[0]
    assign(world.cabinet(), case.id, 1, {"owner": None, "reviewer": "rita"})
    world.run({"SKU-0011": 99})
    kept = world.case(case.id)
    assert kept.roles == Roles(reviewer="rita")
    assert kept.state is CaseState.OPEN
    assert world.version(case.id) == 2


def test_since_when_a_cause_is_there_is_kept_until_it_goes() -> None:
    world = differing()
    first = world.incident().first_seen
    world.run()
    world.run({"SKU-0007": 8})
    assert world.incident().first_seen == first
    world.run(RIGHT)
    assert list(all_of(world.registry, Sighting)) == []
    world.run(OFF)
    (only,) = world.incidents()
    assert only.first_seen == only.place.captured_at


def test_a_run_that_nobody_attends_to_is_found_later() -> None:
    world = differing()
    case = world.open(row("SKU-0007")).value
    world.world.now += HOUR
    world.show(RIGHT)
    world.world.reconcile()
    assert world.case(case.id).state is CaseState.OPEN
    assert len(list(all_of(world.registry, Tending))) == 1
    assert world.attend().done == 1
    assert world.case(case.id).state is CaseState.RESOLVED
    assert list(all_of(world.registry, Tending)) == []


def test_the_end_of_a_run_has_that_run_attended_to_and_no_other() -> None:
    world = differing()
    for _ in range(2):
        world.world.now += HOUR
        world.world.reconcile()
    first, second = (stored.value for stored in all_of(world.registry, Tending))
    told = {"seller": world.registry.seller, "account": second.account, "run": second.run}
    for _ in range(2):  # it may be told twice
        attended = attend(world.office(), lambda: 600_000, {"detail": told | {"schema": 1}})
        assert (attended.due, attended.done) == (1, 1)
        assert [stored.value for stored in all_of(world.registry, Tending)] == [first]
    assert attend(world.office(), lambda: 600_000, {"detail": {}}).done == 1
    assert list(all_of(world.registry, Tending)) == []


class Littered:
    """Registries in which each agenda begins with many appointments that are for nobody."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def of(self, seller: str) -> Any:
        if seller == "broken":
            raise DefectError("A stored case cannot be read.")
        return self._inner.of(seller)

    def due(self, agenda: str, until: datetime, limit: int | None = 1000) -> Any:
        nobody = Appointment("broken", Tending.record, ("eu", "run"), until)
        return islice(chain(repeat(nobody, 300), self._inner.due(agenda, until, limit)), limit)


def test_what_is_broken_hides_nothing_that_is_due_later() -> None:
    world = differing()
    world.world.now += HOUR
    world.world.reconcile()
    office = world.office()
    registries: Any = Littered(office.registries)

    def cabinet_of(seller: str, actor: str) -> Cabinet:
        registries.of(seller)
        return world.cabinet(actor)

    littered = replace(office, registries=registries, cabinet_of=cabinet_of)
    left = iter(range(60_000 + 299, 0, -1))
    short = attend(littered, lambda: next(left))
    assert (short.due, short.done, short.left, short.broken) == (301, 0, 1, 300)
    done = attend(littered, lambda: 600_000)
    assert (done.due, done.done, done.left, done.broken) == (901, 1, 0, 900)
    assert list(all_of(world.registry, Tending)) == []


def test_attending_that_runs_out_of_time_goes_on_where_it_stopped() -> None:
    world = CaseWorld(20, ("1", "2", "3"))
    for place in ("1", "2", "3"):
        world.show(OFF, place)
    world.run()
    cases = [world.open(row("SKU-0007", place)).value.id for place in ("1", "2", "3")]
    world.world.now += HOUR
    for place in ("1", "2", "3"):
        world.show(RIGHT, place)
    world.world.reconcile()
    left = iter([600_000, 600_000, 600_000, 0, 0])
    first = attend(world.office(), lambda: next(left))
    assert (first.done, first.left) == (0, 1)
    states = [world.case(id_).state for id_ in cases]
    assert states.count(CaseState.RESOLVED) == 2
    assert world.attend().done == 1
    assert {world.case(id_).state for id_ in cases} == {CaseState.RESOLVED}


def test_a_case_needs_something_that_differs() -> None:
    world = differing()
    with pytest.raises(RejectedError, match="matches"):
        world.open(row("SKU-0008"))
    with pytest.raises(NotFoundError):
        world.open(row("SKU-9999"))
    with pytest.raises(NotFoundError):
        world.open(incident("lag"))
    with pytest.raises(NotFoundError):
        world.open(row("SKU-0007", "9"))
    world.open(row("SKU-0007"))
    with pytest.raises(ConflictError, match="already"):
        world.open(row("SKU-0007"))


def test_two_who_open_a_case_about_the_same_at_once_make_one() -> None:
    world = differing()

    def one(number: int) -> str:
        try:
            return open_case(world.cabinet(f"user-{number}"), row("SKU-0007"), Roles()).value.id
        except ConflictError:
            return ""

    with ThreadPoolExecutor(8) as pool:
        made = [id_ for id_ in pool.map(one, range(8)) if id_]
    assert len(made) == len(world.cases()) == 1
    assert world.docket(row("SKU-0007")).case == made[0]
