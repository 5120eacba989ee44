"""Up to which adjustments need no second person: the seller's approval limits."""

from collections.abc import Mapping
from typing import Any

from trueup.domain.adjustments import ApprovalLimits
from trueup.ports import Create, Registry, Replace, Stored, Unchanged, Write
from trueup.usecases.retrying import retried


def limits_of(registry: Registry) -> ApprovalLimits:
    """What the seller set; until then, every adjustment needs a second person."""
    return known_limits(registry).value


def known_limits(registry: Registry) -> Stored[ApprovalLimits]:
    """Version 0: they were never set."""
    return registry.get(ApprovalLimits, "limits") or Stored(ApprovalLimits(), 0)


def still(limits: Stored[ApprovalLimits]) -> list[Write]:
    """What makes a write conflict with a change of the limits that it was decided by."""
    return [Unchanged(limits.value, limits.version)]


def set_limits(registry: Registry, fields: Mapping[str, Any]) -> ApprovalLimits:
    """Set fields of the limits; what is absent stays. Proposals made before keep their need."""

    def once() -> ApprovalLimits:
        stored = registry.get(ApprovalLimits, "limits")
        known = stored.value if stored else ApprovalLimits()
        changed = ApprovalLimits.model_validate({**known.model_dump(), **fields})
        registry.write(Replace(changed, stored.version) if stored else Create(changed))
        return changed

    return retried(once)
