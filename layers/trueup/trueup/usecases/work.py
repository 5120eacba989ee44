"""The ports that a use case on one seller's things works with."""

from dataclasses import dataclass

from trueup.domain.time import Clock, NewId
from trueup.ports import (
    Channels,
    Events,
    Ledger,
    Machines,
    Meter,
    ObjectStore,
    PageStore,
    Registries,
    Registry,
)


@dataclass(frozen=True)
class Work:
    """Everything of one seller, metered together. `pages` and `registry` reach no other seller."""

    registry: Registry
    pages: PageStore
    evidence: ObjectStore
    channels: Channels
    clock: Clock
    meter: Meter
    ledger: Ledger

    @property
    def seller(self) -> str:
        return self.registry.seller


@dataclass(frozen=True)
class Plant:
    """What works for all sellers: the scheduler, the finaliser, the sweeper."""

    registries: Registries
    machines: Machines
    events: Events
    clock: Clock
    new_id: NewId
