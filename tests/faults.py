"""Injects one fault into the nth call of AWS clients (PynamoDB's too) or of any port.

    for injector in each_call(Kind.DIES_AFTER):
        world = fresh_world()
        injector.attach(world.clients.dynamodb)      # or: registry = injector.wrap(registry)
        ...                                          # run; Died or an error may come out
        # ... then check the invariants

The loop ends with the first run that makes fewer calls than n, and so was not disturbed.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock, local
from typing import Any, TypeVar, cast

from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

from trueup.domain.errors import RetryLaterError

P = TypeVar("P")
MAX_CALLS = 10_000


class Died(BaseException):
    """The process ended here, as a Lambda does that is killed: nothing may catch this."""


class Kind(StrEnum):
    """What goes wrong. All but LOST_ANSWER are what is left after the SDK's own repeats."""

    BEFORE = "fails before its effect"
    AFTER = "fails after its effect"
    DIES_BEFORE = "dies before its effect"
    DIES_AFTER = "dies after its effect"
    THROTTLED = "throttled"
    CONFLICT = "TransactionConflict"
    UNPROCESSED = "UnprocessedItems"
    LOST_ANSWER = "one answer is lost, the SDK repeats the request"
    SLOW = "slow"


DEADLY = (Kind.DIES_BEFORE, Kind.DIES_AFTER)
_CONFLICTING = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "write")
_BATCHES = ("BatchWriteItem", "BatchGetItem", "put_many", "get_many")
_ENDPOINT = "https://fault.invalid"


@dataclass
class Injector:
    """Disturbs call number `nth` (from 1) of those that `kind` can disturb and `only` names.

    `calls` are the names of these calls: ``PutItem`` of a client, ``write`` of a port.
    """

    kind: Kind
    nth: int
    only: frozenset[str] = frozenset()
    seconds: float = 30
    sleep: Callable[[float], None] = lambda _: None
    calls: list[str] = field(default_factory=list)
    fired: bool = False
    _lock: Lock = field(default_factory=Lock)

    def attach(self, client: Any) -> None:
        """Disturb a botocore client; for PynamoDB, the client it is given."""
        _ClientFaults(self, client).register()

    def wrap(self, port: P) -> P:
        """The port, disturbed; what its `of` returns is disturbed too, and counted together."""
        return cast("P", _PortFaults(self, port))

    def chosen(self, name: str) -> bool:
        """Counts a call; whether it is the one."""
        if not self._applies(name):
            return False
        with self._lock:
            self.calls.append(name)
            if len(self.calls) != self.nth:
                return False
            self.fired = True
        if self.kind is Kind.SLOW:
            self.sleep(self.seconds)
        return True

    def _applies(self, name: str) -> bool:
        if self.only and name not in self.only:
            return False
        limited = {Kind.CONFLICT: _CONFLICTING, Kind.UNPROCESSED: _BATCHES}
        return name in limited.get(self.kind, (name,))


def each_call(
    kind: Kind,
    only: frozenset[str] = frozenset(),
    sleep: Callable[[float], None] = lambda _: None,
) -> Iterator[Injector]:
    """An injector for the first call, the second, and so on, until one found no such call."""
    for nth in range(1, MAX_CALLS):
        injector = Injector(kind, nth, only, sleep=sleep)
        yield injector
        if not injector.fired:
            return
    msg = f"more than {MAX_CALLS} calls"
    raise AssertionError(msg)


