"""What requests about variances say, and how they are shown."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from trueup.domain.cause_words import sentence_of
from trueup.domain.stock import Position
from trueup.domain.time import from_milliseconds
from trueup.domain.variances import NoExpectation, VarianceRun
from trueup.explain.variances import Explained, Share
from trueup.ledger.positions import PositionAt
from trueup.usecases.variances.counting import MAX_COUNTS, Counted
from trueup.usecases.variances.reading import Differing, SkuVariance
from trueup_api.fields import CodeText, Cursor, Limit
from trueup_api.routes.case_forms import CauseName
from trueup_api.routes.positions import MovementView, movement_view
from trueup_api.routing import Strict
from trueup_api.tokens import path_token

MAX_MOVEMENTS = 200
LongCursor = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
StatementVersion = Annotated[int, Field(ge=1, le=999_999_999_999)]


class VariancesQuery(Strict):
    """`sku`: how it begins. `direction`: `short` where the source states fewer than expected,
    `over` where more. `version`: an earlier statement's.
    """

    version: StatementVersion | None = None
    sku: CodeText | None = None
    direction: Literal["short", "over"] | None = None
    cause: CauseName | None = None
    limit: Limit = 50
    cursor: LongCursor | None = None


class OneQuery(Strict):
    version: StatementVersion | None = None


class StatementsQuery(Strict):
    limit: Limit = 50
    cursor: Cursor | None = None


class CountsQuery(Strict):
    """`sku`: of one SKU only."""

    sku: CodeText | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_COUNTS)] = 50


class BucketsView(Strict):
    """Base units; null: not known, or not stated."""

    on_hand: int | None
    committed: int
    damaged: int
    on_hold: int
    sellable: int | None


class ShareView(Strict):
    """A cause, its units of the delta, and what shows it."""

    cause: str
    sentence: str
    units: int
    evidence: dict[str, Any]


class CauseFigures(Strict):
    """SKUs by their primary cause. `value`: minor units at cost by currency."""

    cause: str
    sentence: str
    skus: int
    units_short: int
    units_over: int
    value: dict[str, int]
    unvalued: int
    samples: list[str]


class StatementView(Strict):
    """A statement beside what was expected. `none`: why nothing was; then all figures are 0.

    `compared`: SKUs of which both sides know what is sellable; `unknown`: of which one does not.
    Units are base units of sellable stock, values minor units at cost by currency.
    """

    version: int
    as_of: datetime
    compared_at: datetime
    baseline_version: int
    import_id: str
    source: str | None
    none: NoExpectation | None
    compared: int
    unknown: int
    differing: int
    units_short: int
    units_over: int
    value_short: dict[str, int]
    value_over: dict[str, int]
    unvalued: int
    causes: list[CauseFigures]


class DifferingView(Strict):
    """One SKU. `delta`: expected sellable less stated; what is not `unexplained` of it is in
    `causes`. `value`: of it at cost; empty: not known. `late`: movements came since.
    """

    sku: str
    token: str
    expected: BucketsView
    in_transit: int
    stated: BucketsView
    delta: int
    cause: str
    sentence: str
    causes: list[ShareView]
    unexplained: int
    value: dict[str, int]
    late: bool


class VariancesView(Strict):
    statement: StatementView
    variances: list[DifferingView]
    cursor: str | None


class StatementsView(Strict):
    """The newest first."""

    statements: list[StatementView]
    cursor: str | None


class CountView(Strict):
    """A count; `expected`: of its bucket before it, as known now; null: that is not known."""

    sku: str
    token: str
    movement: str
    bucket: str
    at: datetime
    recorded_at: datetime
    counted: int
    expected: int | None
    delta: int | None


class CountsView(Strict):
    """The newest recorded first. `whole`: there are no others."""

    counts: list[CountView]
    whole: bool


class SkuVarianceView(Strict):
    """Both sides of one SKU. `delta` null: nothing was expected, or nothing stated, of it.

    `expected`: as known when the statement came; `expected_now`: with what came later.
    `movements`: since the baseline before, the latest 200.
    """

    statement: StatementView
    sku: str
    expected: BucketsView | None
    expected_now: BucketsView | None
    in_transit: int | None
    stated: BucketsView | None
    delta: int | None
    cause: str
    causes: list[ShareView]
    unexplained: int | None
    movements: list[MovementView]
    counts: list[CountView]


def sku_token(sku: str) -> str:
    """Of a SKU in the address of its variance; `history` there is something else."""
    return "~aGlzdG9yeQ" if sku == "history" else path_token(sku)


def _buckets(at: PositionAt | Position) -> BucketsView:
    names = ("on_hand", "committed", "damaged", "on_hold", "sellable")
    return BucketsView.model_construct(**{name: getattr(at, name) for name in names})


def _share(share: Share) -> ShareView:
    return ShareView(
        cause=share.cause,
        sentence=sentence_of(share.cause),
        units=share.units,
        evidence=share.evidence,
    )


_SAME = ("version", "as_of", "source", "none", "compared", "unknown", "differing", "unvalued")
_FIGURES = ("units_short", "units_over", "value_short", "value_over")


def statement_view(run: VarianceRun) -> StatementView:
    causes = [
        CauseFigures(
            cause=group.cause,
            sentence=sentence_of(group.cause),
            skus=group.rows,
            units_short=group.units_under,
            units_over=group.units_over,
            value=group.value,
            unvalued=group.unvalued,
            samples=list(group.samples),
        )
        for group in run.groups
    ]
    return StatementView(
        **{name: getattr(run, name) for name in (*_SAME, *_FIGURES)},
        compared_at=run.at,
        baseline_version=run.stated.version,
        import_id=run.imported,
        causes=causes,
    )


def differing_view(found: Differing) -> DifferingView:
    return DifferingView.model_construct(
        sku=found.sku,
        token=sku_token(found.sku),
        expected=_buckets(found.expected),
        in_transit=found.expected.in_transit,
        stated=_buckets(found.stated),
        delta=found.delta,
        cause=found.cause,
        sentence=sentence_of(found.cause),
        causes=[_share(share) for share in found.shares],
        unexplained=found.unexplained,
        value=dict(found.value),
        late=found.late,
    )


def count_view(count: Counted) -> CountView:
    movement = count.movement
    return CountView(
        sku=movement.sku,
        token=sku_token(movement.sku),
        movement=f"{movement.source}:{movement.id}",
        bucket=count.bucket,
        at=from_milliseconds(movement.occurred_at),
        recorded_at=from_milliseconds(movement.recorded_at),
        counted=movement.quantity,
        expected=count.expected,
        delta=count.delta,
    )


def sku_variance_view(one: SkuVariance, counts: list[CountView]) -> SkuVarianceView:
    found: Explained | None = one.found
    return SkuVarianceView(
        statement=statement_view(one.run),
        sku=one.sku,
        expected=_buckets(found.then) if found else None,
        expected_now=_buckets(found.now) if found else None,
        in_transit=found.now.in_transit if found else None,
        stated=_buckets(found.stated) if found else None,
        delta=found.delta if found else None,
        cause=found.primary if found else "",
        causes=[_share(share) for share in found.shares] if found else [],
        unexplained=found.unexplained if found else None,
        movements=[movement_view(movement) for movement in one.movements[-MAX_MOVEMENTS:]],
        counts=counts,
    )
