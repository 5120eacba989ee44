"""Taking a plan back: a plan of its own, of what it set and the channel still shows so."""

from dataclasses import dataclass

from trueup.domain.errors import ConflictError, NotFoundError, RejectedError
from trueup.domain.force import ForcePlan, PlanKind, PlanState, PushCounts
from trueup.domain.repeats import UNDOABLE, UndoOf
from trueup.domain.time import Clock, NewId
from trueup.ports import Create, Machines, Registry, Replace, Stored, Write
from trueup.usecases.force.proposing import Proposal, begun, check_forcible, payload
from trueup.usecases.runs import require_account
from trueup.usecases.work import Work


@dataclass(frozen=True, slots=True)
class Undoing:
    """What is to be taken back. `above`: also quantities that may not be published now."""

    account: str
    plan: str
    by: str
    above: bool = False


def undo_plan(work: Work, machines: Machines, new_id: NewId, undoing: Undoing) -> ForcePlan:
    """Begin to make the plan of an undo; nothing is claimed or sent by it.

    NotFoundError: no such account or plan; RejectedError: it set nothing, is an undo itself, or
    ended too long ago; UnsupportedError: its channel cannot be pushed to; ConflictError: the
    account cannot be forced now, the plan has not ended, or another undo of it stands.
    """
    account = require_account(work.registry, undoing.account).value
    stored = work.registry.get(ForcePlan, account.id, undoing.plan)
    if stored is None:
        raise NotFoundError("There is no such plan.")
    undone = stored.value
    _check(work.clock, undone)
    check_forcible(account)
    mark = work.registry.get(UndoOf, account.id, undone.id)
    _check_other(work.registry, mark)
    locations = [place.channel_location for place in undone.places]
    asked = begun(work, new_id, account, Proposal(account.id, locations, undoing.by))
    scope = asked.scope.model_copy(update={"above_publishable": undoing.above})
    changes = {"kind": PlanKind.UNDO, "of": undone.id, "scope": scope}
    plan = asked.model_copy(update=changes)
    work.registry.write(Create(plan), _marked(mark, plan, undone))
    machines.start("plan_force", plan.id, payload(work.seller, plan))
    return plan


def counts_of(plan: ForcePlan) -> PushCounts:
    """Rows of all parts by what became of them."""
    return sum((stage.counts for stage in plan.stages), PushCounts())


def _check(clock: Clock, plan: ForcePlan) -> None:
    if plan.kind is PlanKind.UNDO:
        raise RejectedError("An undo is not undone: make a new plan of what should be forced.")
    if not plan.state.final:
        raise ConflictError(_UNENDED[plan.state])
    if not counts_of(plan).success:
        raise RejectedError("This plan set nothing at the channel that could be taken back.")
    ended = max(stage.ended_at or stage.decided_at for stage in plan.stages)
    if clock() > ended + UNDOABLE:
        raise RejectedError(f"A plan can be undone for {UNDOABLE.days} days after it ended.")


_UNENDED = {
    PlanState.PLANNING: "This plan is still being made; nothing of it was set.",
    PlanState.PROPOSED: "Somebody has yet to decide about this plan; reject or cancel it first.",
    PlanState.FORCING: "This plan is still being pushed; wait until it has ended.",
}


def _check_other(registry: Registry, mark: Stored[UndoOf] | None) -> None:
    """Another undo may come behind one that ended with nothing set, or with errors."""
    stored = registry.get(ForcePlan, mark.value.account, mark.value.undo) if mark else None
    if stored is None:
        return
    other = stored.value
    if not other.state.final:
        raise ConflictError(f"It is being undone already, by plan {other.id}.")
    counts = counts_of(other)
    if counts.success and not counts.error:
        raise ConflictError(f"It was undone already, by plan {other.id}.")


def _marked(mark: Stored[UndoOf] | None, plan: ForcePlan, undone: ForcePlan) -> Write:
    """Of two undos that are asked for at once, one stands."""
    latest = UndoOf(account=plan.account, plan=undone.id, undo=plan.id)
    return Create(latest) if mark is None else Replace(latest, mark.version)
