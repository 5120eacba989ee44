"""What requests about variances say, and how they are shown."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from trueup.domain.variances import NoExpectation
from trueup.usecases.variances.counting import MAX_COUNTS
from trueup_api.fields import CodeText, Cursor, Limit
from trueup_api.routes.case_forms import CauseName
from trueup_api.routes.positions import MovementView
from trueup_api.routing import Strict

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


class StockCountView(Strict):
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

    counts: list[StockCountView]
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
    counts: list[StockCountView]
