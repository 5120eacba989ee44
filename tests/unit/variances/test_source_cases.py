"""Incidents and cases of sources: they close, come back and find people like those of channels."""

from datetime import timedelta

import pytest

from tests.unit.ingest.intake_world import PLACE
from tests.unit.variances.variance_world import VarianceWorld
from trueup.domain.cases import Case, Roles, Subject
from trueup.domain.errors import NotFoundError, RejectedError
from trueup.domain.routing import RoutingRule
from trueup.ports import Create
from trueup.usecases.exceptions import accepting, cases
from trueup.usecases.exceptions.attending import Attended, Office, attend
from trueup.usecases.exceptions.filing import Cabinet, require_case
from trueup.usecases.exceptions.incidents import Incident, Wanted, list_incidents
from trueup.usecases.exceptions.posting import poster
from trueup.usecases.ledger.agenda import arrange_tending

FIRST = {"A": 10, "B": 20, "C": 30}
SHRUNK = Subject.of_source(PLACE, cause="shrinkage")
SKU_A = Subject.of_source(PLACE, sku="A")


class SourceCases(VarianceWorld):
    def __init__(self) -> None:
        super().__init__()
        self.tell(FIRST)

    def tell(self, stock: dict[str, int]) -> None:
        """Some hours later the source states its stock, and its cases are looked after."""
        self.later(120)
        self.state(FIRST | stock)
        self.later(1)
        self.attend()

    def count(self, sku: str, units: int) -> None:
        self.later(60)
        arrange_tending(self.registry, self.clock, PLACE, [self.told("count", sku, units)])
        self.later(5)
        self.attend()

    def cabinet(self, user: str = "ada") -> Cabinet:
        return Cabinet(self.registry, self.pages, self.clock, self.new_id, user)

    def attend(self) -> Attended:
        office = Office(
            self.registries,
            lambda _, actor: self.cabinet(actor),
            lambda _: poster(self.registry, self.ledger, self.clock),
            lambda _: self.ledger,
            self.clock,
        )
        done = attend(office, lambda: 600_000)
        assert not done.broken
        return done

    def open(self, subject: Subject) -> Case:
        return cases.open_case(self.cabinet(), subject, Roles(owner="ruth")).value

    def case(self, case: Case) -> Case:
        return require_case(self.registry, case.id).value

    def incidents(self) -> dict[str, Incident]:
        wanted = Wanted()
        page = list_incidents(self.registry, wanted, self.now, cursor=None, limit=50)
        return {incident.group.cause: incident for incident in page.incidents}

    def all_cases(self) -> list[Case]:
        return [stored.value for stored in self.registry.list(Case).items]


@pytest.fixture
def world() -> SourceCases:
    world = SourceCases()
    world.move("receipt", "C", 1, 30)
    world.tell({"C": 31})
    world.move("count", "C", 31, 10)
    return world


def test_what_a_source_lacks_is_an_incident_by_cause(world: SourceCases) -> None:
    world.tell({"A": 7, "B": 19, "C": 33})
    found = world.incidents()
    assert {cause: i.group.rows for cause, i in found.items()} == {"shrinkage": 2, "surplus": 1}
    shrunk = found["shrinkage"]
    assert (shrunk.place.account, shrunk.subject, shrunk.docket) == ("", SHRUNK, None)
    assert shrunk.first_seen == world.now - timedelta(minutes=1)
    case = world.open(SHRUNK)
    docket = world.incidents()["shrinkage"].docket
    assert docket is not None
    assert docket.case == case.id
    with pytest.raises(NotFoundError):
        world.open(Subject.of_source(PLACE, cause="cutoff"))


def test_a_case_closes_once_the_next_statement_agrees_and_comes_back(world: SourceCases) -> None:
    world.tell({"A": 7, "C": 31})
    incident, sku = world.open(SHRUNK), world.open(SKU_A)
    world.tell({"A": 7, "C": 31})
    assert [world.case(one).state for one in (incident, sku)] == ["resolved", "resolved"]
    assert world.case(incident).resolution.root_cause == "shrinkage"  # type: ignore[union-attr]
    world.tell({"A": 5, "C": 31})
    again = world.all_cases()[2:]
    assert {case.recurrence.of for case in again if case.recurrence} == {incident.id, sku.id}
    assert {case.roles.owner for case in again} == {"ruth"}


def test_a_statement_of_some_skus_closes_no_case(world: SourceCases) -> None:
    world.tell({"A": 7, "C": 31})
    case = world.open(SHRUNK)
    world.later(60)
    world.state({"B": 20})
    world.attend()
    assert world.case(case).state == "assigned"
    assert set(world.incidents()) == {"shrinkage"}


def test_a_count_that_agrees_closes_a_skus_case(world: SourceCases) -> None:
    world.tell({"A": 7, "C": 31})
    case = world.open(SKU_A)
    world.count("A", 6)
    assert world.case(case).state == "assigned"
    world.count("A", 6)
    assert world.case(case).state == "resolved"


def test_rules_find_people_for_sources_too(world: SourceCases) -> None:
    rule = RoutingRule(
        id="loss",
        cause="shrinkage",
        roles=Roles(investigator="ines"),
        changed_at=world.now,
        changed_by="admin",
    )
    world.registry.write(Create(rule))
    world.tell({"A": 7, "B": 22, "C": 31})
    (case,) = world.all_cases()
    assert (case.subject, case.roles.investigator, case.opened_by) == (SHRUNK, "ines", "rule:loss")
    world.attend()
    assert len(world.all_cases()) == 1


def test_a_skus_variance_is_accepted_as_it_was_seen_and_an_incident_not(world: SourceCases) -> None:
    world.tell({"A": 7, "C": 31})
    case = world.open(SKU_A)
    terms = accepting.Terms("Known.", world.now + timedelta(days=3), gap=3)
    assert accepting.accept_case(world.cabinet(), case.id, 1, terms).value.state == "accepted"
    with pytest.raises(RejectedError):
        accepting.accept_incident(world.cabinet(), SHRUNK, terms)
    with pytest.raises(RejectedError):
        accepting.accept_case(world.cabinet(), world.open(SHRUNK).id, 1, terms)
