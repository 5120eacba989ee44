"""Ending an export. Whoever comes second changes nothing."""

from datetime import datetime
from typing import Any

from trueup.domain.exports import Export, ExportState
from trueup.domain.time import Clock
from trueup.ports import Registry, Replace, Stored
from trueup.usecases.exports.slots import ending


def fail_export(registry: Registry, clock: Clock, id_: str, tries: int, cause: str) -> bool:
    """End a try as failed unless it has ended, or another has begun; whether this call did it."""
    stored = registry.get(Export, id_)
    if stored is None or stored.value.state.final or stored.value.tries != tries:
        return False
    end(registry, stored, clock(), state=ExportState.FAILED, cause=cause)
    return True


def end(registry: Registry, stored: Stored[Export], now: datetime, **changes: Any) -> Export:
    """Write how it ended, and give its slot back."""
    ended = stored.value.model_copy(update={"finished_at": now, **changes})
    registry.write(Replace(ended, stored.version), *ending(registry, ended))
    return ended
