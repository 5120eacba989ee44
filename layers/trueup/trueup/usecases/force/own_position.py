"""Our own position of a chunk's rows, once more just before they are sent."""

from collections.abc import Sequence

from trueup.domain.accounts import Link
from trueup.domain.pushlog import PushOutcome, PushRow
from trueup.domain.runs import Inputs
from trueup.domain.time import milliseconds
from trueup.usecases.chosen import positions, publishable_of
from trueup.usecases.force.job import Force
from trueup.usecases.force.judging import Rules, judged
from trueup.usecases.reconcile.opening import pin_inputs


def rules_of(force: Force) -> Rules:
    return Rules(force.plan.kind, force.stage.approved, force.capabilities)


def inputs_of(force: Force, location: str) -> Inputs:
    """What the account is compared with as it stands now."""
    work = force.work
    return pin_inputs(work.registry, work.ledger, force.account, location)


def by_position(force: Force, location: str, rows: Sequence[PushRow]) -> list[PushRow]:
    """Queued rows by our ledger now: those whose target is another one, or unknown, have ended."""
    queued = sorted(row.key for row in rows if row.outcome == PushOutcome.QUEUED)
    link, now = force.link(location), milliseconds(force.work.clock())
    known = _publishable(force, link, queued) if link and queued else {}
    rules = rules_of(force)
    return [
        judged(row, known.get(row.key), rules, now) if row.outcome == PushOutcome.QUEUED else row
        for row in rows
    ]


def _publishable(force: Force, link: Link, keys: Sequence[str]) -> dict[str, int | None]:
    inputs = inputs_of(force, link.channel_location)
    found = positions(force.work, inputs, link, keys)
    return {key: publishable_of(found.get(key)) for key in keys}
