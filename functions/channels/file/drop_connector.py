"""The four operations on files in a bucket."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from drop_bucket import Drop, Drops
from drop_errors import DropError
from drop_fetch import Reading, manifest_of
from drop_push import check, push
from drop_verify import Verification
from trueup.channel.contract import (
    Abilities,
    AccountRef,
    Budget,
    CheckRequest,
    CheckResponse,
    DescribeRequest,
    DescribeResponse,
    Failure,
    FetchRequest,
    FetchResponse,
    Place,
    PushRequest,
    PushResponse,
)
from trueup.channel.pacing import Allowance

MAX_AGE_HOURS = 48
AHEAD = timedelta(minutes=10)
BATCH = 10_000
LONGEST_SETTLE_MINUTES = 7 * 24 * 60
DESCRIBE = Budget(milliseconds=25_000)
NO_PUSH = "This account's files are only read: set `push` in its configuration to write files too."


class FileConnector:
    """Config: `max_age_hours`, `locations` (comma-separated ids), `reports`, `push`.

    Of accounts that are pushed to also `push_times` and `settle_minutes`.
    """

    def __init__(
        self,
        client: Any,
        bucket: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._now = now
        self._monotonic = monotonic

    def describe(self, request: DescribeRequest) -> DescribeResponse | Failure:
        account = request.account
        try:
            places = _configured(account) or self._dropped(account)
            return DescribeResponse(abilities=_abilities(account), locations=places)
        except DropError as error:
            return Failure(outcome="failed", reason=str(error))

    def fetch(self, request: FetchRequest) -> FetchResponse:
        allowance = Allowance(request.budget, self._monotonic)
        try:
            drops = self._drops(request.account)
            drop = _same_drop(drops, request.cursor)
            if request.cursor is None:
                self._check_age(drop, request.account)
            declared = _declared(request.account, drop)
            return Reading(request, drops, drop, declared, allowance, self._now).answer()
        except DropError as error:
            captured_at = self._now().isoformat()
            return FetchResponse(outcome="failed", captured_at=captured_at, reason=str(error))

    def push(self, request: PushRequest) -> PushResponse:
        if request.account.config.get("push") is not True:
            return PushResponse(outcome="unsupported", reason=NO_PUSH)
        try:
            results = push(self._drops(request.account), request.rows, self._now())
        except DropError as error:
            return PushResponse(outcome="failed", reason=str(error))
        return PushResponse(outcome="ok", results=results, calls=2 if results else 0)

    def check(self, request: CheckRequest) -> CheckResponse:
        if request.account.config.get("push") is not True:
            return CheckResponse(outcome="unsupported", reason=NO_PUSH)
        try:
            batches = check(self._drops(request.account), request.batches)
        except DropError as error:
            return CheckResponse(outcome="failed", reason=str(error))
        return CheckResponse(outcome="ok", batches=batches)

    def _drops(self, account: AccountRef) -> Drops:
        return Drops(self._client, self._bucket, account)

    def _dropped(self, account: AccountRef) -> list[Place]:
        """The locations that the newest drop declares, else those that its files name."""
        drops = self._drops(account)
        drop = drops.newest()
        if drop.manifest.locations:
            return [Place(id=p.id, code=p.id, name=p.name) for p in drop.manifest.locations]
        allowance = Allowance(DESCRIBE, self._monotonic)
        found: set[str] = set()
        for entry in drop.manifest.files:
            verification = Verification(drops, entry, allowance)
            verification.run()
            found |= verification.places
        return [Place(id=id_, code=id_) for id_ in sorted(found)]

    def _check_age(self, drop: Drop, account: AccountRef) -> None:
        hours = account.config.get("max_age_hours", MAX_AGE_HOURS)
        captured_at, now = drop.manifest.captured_at, self._now()
        if captured_at < now - timedelta(hours=int(hours)):
            message = f"The newest drop is of {captured_at.isoformat()}: older than {hours} hours."
            raise DropError(message)
        if captured_at > now + AHEAD:
            raise DropError(f"The newest drop is of {captured_at.isoformat()}: in the future.")


def _abilities(account: AccountRef) -> Abilities:
    reports: Literal["available", "on_hand"] = (
        "on_hand" if account.config.get("reports") == "on_hand" else "available"
    )
    can_push = account.config.get("push") is True
    return Abilities(
        can_push=can_push,
        reports=reports,
        takes=reports if can_push else None,
        submits=can_push,
        push_batch=BATCH,
        settle_seconds=_settle_seconds(account) if can_push else 0,
        documentation="docs/channels/file.md",
        fixed_times=str(account.config.get("push_times", "")) if can_push else "",
    )


def _settle_seconds(account: AccountRef) -> int:
    """How long the other side may take to apply a file and to show it."""
    minutes = account.config.get("settle_minutes", 0)
    if isinstance(minutes, int) and 0 <= minutes <= LONGEST_SETTLE_MINUTES:
        return minutes * 60
    raise DropError(f"`settle_minutes` must be a number from 0 to {LONGEST_SETTLE_MINUTES}.")


def _configured(account: AccountRef) -> list[Place]:
    ids = str(account.config.get("locations", "")).split(",")
    return [Place(id=id_.strip(), code=id_.strip()) for id_ in ids if id_.strip()]


def _declared(account: AccountRef, drop: Drop) -> frozenset[str]:
    configured = _configured(account)
    return frozenset(place.id for place in configured or drop.manifest.locations)


def _same_drop(drops: Drops, cursor: str | None) -> Drop:
    """The newest drop, or the one that a fetch began with."""
    return drops.newest() if cursor is None else drops.named(manifest_of(cursor))
