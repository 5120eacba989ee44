"""Proposing adjustments and deciding about them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from trueup.domain.accounts import Location
from trueup.domain.adjustments import (
    Adjustment,
    AdjustmentState,
    Approval,
    ApprovalLimits,
    Decision,
    ProposalKey,
    approval_of,
)
from trueup.domain.cases import Case
from trueup.domain.errors import (
    ConflictError,
    Fault,
    ForbiddenError,
    NotFoundError,
    RejectedError,
)
from trueup.domain.movements import Movement
from trueup.ports import Create, Ledger, Registry, Replace, Stored, Write
from trueup.usecases.exceptions.applying import apply_adjustment
from trueup.usecases.exceptions.costs import cost_of
from trueup.usecases.exceptions.filing import Cabinet
from trueup.usecases.exceptions.known_skus import UNKNOWN_SKU, is_known
from trueup.usecases.exceptions.limits import known_limits, still
from trueup.usecases.retrying import retried

Post = Callable[[Movement], None]
"""Writes a movement to the ledger, once however often it is given. DefectError: it is refused."""


@dataclass(frozen=True)
class Bureau:
    """What correcting positions needs."""

    cabinet: Cabinet
    post: Post
    ledger: Ledger

    @property
    def registry(self) -> Registry:
        return self.cabinet.registry


def require_adjustment(registry: Registry, id_: str) -> Stored[Adjustment]:
    found = registry.get(Adjustment, id_)
    if found is None:
        raise NotFoundError("There is no such adjustment.")
    return found


def propose(bureau: Bureau, fields: Mapping[str, Any], key: str | None = None) -> Adjustment:
    """Propose an adjustment; one that needs no second person is applied at once.

    The same `key` again gives the adjustment that it made. RejectedError with all faults;
    ConflictError: the key made another one.
    """
    digest = sha256(json.dumps(dict(fields), sort_keys=True).encode()).hexdigest()

    def once() -> Stored[Adjustment]:
        made = None if key is None else bureau.registry.get(ProposalKey, key)
        if made is not None:
            return _made_before(bureau, made.value, digest)
        return _written(bureau, fields, key, digest)

    return _applied_if_approved(bureau, retried(once))


def _made_before(bureau: Bureau, made: ProposalKey, digest: str) -> Stored[Adjustment]:
    if made.digest != digest:
        raise ConflictError("This idempotency key was used for another adjustment.")
    return require_adjustment(bureau.registry, made.adjustment)


def _written(
    bureau: Bureau, fields: Mapping[str, Any], key: str | None, digest: str
) -> Stored[Adjustment]:
    """ConflictError: the limits were changed meanwhile, or the key was used."""
    _reject(_faults(bureau, fields))
    limits = known_limits(bureau.registry)
    proposed = _proposed(bureau, fields, limits.value)
    writes: list[Write] = [Create(proposed), *still(limits)]
    if key is not None:
        at, id_ = proposed.proposed_at, proposed.id
        writes.append(Create(ProposalKey(key=key, digest=digest, adjustment=id_, at=at)))
    bureau.registry.write(*writes)
    return Stored(proposed, 1)


def _proposed(bureau: Bureau, fields: Mapping[str, Any], limits: ApprovalLimits) -> Adjustment:
    registry, cabinet = bureau.registry, bureau.cabinet
    quantity = fields["quantity"]
    value = None
    if limits.value is not None:
        value = cost_of(
            registry,
            cabinet.pages,
            fields["location"],
            fields["sku"],
            abs(quantity),
            limits.value.currency,
        )
    approval = approval_of(quantity, value, limits)
    proposed = Adjustment(
        **fields,
        id=cabinet.new_id(),
        approval=approval,
        value=value,
        proposed_by=cabinet.user,
        proposed_at=cabinet.clock(),
    )
    return proposed if approval.needed else _approved(proposed, cabinet.user, proposed.proposed_at)


def _faults(bureau: Bureau, fields: Mapping[str, Any]) -> list[Fault]:
    registry, pages, ledger = bureau.registry, bureau.cabinet.pages, bureau.ledger
    faults = []
    if fields["quantity"] == 0:
        faults.append(Fault("/quantity", "must not be 0"))
    if registry.get(Location, fields["location"]) is None:
        faults.append(Fault("/location", "is not a location of yours"))
    elif not is_known(registry, pages, ledger, fields["location"], fields["sku"]):
        faults.append(Fault("/sku", UNKNOWN_SKU))
    if fields.get("case") and registry.get(Case, fields["case"]) is None:
        faults.append(Fault("/case", "is not a case of yours"))
    return faults


def _reject(faults: list[Fault]) -> None:
    if faults:
        raise RejectedError("The adjustment cannot be proposed like this.", tuple(faults))


def _approved(adjustment: Adjustment, by: str, at: datetime, note: str = "") -> Adjustment:
    decided = {
        "state": AdjustmentState.APPROVED,
        "decision": Decision(by=by, at=at, note=note),
    }
    return adjustment.model_copy(update=decided)


def _applied_if_approved(bureau: Bureau, stored: Stored[Adjustment]) -> Adjustment:
    if stored.value.state is not AdjustmentState.APPROVED:
        return stored.value
    return apply_adjustment(bureau.cabinet, bureau.post, stored.value.id)


def approve(bureau: Bureau, id_: str, note: str) -> Adjustment:
    """Approve a proposal and apply it. The route sees to the approver's role.

    ForbiddenError: the proposer, unless second approval is switched off; ConflictError: it was
    decided about already, or second approval was switched on at that moment.
    """
    stored = _undecided(bureau, id_)
    limits, user = known_limits(bureau.registry), bureau.cabinet.user
    if user == stored.value.proposed_by and limits.value.second_approval:
        raise ForbiddenError("Another person than the one who proposed it has to approve it.")
    approved, checks = _approved(stored.value, user, bureau.cabinet.clock(), note), []
    if user == stored.value.proposed_by:
        approved = approved.model_copy(update={"approval": Approval.SWITCHED_OFF})
        checks = still(limits)
    bureau.registry.write(Replace(approved, stored.version), *checks)
    return apply_adjustment(bureau.cabinet, bureau.post, id_)


def reject(bureau: Bureau, id_: str, note: str, *, may_decide: bool) -> Adjustment:
    """Turn a proposal down, or, as its proposer, take it back.

    ForbiddenError: neither an approver nor the proposer; ConflictError: it was decided about.
    """
    stored, cabinet = _undecided(bureau, id_), bureau.cabinet
    if not may_decide and cabinet.user != stored.value.proposed_by:
        raise ForbiddenError("This needs the role approver, or to be the one who proposed it.")
    decision = Decision(by=cabinet.user, at=cabinet.clock(), note=note)
    rejected = stored.value.model_copy(
        update={"state": AdjustmentState.REJECTED, "decision": decision}
    )
    bureau.registry.write(Replace(rejected, stored.version))
    return rejected


def _undecided(bureau: Bureau, id_: str) -> Stored[Adjustment]:
    stored = require_adjustment(bureau.registry, id_)
    if stored.value.state is not AdjustmentState.PROPOSED:
        raise ConflictError(f"This adjustment is {stored.value.state.value} already.")
    if bureau.cabinet.clock() >= stored.value.expires_at:
        raise ConflictError("This adjustment has expired; propose it anew.")
    return stored
