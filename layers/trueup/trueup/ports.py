"""What the use cases need of the world, as protocols. Adapters and memory twins implement them.

Every implementation raises only the errors of `domain.errors`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, Generic, Literal, Protocol, TypeVar

from trueup.channel.contract import Request, Response
from trueup.domain.accounts import Entity
from trueup.domain.notices import Notice
from trueup.domain.runs import Run, Usage
from trueup.ledger.blocks import Block
from trueup.ledger.memory import Memory

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True, slots=True)
class PageInfo:
    """A stored blob as the sweep sees it."""

    hash: str
    written_at: datetime
    size: int


class PageStore(Protocol):
    """Immutable content-addressed blobs (pages, patches, sheets, manifests) of one seller.

    `book` is a book's name, such as ``rows/{account}/{channel location}``; it is part of the key,
    and books do not share blobs. Blobs are at most 390 kB.
    """

    def put_many(self, book: str, blobs: Mapping[str, bytes]) -> None:
        """Store blobs by hash; storing one again only renews its `written_at`."""

    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]:
        """All of them, or DefectError naming those that are gone."""

    def list(self, book: str) -> Iterable[PageInfo]: ...

    def delete_unwritten_since(self, book: str, hash_: str, cutoff: datetime) -> bool:
        """Delete a blob unless it was written again at or after `cutoff`; whether it went."""


class ObjectStore(Protocol):
    """Objects in one bucket. Keys are made by `usecases.objects`, never from outside text."""

    def put(
        self, key: str, body: bytes, content_type: str = "application/octet-stream"
    ) -> None: ...
    def get(self, key: str) -> bytes: ...
    def get_range(self, key: str, start: int, end: int) -> bytes:
        """Bytes start..end-1. A negative start counts from the end (then `end` is ignored)."""

    def size(self, key: str) -> int: ...
    def stream(self, key: str) -> Iterable[bytes]:
        """The body in chunks."""

    def list(self, prefix: str) -> Iterable[str]: ...
    def delete(self, keys: Sequence[str]) -> None: ...
    def upload_form(self, key: str, max_bytes: int, content_type: str) -> dict[str, Any]:
        """A presigned POST (url, fields) valid 15 minutes."""

    def download_link(self, key: str, file_name: str, content_type: str) -> str:
        """A presigned GET valid five minutes, as an attachment."""


class Upload(Protocol):
    """One object that is written piece by piece, and is there only when it is finished.

    RetryLaterError: a piece was perhaps not taken; the upload is to be given up.
    """

    def write(self, piece: bytes) -> object: ...

    def finish(self) -> int:
        """Make the object of all pieces; its size."""

    def abort(self) -> None:
        """Throw the pieces away. Nothing happens where it was finished or aborted."""


class Files(ObjectStore, Protocol):
    """A bucket that files too large for memory are written to."""

    def begin(self, key: str, content_type: str) -> Upload: ...


@dataclass(frozen=True)
class Stored(Generic[E]):
    """An entity with the integer version that a later write must name."""

    value: E
    version: int


@dataclass(frozen=True)
class Listed(Generic[E]):
    """Some entities in key order, and where to go on (None: that was all)."""

    items: tuple[Stored[E], ...]
    cursor: str | None


# How a registry item is written: a transaction is a sequence of these, all or nothing.
@dataclass(frozen=True, slots=True)
class Create:
    """Write a new entity; the transaction conflicts if it exists."""

    entity: Entity


@dataclass(frozen=True, slots=True)
class Replace:
    """Write an entity over version `version`; conflicts if another has been written since."""

    entity: Entity
    version: int


@dataclass(frozen=True, slots=True)
class Remove:
    entity: Entity
    version: int


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Writes nothing; conflicts unless the entity still has the version that was read.

    Version 0: it was not there, and must still not be.
    """

    entity: Entity
    version: int


@dataclass(frozen=True, slots=True)
class HoldsLease:
    """Conflicts (LeaseLostError) unless `account`'s lease is held by `holder` with this fence."""

    account: str
    holder: str
    fence: int


@dataclass(frozen=True, slots=True)
class HoldsSlot:
    """Conflicts (LeaseLostError) unless the force slot of a channel location is `holder`'s.

    `sequence`: the claim's. A push whose slot was claimed again since is never sent.
    """

    account: str
    location: str
    holder: str
    sequence: int


Holds = HoldsLease | HoldsSlot
Write = Create | Replace | Remove | Unchanged | Holds


