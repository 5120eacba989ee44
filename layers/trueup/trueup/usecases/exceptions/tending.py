"""Looking after cases once a run has ended: closing, reopening and routing them by rules.

Work is bounded by cases and incidents, not by rows; only where people accepted whole incidents
are the difference sheets counted. All of it may be repeated: what is decided depends on what is
visible and on the case, and is written with the version that was read.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from trueup.domain.cases import Docket, SubjectKind
from trueup.domain.errors import ConflictError
from trueup.domain.routing import RoutingRule, rule_for
from trueup.domain.runs import Run
from trueup.domain.tending import Found, Sighting, Tending
from trueup.ports import Create, Remove, Replace, Stored
from trueup.usecases.exceptions.accepted import count_rest
from trueup.usecases.exceptions.applying import unmark
from trueup.usecases.exceptions.filing import Cabinet, file_case
from trueup.usecases.exceptions.incidents import Incident, Known
from trueup.usecases.exceptions.stepping import take_step
from trueup.usecases.exceptions.subjects import Seen, differing_rows
from trueup.usecases.exceptions.visible import Place, Sight
from trueup.usecases.whole import all_of

ACTOR = "rule:cases"
DOCKETS_A_PAGE = 100


def tending_of(run: Run) -> list[Tending]:
    """What is to be written with a run's end, so that its cases are looked after."""
    ended = run.finished_at
    if ended is None or not any(result.version is not None for result in run.locations):
        return []
    return [Tending(account=run.account, run=run.id, due_at=ended)]


def tend(cabinet: Cabinet, account: str, run: str, in_time: Callable[[], bool]) -> bool:
    """Do what is left of a run's tending, as far as the time allows; whether it is done.

    Two at once do no harm; ConflictError: the other one was faster in noting how far it came.
    """
    stored = cabinet.registry.get(Tending, account, run)
    if stored is None:
        return True
    locations = _locations(cabinet, stored.value)
    rules = [s.value for s in all_of(cabinet.registry, RoutingRule)]
    sight = Sight(cabinet.registry)
    for number in range(stored.value.places, len(locations)):
        if not in_time():
            left = stored.value.model_copy(update={"places": number})
            cabinet.registry.write(Replace(left, stored.version))
            return False
        tend_place(cabinet, sight.place(account, locations[number]), rules)
    cabinet.registry.write(Remove(stored.value, stored.version))
    return True


def _locations(cabinet: Cabinet, tending: Tending) -> list[str]:
    run = cabinet.registry.get(Run, tending.account, tending.run)
    results = run.value.locations if run else ()
    return [result.channel_location for result in results if result.version is not None]


def tend_place(cabinet: Cabinet, place: Place, rules: Sequence[RoutingRule]) -> None:
    """Bring everything that is kept about a location up to its newest version."""
    count_rest(cabinet.registry, cabinet.pages, place, cabinet.clock())
    known = Known(cabinet.registry, cabinet.clock(), place.account, place.location)
    incidents = {incident.group.cause: incident for incident in known.incidents(place)}
    _sight(cabinet, place, known, incidents)
    for name, docket in known.dockets.items():
        _attend(cabinet, place, docket, _standing(place, incidents.get(name[-1])), rules)
    _attend_rows(cabinet, place, rules)
    unmark(cabinet, place)
    for incident in incidents.values():
        _route(cabinet, incident, rules)


def _sight(cabinet: Cabinet, place: Place, known: Known, incidents: dict[str, Incident]) -> None:
    """Remember since when each cause is there, and forget those that have gone."""
    for name, stored in known.seen.items():
        if name[-1] not in incidents:
            with suppress(ConflictError):  # another one tends the same place
                cabinet.registry.write(Remove(stored.value, stored.version))
    for cause in incidents:
        sighting = Sighting(
            account=place.account,
            location=place.location,
            cause=cause,
            first_seen=place.captured_at,
            run=place.head.made_by,
        )
        if sighting.identity not in known.seen:
            with suppress(ConflictError):  # as above
                cabinet.registry.write(Create(sighting))


def _standing(place: Place, incident: Incident | None) -> Found | None:
    """None: its rows are not counted with the newest acceptances yet, so nothing follows."""
    if incident is None:
        return Found(place.captured_at, waiting=0)
    if incident.counting:
        return None
    return Found(
        place.captured_at,
        waiting=incident.waiting,
        accepted=incident.accepted_rows,
        cause=incident.group.cause,
        passing=incident.passing,
    )


def _attend_rows(cabinet: Cabinet, place: Place, rules: Sequence[RoutingRule]) -> None:
    cursor: str | None = None
    while True:
        listed = cabinet.registry.list(
            Docket,
            SubjectKind.ROW,
            place.account,
            place.location,
            cursor=cursor,
            limit=DOCKETS_A_PAGE,
        )
        keys = [stored.value.subject.what for stored in listed.items]
        rows = differing_rows(cabinet.pages, place, keys)
        for stored, key in zip(listed.items, keys, strict=True):
            found = Found(place.captured_at, waiting=0)
            if row := rows.get(key):
                found = replace(found, waiting=1, gap=row.gap, cause=row.cause, passing=row.passing)
            _attend(cabinet, place, stored, found, rules)
        cursor = listed.cursor
        if cursor is None:
            return


def _attend(
    cabinet: Cabinet,
    place: Place,
    docket: Stored[Docket],
    found: Found | None,
    rules: Sequence[RoutingRule],
) -> None:
    if found is None:
        return
    with suppress(ConflictError):  # a person changed it just now: the next run looks again
        take_step(cabinet, place, docket, found, rules)


def _route(cabinet: Cabinet, incident: Incident, rules: Sequence[RoutingRule]) -> None:
    """A case for an incident that a rule fits and nobody has one about."""
    subject, group = incident.subject, incident.group
    if not incident.waiting or incident.counting:
        return
    rule = rule_for(rules, subject, group)
    if rule is None or cabinet.registry.get(Docket, *subject.place, subject.what) is not None:
        return
    ruled = replace(cabinet, user=f"rule:{rule.id}")
    with suppress(ConflictError):  # somebody opened one just now
        file_case(ruled, subject, rule.roles, Seen(incident.place, group.cause), None)
