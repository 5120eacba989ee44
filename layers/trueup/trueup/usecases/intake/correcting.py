"""Telling the audit trail of events that correct stock, before they are stored."""

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256

from trueup.domain.corrections import Corrected, Correction
from trueup.domain.errors import ConflictError
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.time import Clock
from trueup.ports import Create, Registry

SHOWN = 50
"""Events that a record names one by one."""

_CORRECTING = (MovementKind.ADJUSTMENT, MovementKind.COUNT)


def record_corrections(
    registry: Registry, clock: Clock, source: str, movements: Sequence[Movement]
) -> None:
    """Remember the counts and adjustments of a batch; nothing if it has none.

    With an audited registry the trail says who sent them. A batch sent again is one correction.
    """
    found = [m for m in movements if m.kind in _CORRECTING and not m.claim]
    if not found:
        return
    correction = Correction(
        digest=sha256("\n".join(sorted(m.id for m in found)).encode()).hexdigest()[:32],
        source=source,
        count=len(found),
        units=sum(abs(m.quantity) for m in found if m.kind == MovementKind.ADJUSTMENT),
        events=tuple(map(_corrected, found[:SHOWN])),
        at=clock(),
    )
    if registry.get(Correction, *correction.identity) is None:
        with suppress(ConflictError):  # the same batch, sent twice at once
            registry.write(Create(correction))


def _corrected(movement: Movement) -> Corrected:
    return Corrected(
        id=movement.id,
        kind=MovementKind(movement.kind).word,
        location=movement.location,
        sku=movement.sku,
        quantity=movement.quantity,
    )
