"""What AWS's list prices make of what a run used."""

from dataclasses import dataclass
from decimal import Decimal

from trueup.domain.runs import Usage

SOURCE = "AWS list prices, us-east-1, on demand, no free tier"
AS_OF = "2025-11"
"""When the figures were last taken from AWS's public price pages."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for one of something that `Usage` counts."""

    counts: str
    dollars: Decimal


def _per_million(counts: str, dollars: str) -> Price:
    return Price(counts, Decimal(dollars) / 1_000_000)


PRICES = (
    _per_million("write_units", "0.625"),  # DynamoDB standard table class
    _per_million("read_units", "0.125"),
    _per_million("s3_puts", "5"),
    _per_million("s3_gets", "0.4"),
    _per_million("invocations", "0.2"),  # Lambda
    Price("gb_seconds", Decimal("0.0000133334")),  # Lambda on arm64, first tier
    _per_million("transitions", "25"),  # Step Functions, standard workflows
)
"""Storage is left out: it depends on how long versions are kept, not on a run."""


def cost_of(usage: Usage) -> Decimal:
    """Dollars by list price, to a millionth."""
    total = sum(
        (price.dollars * Decimal(str(getattr(usage, price.counts))) for price in PRICES),
        start=Decimal(0),
    )
    return total.quantize(Decimal("0.000001"))