@dataclass
class _ClientFaults:
    """Hooks into one client. A call's fate is in its request context, from its first event on."""

    injector: Injector
    client: Any
    _losing: local = field(default_factory=local)

    def register(self) -> None:
        events = self.client.meta.events
        events.register_first("provide-client-params.*.*", self._choose)
        events.register_first("before-call.*.*", self._before)
        events.register_first("before-send.*.*", self._send)
        events.register_last("after-call.*.*", self._after)

    def _choose(self, params: Any, model: Any, context: Any, **_: Any) -> Any:
        if context.get("is_presign_request") or not self.injector.chosen(model.name):
            return None
        context["fault"] = self.injector.kind
        if self.injector.kind is not Kind.UNPROCESSED:
            return None
        kept, context["held"] = _halves(params["RequestItems"])
        context["fault_all"] = not kept
        return params | {"RequestItems": kept} if kept else None

    def _before(self, model: Any, context: Any, **_: Any) -> Any:
        match context.get("fault"):
            case Kind.BEFORE:
                raise ConnectTimeoutError(endpoint_url=_ENDPOINT)
            case Kind.DIES_BEFORE:
                raise Died(model.name)
            case Kind.THROTTLED:
                return _refusal("ThrottlingException")
            case Kind.CONFLICT:
                return _conflict(model.name)
            case Kind.UNPROCESSED if context["fault_all"]:
                return _Answer(200), {"Responses": {}}
            case Kind.LOST_ANSWER:
                self._losing.now = True
        return None

    def _send(self, request: Any, **_: Any) -> None:
        if getattr(self._losing, "now", False):
            self._losing.now = False
            self.client._endpoint.http_session.send(request)
            raise ConnectionClosedError(endpoint_url=_ENDPOINT)

    def _after(self, parsed: Any, model: Any, context: Any, **_: Any) -> None:
        match context.get("fault"):
            case Kind.AFTER:
                raise ReadTimeoutError(endpoint_url=_ENDPOINT)
            case Kind.DIES_AFTER:
                raise Died(model.name)
            case Kind.UNPROCESSED:
                left = "UnprocessedKeys" if model.name == "BatchGetItem" else "UnprocessedItems"
                parsed[left] = context["held"]


@dataclass(frozen=True)
class _Answer:
    """As much of an HTTP response as a client looks at."""

    status_code: int


def _refusal(code: str, **more: Any) -> tuple[_Answer, dict[str, Any]]:
    error = {"Code": code, "Message": "injected"}
    metadata = {"HTTPStatusCode": 400, "HTTPHeaders": {}}
    return _Answer(400), {"Error": error, "ResponseMetadata": metadata, **more}


def _conflict(operation: str) -> tuple[_Answer, dict[str, Any]]:
    if operation != "TransactWriteItems":
        return _refusal("TransactionConflictException")
    reasons = [{"Code": "TransactionConflict", "Message": "injected"}]
    return _refusal("TransactionCanceledException", CancellationReasons=reasons)


def _halves(items: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What goes through and what is held back; with a single item, all is held back."""
    kept: dict[str, Any] = {}
    held: dict[str, Any] = {}
    for table, given in items.items():
        whole = given["Keys"] if isinstance(given, dict) else given
        middle = len(whole) // 2
        for part, into in ((whole[:middle], kept), (whole[middle:], held)):
            if part:
                into[table] = given | {"Keys": part} if isinstance(given, dict) else part
    return kept, held


class _PortFaults:
    """A port whose methods may fail as its adapter's would: with the product's errors."""

    def __init__(self, injector: Injector, inner: Any) -> None:
        self._injector = injector
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value
        if name == "of":
            return lambda *given: self._injector.wrap(value(*given))
        return lambda *given, **named: self._call(name, lambda: value(*given, **named))

    def _call(self, name: str, call: Callable[[], Any]) -> Any:
        kind = self._injector.kind if self._injector.chosen(name) else Kind.SLOW
        if kind in (Kind.SLOW, Kind.LOST_ANSWER):
            return call()
        if kind in (Kind.AFTER, Kind.DIES_AFTER):
            call()
        if kind in DEADLY:
            raise Died(name)
        msg = f"injected: {kind}"
        raise RetryLaterError(msg)


def survives(run: Callable[[], Any]) -> bool:
    """Whether a run came to its end; False if it died of the injected fault."""
    with suppress(Died):
        run()
        return True
    return False
