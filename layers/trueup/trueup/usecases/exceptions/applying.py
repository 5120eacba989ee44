"""Applying approved adjustments: the movement, what is to be pushed, and then the state.

Each step may be repeated: the movement has the adjustment's id and date, marks are put over each
other, and the state is last. What dies on the way is applied by whoever comes next.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime

from trueup.domain.adjustments import Adjustment, AdjustmentState, Decision, ToPush
from trueup.domain.errors import ConflictError, NotFoundError
from trueup.domain.movements import Movement
from trueup.ports import Create, PageStore, Registry, Remove, Replace, Stored
from trueup.usecases.exceptions.costs import feeding, listed
from trueup.usecases.exceptions.filing import Cabinet
from trueup.usecases.exceptions.subjects import differing_rows
from trueup.usecases.exceptions.visible import Place
from trueup.usecases.retrying import retried

RULE = "rule:adjustments"


def apply_adjustment(cabinet: Cabinet, post: Callable[[Movement], None], id_: str) -> Adjustment:
    """Apply an approved adjustment, or what is left of that. Any other is left as it is."""
    stored = _require(cabinet.registry, id_)
    if stored.value.state is not AdjustmentState.APPROVED:
        return stored.value
    post(stored.value.movement())
    mark(cabinet.registry, cabinet.pages, stored.value, cabinet.clock())
    applied = stored.value.model_copy(
        update={"state": AdjustmentState.APPLIED, "applied_at": cabinet.clock()}
    )
    try:
        cabinet.registry.write(Replace(applied, stored.version))
    except ConflictError:
        return _require(cabinet.registry, id_).value  # somebody else came to its end first
    return applied


def _require(registry: Registry, id_: str) -> Stored[Adjustment]:
    stored = registry.get(Adjustment, id_)
    if stored is None:
        raise NotFoundError("There is no such adjustment.")
    return stored


def mark(registry: Registry, pages: PageStore, adjustment: Adjustment, now: datetime) -> None:
    """Note every listing of the SKU that shows stock of the location as to be pushed."""
    for marked in _marks(registry, pages, adjustment, now):
        retried(lambda marked=marked: _put(registry, marked))  # type: ignore[misc]


def _put(registry: Registry, marked: ToPush) -> None:
    before = registry.get(ToPush, *marked.identity)
    registry.write(Create(marked) if before is None else Replace(marked, before.version))


def _marks(
    registry: Registry, pages: PageStore, adjustment: Adjustment, now: datetime
) -> Iterator[ToPush]:
    for link in feeding(registry, adjustment.location):
        for key in listed(pages, registry, link.account, adjustment.sku):
            yield ToPush(
                account=link.account,
                channel_location=link.channel_location,
                key=key,
                adjustment=adjustment.id,
                at=now,
            )


def attend_adjustment(cabinet: Cabinet, post: Callable[[Movement], None], id_: str) -> bool:
    """What is due of an adjustment: to apply it, or to let it expire; whether there was any."""
    stored = cabinet.registry.get(Adjustment, id_)
    if stored is None:
        return False
    if stored.value.state is AdjustmentState.APPROVED:
        apply_adjustment(cabinet, post, id_)
        return True
    if stored.value.state is not AdjustmentState.PROPOSED:
        return False
    now = cabinet.clock()
    if now < stored.value.expires_at:
        return False
    decision = Decision(by=RULE, at=now, note="Nobody decided about it in time.")
    expired = stored.value.model_copy(
        update={"state": AdjustmentState.EXPIRED, "decision": decision}
    )
    cabinet.registry.write(Replace(expired, stored.version))
    return True


def unmark(cabinet: Cabinet, place: Place) -> None:
    """Forget what was to be pushed and has come to match in a later capture."""
    cursor: str | None = None
    while True:
        listed = cabinet.registry.list(ToPush, place.account, place.location, cursor=cursor)
        older = [s for s in listed.items if s.value.at < place.captured_at]
        rows = differing_rows(cabinet.pages, place, [stored.value.key for stored in older])
        for stored in older:
            if stored.value.key not in rows:
                with suppress(ConflictError):  # another correction marked it anew
                    cabinet.registry.write(Remove(stored.value, stored.version))
        cursor = listed.cursor
        if cursor is None:
            return
