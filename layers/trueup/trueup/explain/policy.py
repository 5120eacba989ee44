"""What the terms take off or add between sellable and publishable: exact, in base units."""

from trueup.domain.stock import Terms
from trueup.explain.facts import Cause, Evidence, Finding


def policy(sellable: int, terms: Terms) -> list[Finding]:
    """The causes that add up to sellable - publishable x pack size; none that changes nothing."""
    drawable = sellable * terms.allocation // 100
    free = drawable + terms.backorder - terms.buffer
    full = max(0, free // terms.pack_size)
    shown = full if terms.cap is None else min(full, terms.cap)
    shares: tuple[tuple[Cause, int, Evidence], ...] = (
        (Cause.ALLOCATION, sellable - drawable, {"percent": terms.allocation}),
        (Cause.BUFFER, terms.buffer, {"buffer": terms.buffer}),
        (Cause.BACKORDER, -terms.backorder, {"limit": terms.backorder}),
        (Cause.FLOOR_AT_ZERO, min(free, 0), {"free": free}),
        (
            Cause.PACK_REMAINDER,
            max(free, 0) - full * terms.pack_size,
            {"pack_size": terms.pack_size},
        ),
        (Cause.CAP, (full - shown) * terms.pack_size, {"cap": shown, "packs": full}),
    )
    return [Finding(cause, units, evidence) for cause, units, evidence in shares if units]