class Registry(Protocol):
    """The small mutable records of one seller; `seller` is the first part of every key."""

    @property
    def seller(self) -> str: ...

    def get(self, kind: type[E], *identity: str) -> Stored[E] | None:
        """Strongly consistent read."""

    def list(
        self,
        kind: type[E],
        *prefix: str,
        cursor: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Listed[E]:
        """Entities whose identity starts with `prefix`, in the order of their identity.

        A cursor made for another seller, kind or prefix is a RejectedError.
        """

    def write(self, *writes: Write) -> None:
        """All or nothing. ConflictError (LeaseLostError for a lease) if any condition fails.

        A write whose acknowledgement was lost may be repeated: it then conflicts, and the caller
        reads to see whose value stands.
        """


@dataclass(frozen=True, slots=True)
class Appointment:
    """Something of some seller that is due: see `Entity.appointment`."""

    seller: str
    kind: str
    identity: tuple[str, ...]
    at: datetime


class Registries(Protocol):
    """Registries of all sellers; only the scheduler, sweeper and workers hold one."""

    def of(self, seller: str) -> Registry: ...

    def due(self, agenda: str, until: datetime, limit: int | None = 1000) -> Iterable[Appointment]:
        """Appointments of an agenda at or before `until`, the earliest first (per shard).

        They are read as they are taken. `limit` None: all of them.
        """


class Ledger(Protocol):
    """The append-only streams of one seller: see `ledger.streams`.

    A shard is a sequence 1, 2, 3… of blocks without gaps; none ever changes or goes.
    """

    @property
    def name(self) -> str:
        """The same for every adapter of the same store and seller, and for no other."""
        ...

    def append(self, stream: str, shard: int, sequence: int, block: Block) -> None:
        """ConflictError if the sequence is taken by another block.

        The very same block again (after an answer that was lost) is no error. The caller appends
        to sequences next to the last only.
        """

    def last(self, stream: str, shard: int) -> int:
        """The last sequence; 0: the shard is empty. Strongly consistent."""

    def read(
        self, stream: str, shard: int, after: int = 0, until: int | None = None
    ) -> Iterable[tuple[int, Block]]:
        """Blocks in order, sequences after+1..until (None: all). Strongly consistent."""

    def remember(self, stream: str, shard: int, memory: Memory) -> None:
        """Keep a shard's memory of ids, by its first sequence; one that is there is replaced."""

    def memories(self, stream: str, shard: int) -> Iterable[Memory]:
        """By first sequence. They may be behind the blocks, never ahead of them."""

    def forget(self, stream: str, shard: int, first: int) -> None:
        """Remove one memory, if it is there."""


class Channels(Protocol):
    """Calls connectors. RetryLaterError: unreachable; DefectError: an answer off the contract."""

    def call(self, channel: str, request: Request) -> Response: ...

    def exists(self, channel: str) -> bool: ...


class Members(Protocol):
    """Who belongs to which seller; the server alone writes it."""

    def find(self, user: str) -> Mapping[str, Any] | None:
        """The item of a user (`seller`, `roles`), strongly consistent; None: no member."""


MachineName = Literal["reconcile", "ingest", "replay", "export", "plan_force", "force"]


class Machines(Protocol):
    """State machine executions, named by the id of the run, import or replay they work on."""

    def start(self, machine: MachineName, name: str, payload: Mapping[str, Any]) -> None:
        """Start an execution; starting the same name with the same payload again is no error."""

    def status(self, machine: MachineName, name: str) -> Literal["running", "ended", "absent"]: ...


class Events(Protocol):
    """Announces to the outside what has happened."""

    def run_completed(self, seller: str, run: Run) -> None: ...

    def noticed(self, notice: Notice) -> None:
        """Hand over an event. RetryLaterError: it was not taken, or perhaps not."""


class Meter:
    """Sums what adapters used during one invocation, and the invocation's own memory and time.

    `memory_mb` is the function's; 0 where nothing is billed for it, as in tests.
    """

    def __init__(self, memory_mb: int = 0) -> None:
        self._used = Usage()
        self._memory_gb = memory_mb / 1024
        self._began = monotonic()

    def add(self, **used: float) -> None:
        self._used += Usage.model_validate(used)

    @property
    def usage(self) -> Usage:
        if not self._memory_gb:
            return self._used
        seconds = monotonic() - self._began
        return self._used + Usage(invocations=1, gb_seconds=seconds * self._memory_gb)
