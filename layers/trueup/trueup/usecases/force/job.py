"""What the steps of a force execution hand to each other; it stays far below 64 KB."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from trueup.domain.accounts import Account, Capabilities, Link, Mode
from trueup.domain.errors import DefectError, RejectedError
from trueup.domain.force import ForcePlan, Share, Stage, StageState, holder_of
from trueup.domain.pushlog import PushChunk
from trueup.ports import Registry, Replace, Stored
from trueup.usecases.retrying import retried
from trueup.usecases.runs import require_account
from trueup.usecases.step_input import StepInput
from trueup.usecases.whole import all_of
from trueup.usecases.work import Work

TURNS_AN_EXECUTION = 500
"""Of some 10 history events each, and an execution may have 25,000."""

LONGEST_WAIT_SECONDS = 300

Remaining = Callable[[], int]
T = TypeVar("T")


class Reached(BaseModel):
    """How far the turns have come: the next chunk, how many turns there were, why it ends."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    next: int = 0
    turns: int = 0
    cause: str = ""


class ForceJob(StepInput):
    """The input of every step."""

    account: str
    plan: str
    share: Share
    turn: Reached = Reached()
    error: dict[str, Any] = {}

    @property
    def holder(self) -> str:
        return holder_of(self.plan, self.share)


@dataclass(frozen=True, slots=True)
class Turn:
    """How a turn ended; the state machine's Choice goes by `state`."""

    state: Literal["more", "wait", "done", "continue"]
    next: int = 0
    turns: int = 0
    wait_seconds: int = 0
    cause: str = ""
    execution: str = ""
    """`continue`: the name of the execution that goes on."""


@dataclass(frozen=True)
class Force:
    """One part of a plan at work."""

    work: Work
    job: ForceJob
    plan: ForcePlan
    stage: Stage
    account: Account

    @property
    def capabilities(self) -> Capabilities:
        """RejectedError: the channel cannot be pushed to."""
        found = self.account.capabilities
        if found is None or not found.can_push:
            raise RejectedError("This channel cannot be set.")
        return found

    @property
    def live(self) -> bool:
        """Whether anything may be pushed to the account at all."""
        return self.account.mode is Mode.LIVE and self.account.enabled

    def link(self, location: str) -> Link | None:
        stored = self.work.registry.get(Link, self.account.id, location)
        return stored.value if stored else None


def plan_of(registry: Registry, account: str, id_: str) -> Stored[ForcePlan]:
    """DefectError: it was never made."""
    stored = registry.get(ForcePlan, account, id_)
    if stored is None:
        raise DefectError(f"Force plan {id_} does not exist.")
    return stored


def force_of(work: Work, job: ForceJob) -> Force | None:
    """The part that is at work; None: it has ended."""
    plan = plan_of(work.registry, job.account, job.plan).value
    stage = plan.stage(job.share)
    if stage is None or stage.state is StageState.ENDED:
        return None
    return Force(work, job, plan, stage, require_account(work.registry, job.account).value)


def chunk_of(work: Work, job: ForceJob, number: int) -> Stored[PushChunk] | None:
    return work.registry.get(PushChunk, job.account, job.plan, job.share, f"{number:06d}")


def chunks_of(
    registry: Registry, account: str, plan: str, share: Share
) -> Iterator[Stored[PushChunk]]:
    """All chunks of a part, in the order in which they are pushed."""
    return all_of(registry, PushChunk, account, plan, share)


def staged(plan: ForcePlan, stage: Stage) -> ForcePlan:
    """The plan with this stage in the place of the one of the same share."""
    stages = tuple(stage if s.share is stage.share else s for s in plan.stages)
    return plan.model_copy(update={"stages": stages})


def counted(work: Work, job: ForceJob, turn: Turn) -> dict[str, Any]:
    """A turn as the next state gets it; every so many, a new execution goes on."""
    reached = {**asdict(turn), "turns": job.turn.turns + 1, "cause": turn.cause or job.turn.cause}
    if turn.state in ("more", "wait") and reached["turns"] % TURNS_AN_EXECUTION == 0:
        name = execution_after(job.plan, job.share, reached["turns"])
        _moved_on(work, job, name, reached["cause"])
        reached |= {"state": "continue", "execution": name}
    return reached


def execution_after(plan: str, share: Share, turns: int) -> str:
    """The name of the execution that goes on with a part after so many turns."""
    return f"{plan}-{share.value}-{turns}" if turns else f"{plan}-{share.value}"


def _moved_on(work: Work, job: ForceJob, execution: str, cause: str) -> None:
    """Note where it goes on, so that the sweeper asks for the right execution."""

    def once() -> None:
        stored = plan_of(work.registry, job.account, job.plan)
        stage = stored.value.stage(job.share)
        if stage is not None and stage.state is StageState.RUNNING:
            changes = {"execution": execution, "cause": cause or None}
            moved = stage.model_copy(update=changes)
            work.registry.write(Replace(staged(stored.value, moved), stored.version))

    retried(once)


def batched(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of so many, the last one shorter."""
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some
