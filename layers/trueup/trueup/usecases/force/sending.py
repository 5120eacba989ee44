"""One call that sets rows at a channel: its request, its answer, its rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from trueup.channel.contract import Budget, PushRequest, PushResponse, PushResult
from trueup.channel.contract import PushRow as Sent
from trueup.domain.errors import DefectError
from trueup.domain.keys import channel_key_of
from trueup.domain.pushlog import PushChunk, PushOutcome, PushRow, push_id
from trueup.domain.rates import Grant
from trueup.usecases import rates
from trueup.usecases.chosen import reference_to
from trueup.usecases.force.job import Force

CALL_MS = 25_000
CALLS_A_BATCH = 3
"""Reading, writing and reading back, and as many again to sign in."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`results` of those rows that were SENDING, by index. `wait`: seconds the channel asks for.

    `cause`: it wrote nothing, and says why. `took_ms`: how long the call took.
    """

    results: dict[int, PushResult]
    took_ms: int
    wait: int = 0
    cause: str = ""


def calls_for(force: Force, rows: int) -> int:
    batches = ceil(rows / force.capabilities.push_batch)
    return min(rates.CHUNK, CALLS_A_BATCH * (batches + 1))


def grant(force: Force, rows: int) -> Grant:
    """Calls out of the rate that the credential's fetches share."""
    account, work = force.account, force.work
    return rates.take(work.registry, account, work.clock, want=calls_for(force, rows))


def give_back(force: Force, granted: Grant, made: int) -> None:
    """The calls that were granted and not made."""
    rates.settle(force.work.registry, force.account, granted, made)


def send(
    force: Force, chunk: PushChunk, rows: Sequence[PushRow], granted: Grant, made: int
) -> Answer:
    """Have the rows set that are SENDING. `made`: calls of the grant that were made already.

    RetryLaterError, DefectError: whether they were set is not known.
    """
    indexes = [i for i, row in enumerate(rows) if row.outcome == PushOutcome.SENDING]
    request = PushRequest(
        account=reference_to(force.work, force.account),
        budget=Budget(milliseconds=CALL_MS, calls=max(1, granted.calls - made)),
        rows=[_wire(chunk, i, rows[i]) for i in indexes],
    )
    began = force.work.clock()
    response = force.work.channels.call(force.account.channel, request)
    took = (force.work.clock() - began) // timedelta(milliseconds=1)
    if not isinstance(response, PushResponse):
        raise DefectError(f"The connector {force.account.channel} did not answer a push.")
    give_back(force, granted, made + response.calls)
    return _answer(force, indexes, response, took)


def _wire(chunk: PushChunk, index: int, row: PushRow) -> Sent:
    return Sent(
        key=channel_key_of(row.key),
        location=chunk.channel_location,
        quantity=row.sent,
        expected=row.expected,
        idempotency_key=push_id(chunk, index),
        product_id=row.product_id,
    )


def _answer(force: Force, indexes: Sequence[int], response: PushResponse, took: int) -> Answer:
    if response.outcome in ("unsupported", "failed"):
        cause = response.reason or "The channel could not be set, and did not say why."
        refused = PushResult(outcome="rejected", reason=cause)
        return Answer(dict.fromkeys(indexes, refused), took, cause=cause)
    if len(response.results) != len(indexes):
        raise DefectError("The connector did not answer each row that it was to set.")
    wait = 0
    if response.outcome == "throttled":
        wait = max(1, response.retry_after_seconds)
        rates.pause(force.work.registry, force.account, wait, force.work.clock)
    return Answer(dict(zip(indexes, response.results, strict=True)), took, wait)
