"""What requests about incidents and exceptions say, and how both are shown."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, StringConstraints

from trueup.domain.cases import CaseState, Docket, Person
from trueup.domain.cause_words import sentence_of
from trueup.usecases.exceptions import names
from trueup.usecases.exceptions.incidents import Incident
from trueup.usecases.exceptions.listing import Exceptional
from trueup.usecases.rows.view import RowView
from trueup_api.fields import CodeText, Limit, Note, Slug
from trueup_api.routes.case_forms import CauseName, RowName, Version, row_name
from trueup_api.routes.rows import SourceView
from trueup_api.routing import Strict

RankCursor = Annotated[str, StringConstraints(min_length=1, max_length=names.MAX_LENGTH)]


class CaseMark(Strict):
    """The case that counts for something. Resolved: it ended not long ago."""

    id: str
    state: CaseState
    owner: str | None


class IncidentView(Strict):
    """Rows of one cause at one channel location. `location` is the channel's id of it. Of the kind
    `source`: SKUs of one of your locations (`account` null) whose source states another position
    than the ledger expects; then units are base units, `value` is at cost, `rows_version` that of
    the statement, and `run` its import.

    `rows` and the figures are of rows that wait; `accepted_rows` are beside them. Units are
    channel units; `value` is minor units by currency of what is over and under at price, of
    `unvalued_rows` it is not known. `counting`: an acceptance is not counted yet, so the figures
    have accepted rows in them. `explained_rows` of `rows` settle by themselves.
    """

    id: str
    kind: Literal["channel", "source"]
    account: str | None
    location: str
    cause: str
    sentence: str
    rows: int
    accepted_rows: int
    explained_rows: int
    counting: bool
    units_over: int
    units_under: int
    oversold_rows: int
    value: dict[str, int]
    unvalued_rows: int
    samples: list[RowName]
    first_seen: datetime
    captured_at: datetime
    rows_version: int
    run: str
    case: CaseMark | None


class IncidentsQuery(Strict):
    """`state` none: without a case. Without a state, what is wholly accepted is left out.
    `passing`: also those of which all rows settle by themselves.
    """

    account: Slug | None = None
    location: CodeText | None = None
    cause: CauseName | None = None
    state: Literal["none", "open", "assigned", "resolved", "accepted"] | None = None
    owner: Person | None = None
    passing: bool = False
    limit: Limit = 50
    cursor: RankCursor | None = None


class IncidentsView(Strict):
    """The most urgent first; `total`: all that fit. Each page is ranked anew."""

    incidents: list[IncidentView]
    total: int
    cursor: str | None


class AcceptRowsBody(Strict):
    """`rows_version`: the incident's, as you saw it."""

    rows_version: Version
    note: Note
    expires_at: AwareDatetime


class ExceptionsFilters(Strict):
    """`accepted`: accepted rows instead of those that wait."""

    account: Slug
    location: CodeText
    cause: CauseName | None = None
    accepted: bool = False


class ExceptionsQuery(ExceptionsFilters):
    """A page of them."""

    limit: Limit = 50
    cursor: RankCursor | None = None


class ExceptionView(Strict):
    """`value`: of the gap at price, minor units by currency; empty: not known. `sentence` tells
    the row's cause.
    """

    row: RowView
    sentence: str
    value: dict[str, int]
    case: CaseMark | None


class ExceptionsView(Strict):
    """The most urgent first. `whole`: all were ranked together; else stretches of 20,000 were."""

    exceptions: list[ExceptionView]
    location: SourceView
    whole: bool
    cursor: str | None


def case_mark(docket: Docket | None) -> CaseMark | None:
    if docket is None:
        return None
    return CaseMark(id=docket.case, state=docket.state, owner=docket.owner)


def incident_view(incident: Incident) -> IncidentView:
    place, group = incident.place, incident.group
    return IncidentView(
        id=incident.id,
        kind="channel" if place.account else "source",
        account=place.account or None,
        location=place.location,
        cause=group.cause,
        sentence=sentence_of(group.cause),
        rows=group.rows,
        accepted_rows=incident.accepted_rows,
        counting=incident.counting,
        explained_rows=group.explained,
        units_over=group.units_over,
        units_under=group.units_under,
        oversold_rows=group.oversold_rows,
        value=dict(group.value),
        unvalued_rows=group.unvalued,
        samples=[row_name(key) for key in group.samples],
        first_seen=incident.first_seen or place.captured_at,
        captured_at=place.captured_at,
        rows_version=place.head.version,
        run=place.head.made_by,
        case=case_mark(incident.docket),
    )


def exception_view(found: Exceptional) -> ExceptionView:
    return ExceptionView.model_construct(
        row=found.row,
        sentence=sentence_of(found.cause),
        value=dict(found.value),
        case=case_mark(found.docket),
    )
