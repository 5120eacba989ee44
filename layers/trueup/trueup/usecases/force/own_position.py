"""Our own position of a chunk's rows, once more just before they are sent."""

from collections.abc import Mapping, Sequence

from trueup.domain.force import OrdersCovered, Over
from trueup.domain.pushlog import PushOutcome, PushRow
from trueup.domain.runs import Inputs
from trueup.domain.time import milliseconds
from trueup.usecases.force.job import Force
from trueup.usecases.force.judging import Rules
from trueup.usecases.force.ours import Ours, judged
from trueup.usecases.force.recomputing import Present, Standing
from trueup.usecases.force.settings import settings_of
from trueup.usecases.reconcile.opening import pin_inputs


def rules_of(force: Force) -> Rules:
    above = force.stage.approved and Over.ABOVE_PUBLISHABLE in force.plan.approvals
    return Rules(force.plan.kind, above, force.capabilities)


def inputs_of(force: Force, location: str) -> Inputs:
    """What the account is compared with as it stands now."""
    work = force.work
    return pin_inputs(work.registry, work.ledger, force.account, location)


def by_position(force: Force, location: str, rows: Sequence[PushRow]) -> list[PushRow]:
    """Queued rows by our ledger now: those whose target is another one, or unknown, have ended."""
    queued = [row for row in rows if row.outcome == PushOutcome.QUEUED]
    known = _ours(force, location, queued) if queued else {}
    now, rules, covered = milliseconds(force.work.clock()), rules_of(force), _covered(force)
    return [
        judged(row, known.get(row.key), rules, now, covered)
        if row.outcome == PushOutcome.QUEUED
        else row
        for row in rows
    ]


def _ours(force: Force, location: str, rows: Sequence[PushRow]) -> Mapping[str, Ours | None]:
    link = force.link(location)
    if link is None:
        return {}
    found = Present(force.work, force.account, link).of({row.key: row.showed for row in rows})
    return {key: _known(standing) for key, standing in found.items()}


def _known(standing: Standing) -> Ours | None:
    """None: it is not known, or of positions that are past their age."""
    publishable, target = standing.publishable, standing.target
    if standing.stale or publishable is None or target is None:
        return None
    return Ours(publishable, target)


def _covered(force: Force) -> int | None:
    """Up to when (milliseconds) all orders are imported; None: nobody said so, or need to.

    Such a statement can be taken back. Without any the plan has no increase, unless its settings
    did without.
    """
    registry, account = force.work.registry, force.account.id
    covered = registry.get(OrdersCovered, account)
    if covered is None or not settings_of(registry, account).orders_covered:
        return None
    return milliseconds(covered.value.until)
