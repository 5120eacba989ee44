"""What the sweeper does about plans: none is left being made or pushed for ever, or unstarted."""

from datetime import timedelta

from trueup.domain.force import ForcePlan, PlanState, Stage, StageState
from trueup.domain.time import Clock
from trueup.ports import Registry, Replace, Stored
from trueup.usecases.audit.keeping import AuditedRegistry, By
from trueup.usecases.force.deciding import execution_of, payload
from trueup.usecases.force.ending import end_stage
from trueup.usecases.force.job import TURNS_AN_EXECUTION, execution_after
from trueup.usecases.force.proposed import fail_plan
from trueup.usecases.force.proposing import payload as planning_payload
from trueup.usecases.work import Plant

NEVER_STARTED = timedelta(minutes=2)
"""What was asked for so long ago, and has no execution, is started again."""

ACTOR = "rule:sweeper"
TOO_LATE = "It had not finished by its deadline and was ended."
VANISHED = "It stopped before it had finished."


def attend_plan(plant: Plant, registry: Registry, account: str, id_: str) -> str:
    """End what is overdue or vanished, start what never was, let a plan expire.

    What was done, as the sweep counts it.
    """
    registry = AuditedRegistry(registry, By(ACTOR), plant.clock)
    stored = registry.get(ForcePlan, account, id_)
    if stored is None or stored.value.state.final:
        return "open"
    plan = stored.value
    if plan.state is PlanState.PLANNING:
        return _attend_making(plant, registry, plan)
    running = [stage for stage in plan.stages if stage.state is StageState.RUNNING]
    done = [_attend_part(plant, registry, plan, stage) for stage in running]
    if not running:
        done.append(_told(_expire(registry, plant.clock, stored)))
    return next((what for what in done if what != "open"), "open")


def _attend_making(plant: Plant, registry: Registry, plan: ForcePlan) -> str:
    now = plant.clock()
    if now >= plan.deadline:
        return _told(fail_plan(registry, plant.clock, plan.account, plan.id, TOO_LATE))
    status = plant.machines.status("plan_force", plan.id)
    if status == "ended":
        return _told(fail_plan(registry, plant.clock, plan.account, plan.id, VANISHED))
    if status == "running" or now - plan.proposed_at < NEVER_STARTED:
        return "open"
    plant.machines.start("plan_force", plan.id, planning_payload(registry.seller, plan))
    return "restarted"


def _attend_part(plant: Plant, registry: Registry, plan: ForcePlan, stage: Stage) -> str:
    now, share = plant.clock(), stage.share
    if now >= stage.deadline:
        return _ended(plant, registry, plan, stage, TOO_LATE)
    name = stage.execution or execution_of(plan.id, share)
    status = plant.machines.status("force", name)
    if status == "ended":
        return _ended(plant, registry, plan, stage, VANISHED)
    if status == "running" or now - stage.decided_at < NEVER_STARTED:
        return "open"
    if stage.execution:
        return _go_on(plant, registry, plan, stage)
    plant.machines.start("force", name, payload(registry.seller, plan, share))
    return "restarted"


def _go_on(plant: Plant, registry: Registry, plan: ForcePlan, stage: Stage) -> str:
    """Start the execution that the last one was to hand over to, if that one has ended."""
    turns = int(stage.execution.rpartition("-")[2])
    before = execution_after(plan.id, stage.share, turns - TURNS_AN_EXECUTION)
    if plant.machines.status("force", before) != "ended":
        return "open"
    turn = {"next": 0, "turns": turns, "cause": stage.cause or ""}
    event = {**payload(registry.seller, plan, stage.share), "turn": turn}
    plant.machines.start("force", stage.execution, event)
    return "restarted"


def _expire(registry: Registry, clock: Clock, stored: Stored[ForcePlan]) -> bool:
    """End a plan that nobody decided about in time; of what was pushed of it, the rest is not."""
    plan = stored.value
    if plan.undecided is not None and clock() < plan.expires_at:
        return False
    state = PlanState.FINISHED if plan.stages else PlanState.EXPIRED
    registry.write(Replace(plan.model_copy(update={"state": state}), stored.version))
    return True


def _ended(plant: Plant, registry: Registry, plan: ForcePlan, stage: Stage, cause: str) -> str:
    return _told(end_stage(registry, plant.clock, plan.account, plan.id, stage.share, cause))


def _told(ended: bool) -> str:  # noqa: FBT001 - what a call says it did
    return "ended" if ended else "open"
