"""One child of a replay's Map: does one key range again, and says what is not the same."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import msgspec

from trueup.books.manifest import Frame
from trueup.books.schema import RowUnknown
from trueup.domain.errors import DefectError
from trueup.domain.replays import Replay, ReplayKind
from trueup.usecases.books import rows_book
from trueup.usecases.reconcile.comparing import part_of
from trueup.usecases.reconcile.parts import Part, PlanItem, load_part
from trueup.usecases.reconcile.pinned import Pinned
from trueup.usecases.replays.evidence import unsound_range
from trueup.usecases.replays.holding import HeldPages
from trueup.usecases.replays.job import (
    Finding,
    ReplayItem,
    prefix_of,
    replay_of,
    replayed_run,
    run_job,
    save_finding,
)
from trueup.usecases.replays.reading import ChangedRow, Standing
from trueup.usecases.replays.rowwise import Pair, Row, Version, differing_rows, differing_sheets
from trueup.usecases.work import Work

ROWS_AN_OBJECT = 1_000


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a child returns to the Map: counts, not rows."""

    part: int
    identical: bool
    changed: int


def replay_range(work: Work, given: ReplayItem) -> Replayed:
    """Do a range again and write what came of it. Repeating it changes nothing.

    DefectError: it cannot be done again; a what-if reads evidence that was altered.
    """
    replay = replay_of(work, given.replay).value
    number = given.item.part
    if replay.state.final:
        return Replayed(number, identical=True, changed=0)
    finding = _finding(work, replay, given.item)
    save_finding(work, replay.id, number, finding)
    changed = sum(rows for _, rows in finding.objects)
    return Replayed(number, not finding.what, changed)


def _finding(work: Work, replay: Replay, item: PlanItem) -> Finding:
    recorded = load_part(work, run_job(replay, work.seller), item.part)
    if recorded is None or (recorded.cause and replay.kind is ReplayKind.WHAT_IF):
        return Finding(made=False)
    if replay.kind is ReplayKind.REPLAY:
        return _verified(work, replay, item, recorded)
    return _what_if(work, replay, item, recorded)


def _verified(work: Work, replay: Replay, item: PlanItem, recorded: Part) -> Finding:
    rows = recorded.tallied().rows
    versions = _Versions(work, replay, item, recorded)
    detail = unsound_range(work, versions.pinned.inputs, item, recorded.frames)
    if detail:
        return Finding(rows=rows, what="evidence", detail=detail)
    what, detail, key = versions.first_difference()
    return Finding(rows=rows, what=what, detail=detail, key=key)


def _what_if(work: Work, replay: Replay, item: PlanItem, recorded: Part) -> Finding:
    versions = _Versions(work, replay, item, recorded)
    turns: Counter[tuple[int, int]] = Counter()
    objects: list[tuple[str, int]] = []
    changed = _counted(versions.changed(), turns)
    while some := list(islice(changed, ROWS_AN_OBJECT)):
        place = f"rows/{item.part:05d}-{len(objects):05d}.json"
        key = f"{prefix_of(work.seller, replay.id)}/{place}"
        work.evidence.put(key, msgspec.json.encode(some), "application/json")
        objects.append((key, len(some)))
    return Finding(
        rows=recorded.tallied().rows,
        turns=[(*turn, rows) for turn, rows in sorted(turns.items())],
        objects=objects,
    )


class _Versions:
    """A range as the run has stored it, and as it comes out now."""

    def __init__(self, work: Work, replay: Replay, item: PlanItem, recorded: Part) -> None:
        held = replace(work, pages=HeldPages(work.pages))
        run = replayed_run(work, replay)
        inputs = replay.change.applied(run.inputs, replay.account)
        self._job = run_job(replay, work.seller)
        self.pinned = Pinned.of(held, self._job, item, inputs)
        self.recorded = recorded
        self.before = Version(work.pages, rows_book(item.account, item.location), recorded.frames)

    @cached_property
    def made(self) -> Part:
        """The range, made again; as it reads once it was stored."""
        part = part_of(self.pinned.work, self._job, self.pinned)
        return msgspec.json.decode(msgspec.json.encode(part), type=Part)

    @property
    def after(self) -> Version:
        return self.before._replace(pages=self.pinned.work.pages, frames=self.made.frames)

    def first_difference(self) -> tuple[str, str, str | None]:
        """What, in words, and the row's key; three times nothing if all is the same."""
        if self.recorded.cause != self.made.cause:
            return "figures", "Then or now, but not both, the range could not be compared.", None
        if _said(self.recorded.frames, "content") != _said(self.made.frames, "content"):
            key = _key(differing_rows(self.before, self.after))
            return "rows", "The rows are not those that were stored.", key
        if _said(self.recorded.frames, "sheet") != _said(self.made.frames, "sheet"):
            key = _key(differing_sheets(self.before, self.after))
            return "causes", "What is said of the rows is not what was stored.", key
        if (self.recorded.tally, self.recorded.groups) != (self.made.tally, self.made.groups):
            return "figures", "Its figures are not those that were stored.", None
        return "", "", None

    def changed(self) -> Iterator[ChangedRow]:
        """The rows with another reason. DefectError: now it cannot be compared."""
        if self.made.cause:
            raise DefectError(f"{self.recorded.location} was compared then, and now is not.")
        for pair in differing_rows(self.before, self.after):
            row = _changed(self.recorded.location, pair)
            if row.before.reason != row.after.reason:
                yield row


def _said(frames: Iterable[Frame], name: str) -> list[Any]:
    """What frames say, which is not how they are stored."""
    return [(frame.first_key, frame.rows, getattr(frame, name)) for frame in frames]


def _key(pairs: Iterator[Pair]) -> str | None:
    return next((pair.key for pair in pairs), None)


def _counted(rows: Iterable[ChangedRow], turns: Counter[tuple[int, int]]) -> Iterator[ChangedRow]:
    for row in rows:
        turns[row.before.reason, row.after.reason] += 1
        yield row


def _changed(location: str, pair: Pair) -> ChangedRow:
    if pair.before is None or pair.after is None:
        raise DefectError(f"A row of {location} is not in both: {pair.key!r}.")
    known = not pair.before["unknown"] & RowUnknown.REPORTED
    return ChangedRow(
        location=location,
        key=pair.key,
        reported=pair.before["reported"] if known else None,
        before=_standing(pair.before),
        after=_standing(pair.after),
    )


def _standing(row: Row) -> Standing:
    known = not row["unknown"] & RowUnknown.SELLABLE
    return Standing(row["reason"], row["publishable"] if known else None)
