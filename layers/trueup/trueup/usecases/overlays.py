"""Keeping rows that were compared between runs, until a run that captured later folds them in."""

from datetime import datetime

from trueup.domain.errors import ConflictError
from trueup.domain.overlays import Overlay
from trueup.ports import Create, Registry, Remove, Replace
from trueup.usecases.retrying import retried
from trueup.usecases.whole import all_of


def overlays_of(registry: Registry, account: str, location: str) -> dict[str, Overlay]:
    """A location's overlays by row key."""
    return {s.value.key: s.value for s in all_of(registry, Overlay, account, location)}


def lay(registry: Registry, overlay: Overlay) -> bool:
    """Keep an overlay unless one captured later is there; whether it was kept."""

    def once() -> bool:
        before = registry.get(Overlay, *overlay.identity)
        if before is None:
            registry.write(Create(overlay))
            return True
        if before.value.captured_at >= overlay.captured_at:
            return False
        registry.write(Replace(overlay, before.version))
        return True

    return retried(once)


def fold(registry: Registry, account: str, location: str, captured_from: datetime) -> int:
    """Drop the overlays that a run's rows are newer than; how many."""
    folded = 0
    for stored in list(all_of(registry, Overlay, account, location)):
        if stored.value.captured_at > captured_from:
            continue
        try:
            registry.write(Remove(stored.value, stored.version))
        except ConflictError:
            continue  # a newer one was laid meanwhile, and stays
        folded += 1
    return folded
