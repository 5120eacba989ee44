"""Evidence bundles: all that is known of a case, an incident or a row, in one answer."""

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus

from trueup.domain.cases import Subject, SubjectKind
from trueup.domain.cause_words import sentence_of
from trueup.domain.keys import unlisted_key
from trueup.usecases.auth import Role
from trueup.usecases.exceptions import filing, names
from trueup.usecases.exceptions.evidence import Archive, Bundle, RowEvidence
from trueup_api.fields import CodeText, Slug
from trueup_api.routes.case_forms import (
    CaseView,
    CommentView,
    RowName,
    SubjectView,
    case_view,
    row_key,
    row_name,
    subject_view,
)
from trueup_api.routes.cases import comment_view
from trueup_api.routes.divergence import (
    DivergenceView,
    MovementView,
    divergence_view,
    movement_view,
)
from trueup_api.routes.exception_forms import IncidentView, incident_view
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, Strict, ok
from trueup_api.world import Shop


class RawView(Strict):
    """What the channel answered about an item. `quantity` null: it gave none."""

    captured_at: datetime
    quantity: int | None
    allocated: int
    product_id: str
    gtin: str
    title: str


class RowEvidenceView(Strict):
    """`divergence`: the row with its causes, its last good state, its first diverged one and what
    moved in between; null: it matches now. `raw` null: the channel's answer is no longer kept.
    """

    name: RowName
    divergence: DivergenceView | None
    raw: RawView | None


class OriginView(Strict):
    """What the rows were compared from. `baselines`: versions, `ledgers`: the last block of each
    shard, by your locations.
    """

    run: str
    rows_version: int
    captured_at: datetime
    stock_locations: list[str]
    listings_version: int | None
    baselines: dict[str, int]
    ledgers: dict[str, list[int]]


class BundleView(Strict):
    """`rows`: the row, or samples of the incident's. `movements`: of a source's SKU, the latest.

    `incident` null: it is about a row or a source, or has gone.
    """

    subject: SubjectView
    sentence: str | None
    incident: IncidentView | None
    origin: OriginView | None
    rows: list[RowEvidenceView]
    movements: list[MovementView]


class CaseBundleView(Strict):
    """A case with what was said of it (the latest 100 comments), and the evidence."""

    case: CaseView
    comments: list[CommentView]
    evidence: BundleView


class RowQuery(Strict):
    """`channel_key`: where the channel knows the SKU by another code. `listed` false: `sku` is the
    channel's code of what no listing names.
    """

    account: Slug
    location: CodeText
    sku: CodeText
    channel_key: CodeText | None = None
    listed: bool = True

    @property
    def subject(self) -> Subject:
        listed = row_key(self.sku, self.channel_key)
        return Subject(
            kind=SubjectKind.ROW,
            account=self.account,
            location=self.location,
            what=listed if self.listed else unlisted_key(self.sku),
        )


def row_evidence_view(found: RowEvidence) -> RowEvidenceView:
    raw = found.raw
    return RowEvidenceView.model_construct(
        name=row_name(found.key),
        divergence=divergence_view(found.divergence) if found.divergence else None,
        raw=RawView(**asdict(raw)) if raw else None,
    )


def bundle_view(bundle: Bundle) -> BundleView:
    origin, incident = bundle.origin, bundle.incident
    return BundleView.model_construct(
        subject=subject_view(bundle.subject),
        sentence=sentence_of(incident.group.cause) if incident else None,
        incident=incident_view(incident) if incident else None,
        origin=OriginView(**asdict(origin)) if origin else None,
        rows=list(map(row_evidence_view, bundle.rows)),
        movements=list(map(movement_view, bundle.movements)),
    )


def archive_of(shop: Shop) -> Archive:
    world = shop.world
    return Archive(shop.registry, shop.pages, shop.ledger, world.evidence, world.clock())


def get_case_evidence(call: Call[NoQuery, NoBody]) -> Answer:
    stored = filing.require_case(call.shop.registry, call.path["case"])
    archive = archive_of(call.shop)
    return ok(
        CaseBundleView.model_construct(
            case=case_view(stored),
            comments=list(map(comment_view, archive.comments(stored.value.id))),
            evidence=bundle_view(archive.of_case(stored.value)),
        )
    )


def get_incident_evidence(call: Call[NoQuery, NoBody]) -> Answer:
    subject = names.incident_of(call.path["incident"])
    return ok(bundle_view(archive_of(call.shop).bundle(subject)))


def get_row_evidence(call: Call[RowQuery, NoBody]) -> Answer:
    return ok(bundle_view(archive_of(call.shop).of_row(call.query.subject)))


ROUTES = (
    Route(
        "GET",
        "/v1/cases/<case>/evidence",
        Role.VIEWER,
        get_case_evidence,
        (HTTPStatus.OK, CaseBundleView),
        "A case with all that is known of what it is about",
    ),
    Route(
        "GET",
        "/v1/incidents/<incident>/evidence",
        Role.VIEWER,
        get_incident_evidence,
        (HTTPStatus.OK, BundleView),
        "All that is known of an incident, with a few of its rows",
    ),
    Route(
        "GET",
        "/v1/exceptions/evidence",
        Role.VIEWER,
        get_row_evidence,
        (HTTPStatus.OK, BundleView),
        "All that is known of one row",
        query=RowQuery,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
)
