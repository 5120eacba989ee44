"""Accepted differences that come back too early, or never."""

import pytest

from tests.unit.exceptions.exceptions_world import ACCOUNT, HOUR, CaseWorld, incident, row
from trueup.domain.acceptances import Acceptance, Remainder
from trueup.domain.cases import Case, CaseState
from trueup.domain.errors import ConflictError, DefectError, RejectedError
from trueup.ports import Stored
from trueup.usecases.exceptions.accepting import Terms, accept_case, accept_incident
from trueup.usecases.exceptions.cases import assign, reopen, resolve
from trueup.usecases.exceptions.listing import Asked, ExceptionsPage, list_exceptions
from trueup.usecases.exceptions.stepping import CHANGED, EXPIRED
from trueup.usecases.retention import sweep_books
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.reading import read_rows
from trueup.usecases.whole import all_of

DAY = 24 * HOUR


def terms(world: CaseWorld, *, days: float = 90, **fields: int | None) -> Terms:
    return Terms("Known.", world.world.now + days * DAY, **fields)


def first_report(count: int = 40) -> CaseWorld:
    """Every second SKU is shown with one too few."""
    world = CaseWorld(count)
    world.run({f"SKU-{n:04d}": n - 1 for n in range(2, count, 2)})
    return world


def accept_all(world: CaseWorld, days: float = 90) -> Stored[Case]:
    version = world.incident().place.head.version
    return accept_incident(
        world.cabinet(), incident(), terms(world, days=days, rows_version=version)
    )


def listed(world: CaseWorld, *, accepted: bool = False) -> list[str]:
    found: list[str] = []
    page: ExceptionsPage | None = None
    while page is None or page.cursor:
        page = list_exceptions(
            world.registry,
            world.world.pages,
            Asked(ACCOUNT, "1", accepted=accepted),
            world.world.now,
            cursor=page.cursor if page else None,
            limit=7,
        )
        found += [one.row.seller_identifier or "" for one in page.rows]
    return found


def test_a_whole_incident_is_accepted_without_an_item_for_each_row() -> None:
    small, large = first_report(20), first_report(300)
    for world in (small, large):
        before = items(world)
        accept_all(world)
        world.run()
        assert items(world) - before < 20
        assert listed(world) == []
    assert len(listed(large, accepted=True)) == 149
    assert large.incidents() == []
    (whole,) = large.incidents(state="accepted")
    assert (whole.group.rows, whole.accepted_rows) == (0, 149)


def items(world: CaseWorld) -> int:
    """Records of exceptions, without what a run keeps of itself."""
    kinds = (Acceptance, Remainder, Case)
    return sum(len(list(all_of(world.registry, kind))) for kind in kinds)


def test_accepted_rows_stay_failed() -> None:
    world = first_report()
    accept_all(world)
    world.run()
    page = read_rows(
        world.registry, world.world.pages, Filters(account=ACCOUNT), cursor=None, limit=100
    )
    assert sum(one.status == "Failed" for one in page.rows) == 19


def test_they_leave_at_once_and_a_changed_gap_brings_a_row_back() -> None:
    world = first_report()
    accept_all(world)
    assert world.incidents() == []
    assert listed(world) == []
    world.run({"SKU-0004": 1, "SKU-0005": 9})
    assert set(listed(world)) == {"SKU-0004", "SKU-0005"}
    assert len(listed(world, accepted=True)) == 18
    assert sum(one.group.rows for one in world.incidents()) == 2


def test_an_accepted_case_reopens_for_what_is_new_in_its_incident() -> None:
    world = CaseWorld()
    world.run({"STRANGER": 3})
    strange = incident("not_listed")
    case = accept_incident(world.cabinet(), strange, terms(world, rows_version=1)).value
    world.run()
    assert world.case(case.id).state is CaseState.ACCEPTED
    world.run({"ANOTHER": 1})
    again = world.case(case.id)
    assert (again.state, again.accepted) == (CaseState.OPEN, None)
    assert again.said.startswith("1 rows")
    found = world.incident("not_listed")
    assert (found.group.rows, found.accepted_rows) == (1, 1)
    del world.world.shelf.stock["1", "STRANGER"]
    del world.world.shelf.stock["1", "ANOTHER"]
    world.run()
    assert world.case(case.id).state is CaseState.RESOLVED
    assert list(all_of(world.registry, Acceptance)) == []


