"""Holding the figures of ended runs against thresholds, and delivering what follows.

All of one run is one transaction: the thresholds' states, the alerts, the notices, and that it is
done. So a threshold is judged once for each run, in the order of runs, whoever dies on the way.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from trueup.domain.errors import ConflictError, DefectError, RetryLaterError
from trueup.domain.notices import Notice
from trueup.domain.runs import Run
from trueup.domain.thresholds import (
    AlarmState,
    Alert,
    Check,
    Figure,
    Threshold,
    Turn,
    figure_of,
    turn,
)
from trueup.domain.time import Clock
from trueup.ports import Create, Events, Registry, Remove, Replace, Stored, Write
from trueup.usecases.alerts.telling import notice_of
from trueup.usecases.whole import all_of
from trueup.usecases.work import Plant

LATER = timedelta(minutes=2)
"""After this the sweeper does what whoever began it has not."""


@dataclass(frozen=True)
class Bell:
    """What telling people of crossed thresholds needs."""

    registry: Registry
    events: Events
    clock: Clock


def check_of(registry: Registry, run: Run) -> list[Check]:
    """What is to be written with a run's end; nothing for an account without thresholds."""
    ended = run.finished_at
    if ended is None or not registry.list(Threshold, run.account, limit=1).items:
        return []
    return [Check(account=run.account, run=run.id, due_at=ended + LATER)]


def ring(bell: Bell, account: str) -> None:
    """Do all that is left to be checked of an account, the oldest run first, and deliver it.

    Another who does the same at the same time is left to it.
    """
    for check in list(all_of(bell.registry, Check, account)):
        with suppress(ConflictError):
            _judge(bell, check)
    deliver(bell)


def deliver(bell: Bell) -> int:
    """Hand every notice of the seller to the bus, and forget those that it took; how many."""
    notices = list(all_of(bell.registry, Notice))
    for stored in notices:
        bell.events.noticed(stored.value)
        with suppress(ConflictError):  # somebody else has delivered it too
            bell.registry.write(Remove(stored.value, stored.version))
    return len(notices)


@dataclass(frozen=True, slots=True)
class Told:
    """How many late checks and notices were looked after, and how many could not be."""

    late: int
    untold: int

    def require_sound(self) -> None:
        """DefectError where something was broken: an alarm is to tell of it."""
        if self.untold:
            raise DefectError(f"{self.untold} sellers' alerts could not be looked after.")


def sweep_alerts(plant: Plant) -> Told:
    """Do what nobody has done in time, of all sellers.

    A seller whose records are broken, or whose events are not taken, keeps nobody else waiting.
    """
    due = plant.registries.due("alerts", plant.clock())
    todo = {(a.seller, a.identity[0] if a.kind == Check.record else "") for a in due}
    done = [_swept(plant, seller, account) for seller, account in sorted(todo)]
    return Told(len(done), done.count(False))


def _swept(plant: Plant, seller: str, account: str) -> bool:
    bell = Bell(plant.registries.of(seller), plant.events, plant.clock)
    try:
        if account:
            ring(bell, account)
        else:
            deliver(bell)
    except RetryLaterError:
        return True  # the next sweep tries again
    except DefectError:
        return False
    return True


def _judge(bell: Bell, check: Stored[Check]) -> None:
    run = bell.registry.get(Run, check.value.account, check.value.run)
    writes: list[Write] = []
    if run is not None:
        for threshold in all_of(bell.registry, Threshold, check.value.account):
            writes += _judged(bell, threshold, run.value)
    bell.registry.write(Remove(check.value, check.version), *writes)


def _judged(bell: Bell, stored: Stored[Threshold], run: Run) -> Iterator[Write]:
    threshold = stored.value
    figure = figure_of(threshold, run.locations) if threshold.enabled else None
    if figure is None:
        return
    what = turn(threshold, figure)
    if what is Turn.QUIET:
        return
    before = bell.registry.get(Alert, threshold.alarm.alert) if threshold.alarm else None
    alert = _alert(bell, threshold, figure, run, what, before)
    alarm = None if what is Turn.CLEARED else AlarmState(alert=alert.id, told=figure.value)
    yield Replace(threshold.model_copy(update={"alarm": alarm}), stored.version)
    yield Create(alert) if before is None else Replace(alert, before.version)
    yield Create(notice_of(bell.registry.seller, alert, run, what, bell.clock() + LATER))


def _alert(
    bell: Bell,
    threshold: Threshold,
    figure: Figure,
    run: Run,
    what: Turn,
    before: Stored[Alert] | None,
) -> Alert:
    """The alert as it is after this run."""
    if before is None:
        return _opened(bell, threshold, figure, run)
    changes: dict[str, object] = {"latest": figure.value}
    if what is Turn.CLEARED:
        changes |= {"cleared_at": bell.clock(), "cleared_by": run.id}
    else:
        changes |= {"peak": figure.value, "told": before.value.told + 1}
    return before.value.model_copy(update=changes)


def _opened(bell: Bell, threshold: Threshold, figure: Figure, run: Run) -> Alert:
    told = ("channel_location", "measure", "currency", "limit")
    return Alert(
        **{name: getattr(threshold, name) for name in told},
        id=f"{run.id}-{threshold.id}",
        account=threshold.account,
        threshold=threshold.id,
        figure=figure.value,
        peak=figure.value,
        latest=figure.value,
        run=run.id,
        crossed_at=bell.clock(),
    )
