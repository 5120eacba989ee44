"""The channel contract, version 1: four operations, one JSON request and response each.

A connector is a Lambda function, in any language. It gets a request as its event and returns a
response. It knows its channel's wire format and nothing of Trueup's storage. It holds no state
between calls: what it needs to go on is in the cursor. Quantities are integers in the channel's
own units; instants are ISO 8601 with an offset. `docs/channels/contract.md` tells it in prose and
its JSON Schema is made from these types.

Failures that are part of life are responses (`outcome`), not exceptions: an exception means that
the request or the connector is broken. Fields may be added without a new version: both sides
ignore those they do not know.
"""

from typing import Annotated, Literal

import msgspec

CONTRACT_VERSION = 1
MAX_RESPONSE_BYTES = 5_000_000
"""A response must stay below Lambda's limit of 6 MB; connectors stop adding rows before this."""
LEAST_CALLS = 5
"""A connector may use this many calls where its budget has fewer, to sign in and still go on."""

Text = Annotated[str, msgspec.Meta(max_length=2000)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Quantity = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class AccountRef(msgspec.Struct, frozen=True):
    """The account as its connector needs it: its own configuration and the name of its secret."""

    seller: str
    account: str
    config: dict[str, str | int | bool] = {}
    secret: str | None = None


class DescribeRequest(msgspec.Struct, frozen=True, tag_field="operation", tag="describe"):
    account: AccountRef
    version: int = CONTRACT_VERSION


class Place(msgspec.Struct, frozen=True):
    """A location of the channel: the id it is addressed by, the code and name people know."""

    id: Code
    code: Text = ""
    name: Text = ""


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What the channel can do.

    `takes` is None exactly when `can_push` is false. `sets` tells how the channel is written to;
    requests always name the absolute quantity. `idempotent`: a row sent again with the same
    idempotency key has no second effect. `push_batch`: rows the channel takes in one call.
    Absent `calls_per_minute`: no limit is known. `fixed_times`: says when, where the channel takes
    updates at set times; empty where it takes them at any time.
    """

    can_push: bool
    reports: Literal["available", "on_hand"]
    takes: Literal["available", "on_hand"] | None = None
    sets: Literal["absolute", "adjust"] = "absolute"
    compare_and_set: bool = False
    idempotent: bool = False
    submits: bool = False
    push_batch: Annotated[int, msgspec.Meta(ge=1)] = 1
    calls_per_minute: Annotated[int, msgspec.Meta(ge=1)] | None = None
    settle_seconds: Count = 0
    minimum_cooldown_seconds: Count = 0
    documentation: Text = ""
    fixed_times: Text = ""


class DescribeResponse(msgspec.Struct, frozen=True, kw_only=True):
    outcome: Literal["ok"] = "ok"
    abilities: Abilities
    locations: list[Place]
    version: int = CONTRACT_VERSION


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What one request may use: milliseconds until it must have answered, calls, rows.

    Whatever the budget, a request makes one step of progress: a page of the channel, a row pushed.
    `rows` may be exceeded only by one item that alone has more, `calls` up to `LEAST_CALLS`.
    """

    milliseconds: Annotated[int, msgspec.Meta(ge=1)]
    calls: Annotated[int, msgspec.Meta(ge=1)] = 1000
    rows: Annotated[int, msgspec.Meta(ge=1)] = 20_000


class FetchRequest(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="fetch"):
    """Read what the channel shows. `cursor` None: from the start. `keys`: only these items.

    A cursor goes with the account, `locations` and `keys` that it was made for. It may be used
    again, and then gives the same as long as the channel does. Unknown keys give no row; unknown
    locations are `failed_locations` of one of the answers.
    """

    account: AccountRef
    budget: Budget
    cursor: str | None = None
    locations: list[Code] | None = None
    keys: list[Code] | None = None
    version: int = CONTRACT_VERSION


class Observation(msgspec.Struct, frozen=True, array_like=True):
    """What the channel shows of one item at one location.

    `quantity` is in the sense that `describe` names (available or on hand), None where the channel
    shows the item without a quantity. `allocated` is what the channel has reserved of an on-hand
    quantity. `read_only` says why this item cannot be set, such as stock the marketplace owns.
    On the wire: `[key, location, quantity, allocated, product_id, gtin, title, read_only]`, where
    those after `quantity` may be left out from the end.
    """

    key: Code
    location: Code
    quantity: Quantity | None
    allocated: Quantity = 0
    product_id: Text = ""
    gtin: Text = ""
    title: Text = ""
    read_only: Text = ""


class PlaceFailure(msgspec.Struct, frozen=True):
    """A location that could not be read while others could."""

    location: Code
    reason: Text


class FetchResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Some rows, and how to go on.

    outcome: `more` (call again with `cursor`), `done`, `throttled` (call again with `cursor` after
    `retry_after_seconds`, also while the channel still prepares its answer; the rows given are
    good), `failed` (`reason` says why; final for now). `captured_at` is when the oldest of these
    rows was read.

    Positions let the caller check that nothing is missing, repeated or overlapping. They count what
    the channel counts, such as its items times its locations: `first` is the position at which this
    answer begins, `span` how many it covers (None: as many as it has rows; a position may give no
    row, or several), `total` how many the channel said there are (None: it does not say). The next
    answer begins at `end`, and the last one ends at `total`. A connector that finds that what it
    gave before is no longer whole, as the channel's list has shifted, begins again with `first` 0.
    """

    outcome: Literal["more", "done", "throttled", "failed"]
    captured_at: str
    rows: list[Observation] = []
    cursor: str | None = None
    first: Count = 0
    span: Count | None = None
    total: Count | None = None
    calls: Count = 0
    retry_after_seconds: Count = 0
    reason: Text = ""
    failed_locations: list[PlaceFailure] = []
    version: int = CONTRACT_VERSION

    @property
    def end(self) -> int:
        """The position at which the next answer begins."""
        return self.first + (len(self.rows) if self.span is None else self.span)


class PushRow(msgspec.Struct, frozen=True, kw_only=True):
    """Set one item at one location, in the sense that `describe` says it `takes`.

    `expected` is what it showed, in that same sense, when the plan was made (None: no quantity).
    """

    key: Code
    location: Code
    quantity: Count
    expected: Quantity | None
    idempotency_key: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    product_id: Text = ""


class PushRequest(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="push"):
    account: AccountRef
    budget: Budget
    rows: list[PushRow]
    version: int = CONTRACT_VERSION


class PushResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row, in the order of the request.

    applied (before and after as read), submitted (`batch` to check), stale (the channel shows
    `before`, not `expected`; nothing was written), rejected (`reason`), not_sent (budget ran out),
    unknown (sent, but the answer was lost: read it back before anything is sent again).
    """

    outcome: Literal["applied", "submitted", "stale", "rejected", "not_sent", "unknown"]
    before: Quantity | None = None
    after: Quantity | None = None
    batch: Text = ""
    reason: Text = ""


class PushResponse(msgspec.Struct, frozen=True, kw_only=True):
    """`ok` and `throttled` have a result for each row; `unsupported` and `failed` wrote nothing."""

    outcome: Literal["ok", "throttled", "unsupported", "failed"]
    results: list[PushResult] = []
    calls: Count = 0
    retry_after_seconds: Count = 0
    reason: Text = ""
    version: int = CONTRACT_VERSION


class CheckRequest(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="check"):
    account: AccountRef
    budget: Budget
    batches: list[Text]
    version: int = CONTRACT_VERSION


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that the channel refused of a batch that it applied otherwise."""

    key: Code
    location: Code
    reason: Text


class BatchState(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch: `applied` except for the rows `refused`; `unknown`: no such batch."""

    batch: Text
    state: Literal["pending", "applied", "rejected", "unknown"]
    reason: Text = ""
    refused: list[RefusedRow] = []


class CheckResponse(msgspec.Struct, frozen=True, kw_only=True):
    outcome: Literal["ok", "throttled", "unsupported", "failed"]
    batches: list[BatchState] = []
    retry_after_seconds: Count = 0
    reason: Text = ""
    version: int = CONTRACT_VERSION


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """`describe` could not answer: wrong credentials, channel down, bad configuration."""

    outcome: Literal["failed", "throttled"]
    reason: Text
    retry_after_seconds: Count = 0
    version: int = CONTRACT_VERSION


Request = DescribeRequest | FetchRequest | PushRequest | CheckRequest
Response = DescribeResponse | FetchResponse | PushResponse | CheckResponse | Failure
