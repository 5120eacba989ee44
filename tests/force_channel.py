"""A channel in memory that can be pushed to, in any of the modes that channels have."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from trueup.channel.contract import (
    Abilities,
    BatchState,
    CheckRequest,
    CheckResponse,
    DescribeRequest,
    DescribeResponse,
    FetchRequest,
    FetchResponse,
    Observation,
    Place,
    PushRequest,
    PushResponse,
    PushResult,
    PushRow,
    RefusedRow,
)
from trueup.domain.accounts import Capabilities

Moment = Literal["read", "write", "read back", "fetched"]
Key = tuple[str, str]


@dataclass
class Held:
    """What is on the shelf, and what of it is reserved."""

    on_hand: int
    allocated: int = 0

    @property
    def available(self) -> int:
        return self.on_hand - self.allocated


@dataclass
class Till:
    """Stock by (location, key). `between` is called at each moment of each row's push.

    `sent` counts what reached the channel by idempotency key, `written` what had an effect.
    `lose`: so many written rows are answered as unknown. `settles`: seconds until fetch shows a
    write. `history` of each item: ("order", units) and ("write", quantity). `batches` of a channel
    that submits are applied when a test says so.
    """

    clock: Callable[[], datetime]
    stock: dict[Key, Held] = field(default_factory=dict)
    cas: bool = True
    idempotent: bool = False
    submits: bool = False
    reports: Literal["available", "on_hand"] = "available"
    takes: Literal["available", "on_hand"] = "available"
    batch: int = 100
    settles: int = 0
    calls_per_minute: int | None = None
    tells_after: bool = True
    lose: int = 0
    throttled: int = 0
    retry_after: int = 7
    rows_a_call: int | None = None
    refusing: dict[str, str] = field(default_factory=dict)
    read_only: dict[str, str] = field(default_factory=dict)
    push_failure: str = ""
    unreadable: str = ""
    between: Callable[[Moment, Key], None] = lambda _, __: None
    sent: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    receipts: dict[str, PushResult] = field(default_factory=dict)
    batches: dict[str, list[PushRow]] = field(default_factory=dict)
    states: dict[str, BatchState] = field(default_factory=dict)
    history: dict[Key, list[tuple[str, int]]] = field(default_factory=dict)
    hidden: dict[Key, tuple[datetime, Held]] = field(default_factory=dict)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            can_push=True,
            reports=self.reports,
            takes=self.takes,
            compare_and_set=self.cas,
            idempotent=self.idempotent,
            submits=self.submits,
            push_batch=self.batch,
            calls_per_minute=self.calls_per_minute,
            settle_seconds=self.settles,
            minimum_cooldown_seconds=0,
            documentation="docs/channels/sandbox.md",
        )

    def fill(self, location: str, quantities: dict[str, int], allocated: int = 0) -> None:
        for key, available in quantities.items():
            self.stock[location, key] = Held(available + allocated, allocated)

    def available(self, location: str, key: str) -> int:
        return self.stock[location, key].available

    def order(self, key: Key, units: int = 1) -> bool:
        """Sell so much if it is there: shipped at once, or reserved where on hand is reported."""
        found = self.stock[key]
        if found.available < units:
            return False
        self.history.setdefault(key, []).append(("order", units))
        if self.reports == "on_hand":
            found.allocated += units
        else:
            found.on_hand -= units
        return True

    # The contract -------------------------------------------------------------------------------

    def describe(self, request: DescribeRequest) -> DescribeResponse:
        del request
        places = sorted({location for location, _ in self.stock})
        given = self.capabilities().model_dump(include=set(Abilities.__struct_fields__))
        return DescribeResponse(
            abilities=Abilities(**given), locations=[Place(id=place) for place in places]
        )

    def fetch(self, request: FetchRequest) -> FetchResponse:
        at = self.clock().isoformat()
        if self.unreadable:
            return FetchResponse(outcome="failed", captured_at=at, reason=self.unreadable)
        wanted = None if request.keys is None else set(request.keys)
        found = [
            key
            for key in sorted(self.stock)
            if (request.locations is None or key[0] in request.locations)
            and (wanted is None or key[1] in wanted)
        ]
        rows = [self._observed(key) for key in found]
        for key in found:
            self.between("fetched", key)
        return FetchResponse(outcome="done", captured_at=at, rows=rows, total=len(rows), calls=1)

    def push(self, request: PushRequest) -> PushResponse:
        if self.push_failure:
            return PushResponse(outcome="failed", reason=self.push_failure, calls=1)
        if self.throttled:
            self.throttled -= 1
            left = [PushResult(outcome="not_sent")] * len(request.rows)
            return PushResponse(
                outcome="throttled",
                results=left,
                calls=1,
                retry_after_seconds=self.retry_after,
                reason="Busy.",
            )
        some = request.rows[: self.rows_a_call]
        results = self._submitted(some) if self.submits else self._pushed(some)
        left = [PushResult(outcome="not_sent")] * (len(request.rows) - len(some))
        return PushResponse(outcome="ok", results=results + left, calls=1)

    def check(self, request: CheckRequest) -> CheckResponse:
        states = [self._state(batch) for batch in request.batches]
        return CheckResponse(outcome="ok", batches=states)

    # Pushing ------------------------------------------------------------------------------------

    def _pushed(self, rows: list[PushRow]) -> list[PushResult]:
        """Read all, write all, read all back: as a channel does that takes batches."""
        for row in rows:
            self.sent[row.idempotency_key] += 1
        if self.cas:
            return [self._set_at_once(row) for row in rows]
        befores = [self._read(row) for row in rows]
        for row in rows:
            self.between("read", (row.location, row.key))
        results = [self._written(row, old) for row, old in zip(rows, befores, strict=True)]
        for row in rows:
            self.between("write", (row.location, row.key))
        return [self._answer(row, done) for row, done in zip(rows, results, strict=True)]

    def _set_at_once(self, row: PushRow) -> PushResult:
        self.between("read", (row.location, row.key))
        if self.idempotent and row.idempotency_key in self.receipts:
            return self.receipts[row.idempotency_key]
        result = self._answer(row, self._written(row, self._read(row)))
        self.between("write", (row.location, row.key))
        return result

    def _read(self, row: PushRow) -> int | None:
        found = self.stock.get((row.location, row.key))
        return None if found is None else self._in_sense(found)

    def _written(self, row: PushRow, before: int | None) -> PushResult:
        """Compare with what was read, and write."""
        if row.key in self.refusing or before is None:
            return PushResult(outcome="rejected", reason=self.refusing.get(row.key, "Unknown."))
        if self.idempotent and row.idempotency_key in self.receipts:
            return self.receipts[row.idempotency_key]
        if before != row.expected:
            return PushResult(outcome="stale", before=before)
        self._write(row)
        return PushResult(outcome="applied", before=before)

    def _write(self, row: PushRow) -> None:
        key = (row.location, row.key)
        found = self.stock[key]
        self.written[row.idempotency_key] += 1
        self.history.setdefault(key, []).append(("write", row.quantity))
        if self.settles:
            until = self.clock() + timedelta(seconds=self.settles)
            self.hidden[key] = (until, Held(found.on_hand, found.allocated))
        reserved = 0 if self.takes == "on_hand" else found.allocated
        found.on_hand = row.quantity + reserved

    def _answer(self, row: PushRow, result: PushResult) -> PushResult:
        if result.outcome != "applied":
            return result
        after = self._read(row) if self.tells_after else None
        told = PushResult(outcome="applied", before=result.before, after=after)
        self.receipts.setdefault(row.idempotency_key, told)
        if self.lose:
            self.lose -= 1
            return PushResult(outcome="unknown", reason="The answer was lost.")
        return told

    # Submitting ---------------------------------------------------------------------------------

    def _submitted(self, rows: list[PushRow]) -> list[PushResult]:
        for row in rows:
            self.sent[row.idempotency_key] += 1
        batch = "+".join(row.idempotency_key for row in rows[:1])
        self.batches[batch] = list(rows)
        return [PushResult(outcome="submitted", batch=batch) for _ in rows]

    def apply(self, batch: str) -> None:
        """The channel gets round to a batch, and refuses what it refuses."""
        refused = []
        for row in self.batches[batch]:
            if row.key in self.refusing:
                refused.append(RefusedRow(row.key, row.location, self.refusing[row.key]))
            else:
                self._write(row)
        self.states[batch] = BatchState(batch=batch, state="applied", refused=refused)

    def _state(self, batch: str) -> BatchState:
        known = "pending" if batch in self.batches else "unknown"
        return self.states.get(batch, BatchState(batch=batch, state=known))  # type: ignore[arg-type]

    # Showing ------------------------------------------------------------------------------------

    def _in_sense(self, found: Held) -> int:
        return found.on_hand if self.takes == "on_hand" else found.available

    def _observed(self, key: Key) -> Observation:
        found = self.stock[key]
        until, old = self.hidden.get(key, (self.clock(), found))
        shown = old if self.clock() < until else found
        quantity = shown.on_hand if self.reports == "on_hand" else shown.available
        return Observation(
            key=key[1],
            location=key[0],
            quantity=quantity,
            allocated=shown.allocated,
            read_only=self.read_only.get(key[1], ""),
        )
