"""How variances, statements and counts are shown."""

from trueup.domain.cause_words import sentence_of
from trueup.domain.stock import Position
from trueup.domain.time import from_milliseconds
from trueup.domain.variances import VarianceRun
from trueup.explain.variance_facts import Explained, Share
from trueup.ledger.positions import PositionAt
from trueup.usecases.variances.counting import Counted
from trueup.usecases.variances.reading import SkuVariance
from trueup.usecases.variances.rows import Differing
from trueup_api.routes.positions import movement_view
from trueup_api.routes.variance_forms import (
    BucketsView,
    CauseFigures,
    DifferingView,
    ShareView,
    SkuVarianceView,
    StatementView,
    StockCountView,
)
from trueup_api.tokens import path_token

MAX_MOVEMENTS = 200


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


def count_view(count: Counted) -> StockCountView:
    movement = count.movement
    return StockCountView(
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


def sku_variance_view(one: SkuVariance, counts: list[StockCountView]) -> SkuVarianceView:
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