def test_an_acceptance_holds_until_it_is_up() -> None:
    world = first_report()
    case = accept_all(world, days=1).value
    world.run(hours=23)
    assert listed(world) == []
    world.world.now += HOUR
    world.attend()
    assert (world.case(case.id).state, world.case(case.id).said) == (CaseState.OPEN, EXPIRED)
    assert len(listed(world)) == 19
    world.run()
    assert sum(one.group.rows for one in world.incidents()) == 19
    assert list(all_of(world.registry, Remainder)) == []


def test_accepting_again_takes_the_place_of_what_was_accepted_before() -> None:
    world = first_report()
    case = accept_all(world).value
    world.run({"SKU-0004": 1})
    (rest,) = world.incidents()
    version = rest.place.head.version
    accept_incident(world.cabinet(), rest.subject, terms(world, rows_version=version))
    world.run()
    assert listed(world) == []
    assert world.case(case.id).subject.what == "unexplained"


def test_taking_it_back_brings_all_rows_back() -> None:
    world = first_report()
    case = accept_all(world).value
    world.run()
    reopen(world.cabinet(), case.id, world.version(case.id))
    assert len(listed(world)) == 19
    assert sum(one.group.rows for one in world.incidents()) == 19


def test_what_was_not_seen_is_not_accepted() -> None:
    world = first_report()
    seen = terms(world, rows_version=world.incident().place.head.version)
    world.run({"SKU-0005": 99})
    with pytest.raises(ConflictError, match="newer comparison"):
        accept_incident(world.cabinet(), incident(), seen)


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_an_acceptance_is_for_a_time_ahead_and_not_for_ever(days: int) -> None:
    world = first_report()
    with pytest.raises(RejectedError):
        accept_all(world, days=days)


def test_an_accepted_row_is_left_out_until_its_gap_changes() -> None:
    world = first_report()
    case = world.open(row("SKU-0004"), owner="ada").value
    with pytest.raises(ConflictError, match="another gap"):
        accept_case(world.cabinet(), case.id, 1, terms(world, gap=-1))
    accept_case(world.cabinet(), case.id, 1, terms(world, gap=1))
    assert "SKU-0004" not in listed(world)
    assert listed(world, accepted=True) == ["SKU-0004"]
    world.run()
    assert world.case(case.id).state is CaseState.ACCEPTED
    world.run({"SKU-0004": 2})
    again = world.case(case.id)
    assert (again.state, again.said) == (CaseState.ASSIGNED, CHANGED)
    assert "SKU-0004" in listed(world)


def test_what_people_accepted_can_be_read_however_old_its_version_is() -> None:
    world = first_report()
    accept_all(world, days=300)
    for _ in range(3):
        world.run({"SKU-0001": 5}, hours=20 * 24)
        world.run({"SKU-0001": 6}, hours=20 * 24)
        sweep_books(world.registry, world.world.pages, world.world.now)
    assert listed(world) == ["SKU-0001"]
    for stored in list(all_of(world.registry, Acceptance)):
        reopen(world.cabinet(), stored.value.case, world.version(stored.value.case))
    sweep_books(world.registry, world.world.pages, world.world.now)
    with pytest.raises(DefectError):
        list(world.world.pages.get_many(stored.value.book, [stored.value.manifest]))


def test_two_people_who_change_a_case_at_once_do_not_undo_each_other() -> None:
    world = first_report()
    case = world.open(row("SKU-0004")).value
    assign(world.cabinet("ada"), case.id, 1, {"owner": "ada"})
    with pytest.raises(ConflictError, match="version 2"):
        assign(world.cabinet("bob"), case.id, 1, {"owner": "bob"})
    with pytest.raises(ConflictError):
        resolve(world.cabinet("bob"), case.id, 1, root_cause="damage", text="")
    assert world.case(case.id).roles.owner == "ada"
