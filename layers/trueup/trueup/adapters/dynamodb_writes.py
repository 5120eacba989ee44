"""Conditional writes of registry records: one item by itself, several as one transaction.

Every commit has a token of its own. It is the transaction's client token and is kept in what the
commit writes, so that a repeat by the SDK after a lost answer is recognised as this commit's own
success, while of two callers who write the same content still only one wins. (A token made from
the content would tell both that they won.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from trueup.adapters.backoff import Backoff
from trueup.adapters.dynamodb_model import Table
from trueup.adapters.errors import (
    CANCELED,
    COLLISION,
    CONDITION_FAILED,
    code_of,
    reasons_of,
    response_of,
    translated,
)
from trueup.adapters.registry_writes import Change, refusal, worst
from trueup.domain.errors import ConflictError, RetryLaterError
from trueup.ports import Meter

WRITING = "Writing records"
Raw = dict[str, Any]
Refused = tuple[Change, Raw]
"""A change whose condition failed, and the item found (empty: none)."""


def new_token() -> str:
    """A client token: at most 36 characters."""
    return str(uuid4())


@dataclass(frozen=True)
class Writer:
    """Commits changes within one partition."""

    table: Table
    meter: Meter
    backoff: Backoff = field(default_factory=Backoff)
    token: Callable[[], str] = new_token

    def commit(self, pk: str, changes: Sequence[Change]) -> None:
        """All or nothing. A collision with another transaction is tried again, jittered."""
        token = self.token()
        for _ in self.backoff.tries():
            with translated(WRITING):
                if self._attempt(pk, changes, token):
                    return
        msg = f"{WRITING}: others keep writing the same records."
        raise RetryLaterError(msg)

    def _attempt(self, pk: str, changes: Sequence[Change], token: str) -> bool:
        """Whether it is done; False after a collision, which says nothing about conditions."""
        operations = [self.table.operation(pk, change, token) for change in changes]
        try:
            answer = _send(self.table, operations, token)
        except ClientError as error:
            return self._failed(error, changes, token)
        self._count(changes, units_of(answer))
        return True

    def _failed(self, error: ClientError, changes: Sequence[Change], token: str) -> bool:
        refused = _refused(error, changes)
        if any(found.get("write") == {"S": token} for _, found in refused):
            self._count(changes, 0)
            return True  # our own first attempt, whose answer was lost
        if refused:
            raise worst([_why(change, found) for change, found in refused]) from error
        if COLLISION & {code_of(error), *_codes(error)} and not _throttled(error):
            return False
        raise error

    def _count(self, changes: Sequence[Change], units: float) -> None:
        bodies = [change.item.body for change in changes if change.item is not None]
        self.meter.add(
            write_units=units,
            items_written=len(bodies),
            bytes_written=sum(len(body.encode()) for body in bodies),
        )


def units_of(answer: Raw) -> float:
    """Capacity units of an answer, over all tables."""
    consumed = answer.get("ConsumedCapacity") or []
    per_table = [consumed] if isinstance(consumed, dict) else consumed
    return sum(float(table.get("CapacityUnits", 0)) for table in per_table)


def _send(table: Table, operations: Sequence[tuple[str, Raw]], token: str) -> Raw:
    action, arguments = operations[0]
    if len(operations) == 1 and action in ("Put", "Delete"):
        return table.dispatch(f"{action}Item", arguments)
    items = [{action: arguments} for action, arguments in operations]
    transaction = {"TransactItems": items, "ClientRequestToken": token}
    return table.dispatch("TransactWriteItems", transaction)


def _refused(error: ClientError, changes: Sequence[Change]) -> list[Refused]:
    if code_of(error) == CANCELED:
        reasons = reasons_of(error)
    else:
        reasons = [{"Code": code_of(error), "Item": response_of(error).get("Item")}]
    return [
        (change, reason.get("Item") or {})
        for change, reason in zip(changes, reasons, strict=False)
        if reason.get("Code") in CONDITION_FAILED
    ]


def _why(change: Change, found: Raw) -> ConflictError:
    version, guard = found.get("version"), found.get("guard")
    known = (int(version["N"]), guard["S"] if guard else None) if version else None
    return refusal(change, known) or ConflictError("It has been changed meanwhile.")


def _codes(error: ClientError) -> list[str]:
    return [str(reason.get("Code")) for reason in reasons_of(error)]


def _throttled(error: ClientError) -> bool:
    return any("Throughput" in code or "Throttling" in code for code in _codes(error))
