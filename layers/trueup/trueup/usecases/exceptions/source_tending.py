"""Looking after cases about sources, once a statement or a count came.

As for runs: what is decided depends on what was stated and on the case, and may be repeated. A
statement of some SKUs says nothing about the others, so only those of whole locations count.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from trueup.domain.cases import Docket, SubjectKind
from trueup.domain.errors import ConflictError
from trueup.domain.routing import RoutingRule, rule_for
from trueup.domain.tending import Found
from trueup.domain.time import from_milliseconds
from trueup.domain.variances import VarianceTending
from trueup.ports import Ledger, Remove, Stored
from trueup.usecases.exceptions.filing import Cabinet, file_case
from trueup.usecases.exceptions.incidents import Incident, incidents_of
from trueup.usecases.exceptions.source_places import SourcePlace, source_place
from trueup.usecases.exceptions.stepping import take_step
from trueup.usecases.exceptions.subjects import Seen, stated_rows
from trueup.usecases.ledger.desk import LedgerDesk
from trueup.usecases.variances.counting import Counted, last_counts
from trueup.usecases.variances.rows import PASSING
from trueup.usecases.whole import all_of


def tend_source(cabinet: Cabinet, ledger: Ledger, location: str) -> bool:
    """Bring the cases of one of the seller's locations up to what was stated and counted last.

    ConflictError: something came meanwhile; the next turn looks again.
    """
    due = cabinet.registry.get(VarianceTending, location)
    if due is None:
        return True
    rules = [stored.value for stored in all_of(cabinet.registry, RoutingRule)]
    place = source_place(cabinet.registry, location)
    incidents = incidents_of(cabinet.registry, place) if place else []
    dockets = list(all_of(cabinet.registry, Docket, SubjectKind.SOURCE, location))
    if place is not None:
        _attend_causes(cabinet, place, dockets, incidents, rules)
    _attend_skus(cabinet, ledger, location, place, dockets, rules)
    for incident in incidents:
        _route(cabinet, incident, rules)
    cabinet.registry.write(Remove(due.value, due.version))
    return True


def _attend_causes(
    cabinet: Cabinet,
    place: SourcePlace,
    dockets: Sequence[Stored[Docket]],
    incidents: Sequence[Incident],
    rules: Sequence[RoutingRule],
) -> None:
    now = {incident.group.cause: incident for incident in incidents}
    for docket in dockets:
        cause = docket.value.subject.cause
        if cause is None:
            continue
        found = Found(place.captured_at, waiting=0)
        if incident := now.get(cause):
            found = replace(found, waiting=incident.waiting, cause=cause, passing=incident.passing)
        _step(cabinet, place, docket, found, rules)


def _attend_skus(
    cabinet: Cabinet,
    ledger: Ledger,
    location: str,
    place: SourcePlace | None,
    dockets: Sequence[Stored[Docket]],
    rules: Sequence[RoutingRule],
) -> None:
    mine = [docket for docket in dockets if docket.value.subject.cause is None]
    skus = sorted({docket.value.subject.what for docket in mine})
    if not skus:
        return
    desk = LedgerDesk(cabinet.registry, cabinet.pages, ledger, cabinet.clock)
    rows = stated_rows(cabinet.pages, place, skus) if place else {}
    counts = last_counts(desk, location, skus)
    for docket in mine:
        sku = docket.value.subject.what
        found = _found(place, rows.get(sku), counts.get(sku))
        if found is not None:
            _step(cabinet, place, docket, found, rules)


def _found(
    place: SourcePlace | None, row: Mapping[str, Any] | None, count: Counted | None
) -> Found | None:
    """How a SKU stands by its last statement or count, whichever is of the later instant."""
    stated = None if place is None else _stated(place, row)
    if count is None or count.delta is None:
        return stated
    at = from_milliseconds(count.movement.occurred_at)
    if stated is not None and stated.captured_at >= at:
        return stated
    return Found(at, waiting=int(count.delta != 0), gap=count.delta or None, cause="variance")


def _stated(place: SourcePlace, row: Mapping[str, Any] | None) -> Found:
    if row is None:
        return Found(place.captured_at, waiting=0)
    cause = row["cause"]
    passing = cause in PASSING
    return Found(place.captured_at, waiting=1, gap=row["delta"], cause=cause, passing=passing)


def _step(
    cabinet: Cabinet,
    place: SourcePlace | None,
    docket: Stored[Docket],
    found: Found,
    rules: Sequence[RoutingRule],
) -> None:
    with suppress(ConflictError):  # a person changed it just now: the next turn looks again
        take_step(cabinet, place, docket, found, rules)


def _route(cabinet: Cabinet, incident: Incident, rules: Sequence[RoutingRule]) -> None:
    """A case for an incident that a rule fits and nobody has one about."""
    subject, group = incident.subject, incident.group
    rule = rule_for(rules, subject, group) if incident.waiting else None
    if rule is None or cabinet.registry.get(Docket, *subject.place, subject.what) is not None:
        return
    ruled = replace(cabinet, user=f"rule:{rule.id}")
    with suppress(ConflictError):  # somebody opened one just now
        file_case(ruled, subject, rule.roles, Seen(incident.place, group.cause), None)
