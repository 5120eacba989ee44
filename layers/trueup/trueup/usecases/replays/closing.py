"""The last step of a replay: sum up what came of its ranges. And ending one that cannot go on."""

from collections import Counter

from trueup.domain.outcomes import Reason
from trueup.domain.replays import (
    FirstDifference,
    Replay,
    ReplayKind,
    ReplayResult,
    ReplayState,
    Turn,
)
from trueup.domain.time import Clock
from trueup.ports import Registry, Replace, Stored
from trueup.usecases.replays.job import (
    Finding,
    ReplayItem,
    ReplayJob,
    load_finding,
    load_items,
    replay_of,
)
from trueup.usecases.replays.reading import save_index
from trueup.usecases.work import Work

Found = list[tuple[ReplayItem, Finding]]
UNFINISHED = "A part of it could not be done; replay the run again."


def close_replay(work: Work, job: ReplayJob) -> Replay:
    """End the replay with its result, or as failed where a range is missing. Repeatable."""
    stored = replay_of(work, job.replay)
    if stored.value.state.final:
        return stored.value
    items = load_items(work, job.replay)
    findings = [(item, load_finding(work, job.replay, item.item.part)) for item in items]
    found = [(item, finding) for item, finding in findings if finding is not None]
    if len(found) < len(items):
        return _ended(work.registry, work.clock, stored, cause=UNFINISHED)
    objects = [tuple_ for _, finding in found for tuple_ in finding.objects]
    save_index(work.evidence, work.seller, job.replay, objects)
    result = _result(stored.value.kind, found)
    return _ended(work.registry, work.clock, stored, result=result)


def fail_replay(registry: Registry, clock: Clock, id_: str, cause: str) -> bool:
    """End a replay as failed unless it has ended; whether this call did it."""
    stored = registry.get(Replay, id_)
    if stored is None or stored.value.state.final:
        return False
    _ended(registry, clock, stored, cause=cause)
    return True


def _ended(
    registry: Registry,
    clock: Clock,
    stored: Stored[Replay],
    *,
    cause: str | None = None,
    result: ReplayResult | None = None,
) -> Replay:
    state = ReplayState.FAILED if result is None else ReplayState.SUCCEEDED
    changes = {"state": state, "cause": cause, "result": result, "finished_at": clock()}
    ended = stored.value.model_copy(update=changes)
    registry.write(Replace(ended, stored.version))
    return ended


def _result(kind: ReplayKind, found: Found) -> ReplayResult:
    turns: Counter[tuple[int, int]] = Counter()
    for _, finding in found:
        for before, after, rows in finding.turns:
            turns[before, after] += rows
    first = next((_first(item, finding) for item, finding in found if finding.what), None)
    return ReplayResult(
        identical=first is None if kind is ReplayKind.REPLAY else None,
        ranges=sum(finding.made for _, finding in found),
        unmade=sum(not finding.made for _, finding in found),
        rows=sum(finding.rows for _, finding in found),
        first=first,
        changed=sum(turns.values()),
        turns=tuple(
            Turn(before=Reason(before), after=Reason(after), rows=rows)
            for (before, after), rows in sorted(turns.items())
        ),
    )


def _first(item: ReplayItem, finding: Finding) -> FirstDifference:
    planned = item.item
    return FirstDifference(
        channel_location=planned.location,
        lo=planned.lo,
        hi=planned.hi,
        what=finding.what,
        key=finding.key,
        detail=finding.detail,
    )
