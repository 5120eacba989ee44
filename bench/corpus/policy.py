"""From sellable to publishable, step by step, with what each step takes off: the corpus's own."""

from random import Random

from trueup.domain.stock import Terms
from trueup.explain.facts import Cause

Truth = tuple[tuple[Cause, int], ...]


def steps(sellable: int, terms: Terms) -> tuple[int, Truth]:
    """Channel units that may be shown, and the base units of every cause on the way that has any.

    The units add up to sellable less what is shown, in base units.
    """
    drawable = sellable * terms.allocation // 100
    free = drawable - terms.buffer + terms.backorder
    left = max(free, 0)
    packs, rest = divmod(left, terms.pack_size)
    shown = packs if terms.cap is None else min(packs, terms.cap)
    taken = (
        (Cause.ALLOCATION, sellable - drawable),
        (Cause.BUFFER, terms.buffer),
        (Cause.BACKORDER, -terms.backorder),
        (Cause.FLOOR_AT_ZERO, free - left),
        (Cause.PACK_REMAINDER, rest),
        (Cause.CAP, (packs - shown) * terms.pack_size),
    )
    return shown, tuple((cause, units) for cause, units in taken if units)


def before_packing(sellable: int, terms: Terms) -> int:
    """Base units that would be packed."""
    return max(0, sellable * terms.allocation // 100 - terms.buffer + terms.backorder)


def random_terms(rng: Random, scale: int, *, packs: bool | None = None) -> Terms:
    """Terms as sellers set them; `packs` says whether the pack size is more than one."""
    packed = rng.random() < 0.4 if packs is None else packs
    return Terms(
        pack_size=rng.choice((2, 3, 4, 6, 10, 12)) if packed else 1,
        buffer=rng.randint(1, 3 * scale) if rng.random() < 0.45 else 0,
        backorder=rng.randint(1, 4 * scale) if rng.random() < 0.2 else 0,
        cap=rng.randint(2, 30 * scale) if rng.random() < 0.2 else None,
        allocation=rng.choice((30, 50, 60, 75, 90)) if rng.random() < 0.2 else 100,
    )
