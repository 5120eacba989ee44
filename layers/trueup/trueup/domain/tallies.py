"""What a run counts: its rows at a location, and what its steps used."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Usage(BaseModel):
    """What a step used; sums with `+`. Write and read units as DynamoDB counts them."""

    model_config = ConfigDict(frozen=True)
    write_units: float = 0
    read_units: float = 0
    items_written: int = 0
    bytes_written: int = 0
    s3_puts: int = 0
    s3_gets: int = 0
    invocations: int = 0
    gb_seconds: float = 0
    transitions: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        mine, theirs = self.model_dump(), other.model_dump()
        return Usage(**{name: mine[name] + theirs[name] for name in mine})


class Tally(BaseModel):
    """Counts of one location's rows. Units over and under are channel units of |gap|.

    Each row is one of matching, differing, explained, stale, unknown, not listed, not on channel.
    Units and value are of differing and of explained rows: what is within the tolerance matches.
    """

    model_config = ConfigDict(frozen=True)
    rows: int = 0
    matching: int = 0
    differing: int = 0
    explained: int = 0
    """Rows that differ for causes that pass by themselves; not among the differing."""
    stale: int = 0
    """Rows of which the channel's report is older than the account allows."""
    unexplained: int = 0
    """Base units, over and under alike, that no cause explains."""
    units_over: int = 0
    """The channel shows more than can be published: oversell risk."""
    units_under: int = 0
    """The channel shows less than can be published: lost sales."""
    oversold_rows: int = 0
    """Rows where nothing can be published and the channel shows some."""
    unknown: int = 0
    not_listed: int = 0
    not_on_channel: int = 0
    value_over: dict[str, int] = {}
    """Minor units at price by currency of `units_over`; rows without a price are in `unvalued`."""
    value_under: dict[str, int] = {}
    unvalued: int = 0
    """Differing rows of which no value is known, for want of a price or a currency."""
    unlisted_skus: int = 0
    """SKUs with stock here that no listing of the account names; they have no rows."""

    def __add__(self, other: "Tally") -> "Tally":
        sums: dict[str, Any] = {n: _sum(getattr(self, n), getattr(other, n)) for n in _TALLY}
        return Tally(**sums)


_TALLY = tuple(Tally.model_fields)


def _sum(one: int | dict[str, int], two: int | dict[str, int]) -> int | dict[str, int]:
    if isinstance(one, int) and isinstance(two, int):
        return one + two
    ones, twos = dict(one), dict(two)  # type: ignore[arg-type]
    return {c: ones.get(c, 0) + twos.get(c, 0) for c in sorted(ones.keys() | twos.keys())}
