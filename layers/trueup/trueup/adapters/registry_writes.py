"""A transaction's writes as conditional changes, one per item; shared by table and memory twin."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from trueup.adapters.registry_items import Item, encode, sort_key
from trueup.domain.errors import ConflictError, DefectError, LeaseLostError
from trueup.domain.force import ForceSlot, slot_guard
from trueup.domain.runs import Lease
from trueup.ports import Create, HoldsLease, HoldsSlot, Remove, Replace, Unchanged, Write

MAX_CHANGES = 100
"""DynamoDB's limit of items in a transaction."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one item, and on which conditions.

    `item` is written; without one the item is deleted (`delete`) or only checked. The item must
    be absent (`absent`), or have `version` and `guard` where these are given. `store`: as
    `Entity` has it.
    """

    sk: str
    item: Item | None = None
    delete: bool = False
    absent: bool = False
    version: int | None = None
    guard: str | None = None
    store: str = "registry"


def changes(seller: str, writes: Sequence[Write]) -> list[Change]:
    """One change an item, since a transaction may name an item once; DefectError otherwise.

    Holding a lease and replacing or removing that lease are one change with both conditions.
    """
    planned: dict[str, Change] = {}
    for change in (_change(seller, write) for write in writes):
        other = planned.get(change.sk)
        planned[change.sk] = change if other is None else _merged(other, change)
    if len(planned) > MAX_CHANGES:
        msg = f"A transaction of {len(planned)} items; at most {MAX_CHANGES} are possible."
        raise DefectError(msg)
    return list(planned.values())


def refusal(change: Change, found: tuple[int, str | None] | None) -> ConflictError | None:
    """Why a change may not happen, given the (version, guard) found; None: it may."""
    if change.guard is not None and (found is None or found[1] != change.guard):
        return LeaseLostError("Another run or force has taken over.")
    if change.absent:
        return None if found is None else ConflictError("It exists already.")
    if change.version is not None and found is None:
        return ConflictError("It has been removed meanwhile.")
    if change.version is not None and found is not None and found[0] != change.version:
        return ConflictError("It has been changed meanwhile.")
    return None


def worst(refusals: Sequence[ConflictError]) -> ConflictError:
    """The one to raise: a lost lease says most, since the caller then has to stop."""
    return min(refusals, key=lambda error: not isinstance(error, LeaseLostError))


def _change(seller: str, write: Write) -> Change:
    match write:
        case Create(entity):
            item = encode(seller, entity, 1)
            return Change(item.sk, item, absent=True, store=entity.store)
        case Replace(entity, version):
            item = encode(seller, entity, version + 1)
            return Change(item.sk, item, version=version, store=entity.store)
        case Remove(entity, version):
            sk = sort_key(entity.record, entity.identity)
            return Change(sk, delete=True, version=version, store=entity.store)
        case Unchanged(entity, version):
            sk = sort_key(entity.record, entity.identity)
            absent = version == 0
            return Change(
                sk, absent=absent, version=None if absent else version, store=entity.store
            )
        case HoldsLease(account, holder, fence):
            return Change(sort_key(Lease.record, (account,)), guard=lease_guard(holder, fence))
        case HoldsSlot(account, location, holder, sequence):
            sk = sort_key(ForceSlot.record, (account, location))
            return Change(sk, guard=slot_guard(holder, sequence))
        case _:  # pragma: no cover
            assert_never(write)


def lease_guard(holder: str, fence: int) -> str:
    """The guard text of a lease, as `Lease.guard` makes it."""
    return f"{holder}#{fence}"


def _merged(one: Change, two: Change) -> Change:
    check, change = (one, two) if one.guard is not None else (two, one)
    is_pair = check.guard is not None and change.guard is None and change.version is not None
    if not is_pair:
        msg = "A transaction names the same item twice."
        raise DefectError(msg)
    return replace(change, guard=check.guard)
