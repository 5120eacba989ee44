"""Incidents of a seller: what its locations' newest versions have, beside what people know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from trueup.domain.acceptances import Acceptance, Remainder
from trueup.domain.cases import CAUSE, Docket, Subject, SubjectKind
from trueup.domain.errors import NotFoundError
from trueup.domain.exceptions import ranked, stake_of
from trueup.domain.groups import CauseGroup
from trueup.domain.tending import Sighting
from trueup.ports import Registry
from trueup.usecases.exceptions.names import (
    Cursor,
    incident_id,
    read_cursor,
    refused,
    scope_of,
    write_cursor,
)
from trueup.usecases.exceptions.source_places import SourcePlace, source_places
from trueup.usecases.exceptions.visible import Place, Sight
from trueup.usecases.whole import all_of


@dataclass(frozen=True, slots=True)
class Incident:
    """Rows of one cause at one channel location, or SKUs of one that a source states otherwise.

    `group`: those that wait; `accepted_rows` are beside them. `counting`: an acceptance changed
    since the rows were counted, and until they are counted again `group` has the accepted too.
    """

    place: Place
    group: CauseGroup
    accepted_rows: int = 0
    counting: bool = False
    first_seen: datetime | None = None
    docket: Docket | None = None

    @property
    def id(self) -> str:
        return incident_id(self.place.account, self.place.location, self.group.cause)

    @property
    def waiting(self) -> int:
        """Rows that wait for somebody."""
        return self.group.rows - self.group.explained

    @property
    def passing(self) -> bool:
        """Whether all of its rows settle by themselves."""
        return self.group.rows > 0 and self.waiting == 0

    @property
    def subject(self) -> Subject:
        if not self.place.account:
            return Subject.of_source(self.place.location, cause=self.group.cause)
        return Subject(
            kind=SubjectKind.INCIDENT,
            account=self.place.account,
            location=self.place.location,
            what=self.group.cause,
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is filtered by; None: all. `state` "none": without a case.

    Incidents that are wholly accepted are left out unless asked for by that state, and those that
    settle by themselves unless `passing`.
    """

    account: str | None = None
    location: str | None = None
    cause: str | None = None
    state: str | None = None
    owner: str | None = None
    passing: bool = False

    @property
    def scope(self) -> str:
        return scope_of(
            self.account, self.location, self.cause, self.state, self.owner, self.passing
        )

    def takes(self, incident: Incident) -> bool:
        docket, group = incident.docket, incident.group
        state = docket.state.value if docket else "none"
        if self.state is None and not group.rows:
            return False
        return (
            self.cause in (None, group.cause)
            and self.state in (None, state)
            and (self.owner is None or (docket is not None and docket.owner == self.owner))
            and (self.passing or not incident.passing)
        )


@dataclass(frozen=True, slots=True)
class IncidentsPage:
    incidents: list[Incident]
    total: int
    cursor: str | None


class Known:
    """What is kept about incidents of all locations under `under`: (), (account,) or one place.

    Read by four lists, and not again.
    """

    def __init__(self, registry: Registry, now: datetime, *under: str) -> None:
        seen = all_of(registry, Sighting, *under)
        self.seen = {s.value.identity: s for s in seen}
        self._rests = {s.value.identity: s.value for s in all_of(registry, Remainder, *under)}
        dockets = all_of(registry, Docket, SubjectKind.INCIDENT, *under)
        self.dockets = {s.value.identity[1:]: s for s in dockets}
        self._accepted: dict[tuple[str, ...], list[Acceptance]] = {}
        for stored in all_of(registry, Acceptance, *under):
            if stored.value.holds(now):
                at = stored.value.identity[:2]
                self._accepted.setdefault(at, []).append(stored.value)

    def incidents(self, place: Place) -> Iterable[Incident]:
        return (self._incident(place, group) for group in place.groups)

    def _incident(self, place: Place, group: CauseGroup) -> Incident:
        name = (place.account, place.location, group.cause)
        rest, accepted, counting = self._rest(place, group)
        seen, docket = self.seen.get(name), self.dockets.get(name)
        return Incident(
            place,
            rest,
            accepted,
            counting,
            seen.value.first_seen if seen else place.captured_at,
            docket.value if docket else None,
        )

    def _rest(self, place: Place, group: CauseGroup) -> tuple[CauseGroup, int, bool]:
        """The rows that wait, how many are accepted, and whether that is yet to be counted."""
        at = (place.account, place.location)
        acceptances, counted = self._accepted.get(at, []), self._rests.get(at)
        if not acceptances:
            return group, 0, False
        if counted is not None and counted.fits(place.head.version, acceptances):
            rest = counted.rest(group.cause)
            return (rest.waiting, rest.accepted, False) if rest else (group, 0, False)
        return self._uncounted(place, group, acceptances)

    def _uncounted(
        self, place: Place, group: CauseGroup, acceptances: Iterable[Acceptance]
    ) -> tuple[CauseGroup, int, bool]:
        """All rows of a cause are accepted in the very version that was accepted."""
        version = place.head.version
        if any(a.cause == group.cause and a.version == version for a in acceptances):
            return CauseGroup(cause=group.cause), group.rows, False
        return group, 0, True


