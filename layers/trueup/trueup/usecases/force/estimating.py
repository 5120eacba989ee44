"""How many calls of the channel a plan needs, and how long these take at least."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from trueup.domain.accounts import Account, Capabilities
from trueup.domain.force import PlanPlace
from trueup.domain.rates import Rate
from trueup.ports import Registry
from trueup.usecases.force.opening import chunk_size
from trueup.usecases.rates import credential_of


def calls_of(capabilities: Capabilities, places: Iterable[PlanPlace]) -> int:
    """Each batch is written and read back.

    It is read before, where the channel does not compare by itself or takes on hand; and asked
    for, where its results come later.
    """
    reads = not capabilities.compare_and_set or capabilities.takes == "on_hand"
    each = 2 + reads + capabilities.submits
    rows = [place.decreases + place.rest for place in places]
    size = chunk_size(capabilities.push_batch)
    batches = sum(ceil(count / size) for count in rows)
    writes = sum(ceil(count / max(1, capabilities.push_batch)) for count in rows)
    return batches * (each - 1) + writes


def seconds_of(registry: Registry, account: Account, calls: int, now: datetime) -> int:
    """At the rate that all accounts of the credential share; others may use of it meanwhile.

    What is left of a pause comes first. A channel without a known limit is reckoned to answer
    once a second. What was written last takes the channel's settle time to show.
    """
    capabilities = account.capabilities
    if capabilities is None or not calls:
        return 0
    stored = registry.get(Rate, credential_of(account))
    rate = stored.value if stored else None
    limit = capabilities.calls_per_minute
    pause = _paused(rate, now)
    begins = now + timedelta(seconds=pause)
    waits = calls if limit is None else _at_rate(rate, calls, limit, begins)
    return ceil(pause + waits) + capabilities.settle_seconds


def _at_rate(rate: Rate | None, calls: int, limit: int, now: datetime) -> float:
    """What is in the bucket by now can be called at once."""
    level = float(limit)
    if rate is not None:
        elapsed = max(0.0, (now - rate.refilled_at).total_seconds())
        level = min(level, rate.calls + elapsed * limit / 60)
    return max(0.0, calls - level) * 60 / limit


def _paused(rate: Rate | None, now: datetime) -> float:
    if rate is None or rate.paused_until is None:
        return 0.0
    return max(0.0, (rate.paused_until - now).total_seconds())
