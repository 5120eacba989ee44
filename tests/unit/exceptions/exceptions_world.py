"""A world of runs whose cases people and rules look after."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.shelf import changed
from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT, World
from trueup.domain.cases import Case, CaseState, Docket, Roles, Subject, SubjectKind
from trueup.domain.routing import RoutingRule
from trueup.ports import Create, Registry, Stored
from trueup.usecases.audit.keeping import AuditedRegistry, By
from trueup.usecases.exceptions.attending import Attended, Office, attend
from trueup.usecases.exceptions.cases import open_case
from trueup.usecases.exceptions.filing import Cabinet, require_case
from trueup.usecases.exceptions.incidents import Incident, Wanted, list_incidents
from trueup.usecases.exceptions.posting import poster
from trueup.usecases.whole import all_of

HOUR = timedelta(hours=1)


class CaseWorld:
    """`world` with 40 SKUs at place "1" of which each has its number as quantity."""

    def __init__(self, count: int = 40, places: tuple[str, ...] = ("1",)) -> None:
        self.world = stocked(count, places)
        self.world.shelf.spoil = lambda answer: changed(
            answer, captured_at=self.world.now.isoformat()
        )

    @property
    def registry(self) -> Registry:
        return self.world.registry

    def show(self, quantities: Mapping[str, int | None], place: str = "1") -> None:
        """What the channel shows of some SKUs from now on."""
        self.world.shelf.stock.update({(place, sku): q for sku, q in quantities.items()})

    def run(self, quantities: Mapping[str, int | None] | None = None, hours: float = 2) -> None:
        """Some hours later a run captures what the channel shows, and its cases are attended."""
        self.world.now += timedelta(hours=hours)
        self.show(quantities or {})
        self.world.reconcile()
        self.attend()

    def cabinet(self, user: str = "ada") -> Cabinet:
        audited = AuditedRegistry(self.registry, By(user), self.world.clock)
        return Cabinet(audited, self.world.pages, self.world.clock, self.world.new_id, user)

    def office(self) -> Office:
        return Office(
            self.world.registries,
            lambda _, actor: self.cabinet(actor),
            lambda _: poster(self.registry, self.world.ledger, self.world.clock),
            lambda _: self.world.ledger,
            self.world.clock,
        )

    def attend(self, milliseconds: int = 600_000) -> Attended:
        return attend(self.office(), lambda: milliseconds)

    def rule(self, id_: str = "all", **fields: Any) -> None:
        named = {"roles": Roles(owner="ruth"), "changed_by": "admin", **fields}
        rule = RoutingRule(id=id_, changed_at=self.world.now, **named)
        self.registry.write(Create(rule))

    def open(self, subject: Subject, **roles: str) -> Stored[Case]:
        return open_case(self.cabinet(), subject, Roles(**roles))

    def case(self, id_: str) -> Case:
        return require_case(self.registry, id_).value

    def cases(self) -> list[Case]:
        """The oldest first."""
        return [stored.value for stored in all_of(self.registry, Case)]

    def version(self, id_: str) -> int:
        return require_case(self.registry, id_).version

    def docket(self, subject: Subject) -> Docket:
        stored = self.registry.get(Docket, *subject.place, subject.what)
        assert stored is not None
        return stored.value

    def incidents(self, **wanted: Any) -> list[Incident]:
        page = list_incidents(
            self.registry, Wanted(**wanted), self.world.now, cursor=None, limit=100
        )
        return page.incidents

    def incident(self, cause: str = "unexplained") -> Incident:
        return next(i for i in self.incidents() if i.group.cause == cause)


def row(sku: str, place: str = "1") -> Subject:
    return Subject(kind=SubjectKind.ROW, account=ACCOUNT, location=place, what=sku)


def incident(cause: str = "unexplained", place: str = "1") -> Subject:
    return Subject(kind=SubjectKind.INCIDENT, account=ACCOUNT, location=place, what=cause)


__all__ = ["ACCOUNT", "HOUR", "CaseState", "CaseWorld", "World", "incident", "row"]