def list_incidents(
    registry: Registry, wanted: Wanted, now: datetime, *, cursor: str | None, limit: int
) -> IncidentsPage:
    """Incidents, the most urgent first (`domain.exceptions.ranked`).

    Each page is ranked anew, by what is visible then. NotFoundError: no such account.
    RejectedError: the cursor is not for this, or its incident has gone; too many locations.
    """
    after = None if cursor is None else read_cursor(cursor, registry.seller, wanted.scope).after
    places = Sight(registry).places(wanted.account, wanted.location)
    known = Known(registry, now, *([wanted.account] if wanted.account else []))
    found = [i for place in places for i in known.incidents(place) if wanted.takes(i)]
    if wanted.account is None:
        stated = source_incidents(registry, wanted.location)
        found += [incident for incident in stated if wanted.takes(incident)]
    order = ranked(found, lambda i: stake_of(i.group), lambda i: i.id)
    start = _behind(order, after)
    page = order[start : start + limit]
    more = start + limit < len(order)
    at = Cursor(registry.seller, wanted.scope, page[-1].id) if more else None
    return IncidentsPage(page, len(order), write_cursor(at) if at else None)


def _behind(order: list[Incident], after: str | None) -> int:
    if after is None:
        return 0
    at = next((i for i, incident in enumerate(order) if incident.id == after), None)
    if at is None:
        raise refused("has been overtaken by a new comparison; start again without it")
    return at + 1


def require_incident(registry: Registry, subject: Subject, now: datetime) -> Incident:
    """The incident as it stands now. NotFoundError: there is none."""
    if subject.account is None:
        return _require_source_incident(registry, subject)
    place = Sight(registry).place(subject.account or "", subject.location)
    known: Mapping[str, Incident] = {
        incident.group.cause: incident
        for incident in Known(registry, now, place.account, place.location).incidents(place)
    }
    if subject.what not in known:
        raise NotFoundError("There is no such incident now.")
    return known[subject.what]


def source_incidents(registry: Registry, location: str | None) -> list[Incident]:
    """Of one of the seller's locations, or of all: what sources state otherwise, by cause."""
    return [
        incident
        for place in source_places(registry, location)
        for incident in incidents_of(registry, place)
    ]


def incidents_of(registry: Registry, place: SourcePlace) -> list[Incident]:
    """The incidents of one source's location."""
    dockets = all_of(registry, Docket, SubjectKind.SOURCE, place.location)
    known = {stored.value.subject.what: stored.value for stored in dockets}
    return [
        Incident(
            place,
            group,
            first_seen=place.first_seen.get(group.cause),
            docket=known.get(f"{CAUSE}{group.cause}"),
        )
        for group in place.groups
    ]


def _require_source_incident(registry: Registry, subject: Subject) -> Incident:
    found = source_incidents(registry, subject.location)
    incident = next((one for one in found if one.subject == subject), None)
    if incident is None:
        raise NotFoundError("There is no such incident now.")
    return incident
