"""Replays of a furnished seller's run."""

import msgspec

from tests.unit.api.api_world import ApiWorld
from trueup.domain.outcomes import Reason
from trueup.domain.replays import (
    Change,
    Replay,
    ReplayKind,
    ReplayResult,
    ReplayState,
    Turn,
)
from trueup.domain.runs import Run
from trueup.ports import Create
from trueup.usecases.replays.job import prefix_of
from trueup.usecases.replays.reading import ChangedRow, Standing, save_index


def furnish_replays(api: ApiWorld, seller: str, run: Run, *skus: str) -> dict[str, str]:
    """A run that can be replayed, and two what-ifs of it that list these SKUs."""
    api.evidence.put(f"runs/{seller}/{run.account}/{run.id}/plan.json", b"[]")
    ids = [_what_if(api, seller, run, skus) for _ in range(2)]
    return {"replay": ids[-1]}


def _what_if(api: ApiWorld, seller: str, run: Run, skus: tuple[str, ...]) -> str:
    id_ = api.new_id()
    before, after = Reason.DIFFERS, Reason.WITHIN_TOLERANCE
    rows = [ChangedRow("1", sku, 6, Standing(before, 5), Standing(after, 5)) for sku in skus]
    key = f"{prefix_of(seller, id_)}/rows/00000-00000.json"
    api.evidence.put(key, msgspec.json.encode(rows))
    save_index(api.evidence, seller, id_, [(key, len(rows))])
    result = ReplayResult(
        ranges=1,
        rows=20,
        changed=len(rows),
        turns=(Turn(before=before, after=after, rows=len(rows)),),
    )
    now = api.clock()
    replay = Replay(
        id=id_,
        account=run.account,
        run=run.id,
        kind=ReplayKind.WHAT_IF,
        change=Change(tolerance=1),
        requested_by="ada",
        state=ReplayState.SUCCEEDED,
        opened_at=now,
        deadline=now,
        started_at=now,
        finished_at=now,
        ranges=1,
        result=result,
    )
    api.registries.of(seller).write(Create(replay))
    return id_
