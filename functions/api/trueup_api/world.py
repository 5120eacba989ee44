"""The ports that the API works with, and one seller's part of them."""

from collections.abc import Callable
from dataclasses import dataclass

from trueup.domain.time import Clock, NewId
from trueup.ports import (
    Channels,
    Ledger,
    Machines,
    Meter,
    ObjectStore,
    PageStore,
    Registries,
    Registry,
)
from trueup.usecases.accounts import Desk
from trueup.usecases.audit.keeping import AuditedRegistry, By, Tries, at_once
from trueup.usecases.auth import Caller
from trueup.usecases.intake.taking import Gate
from trueup.usecases.work import Work


@dataclass(frozen=True)
class World:
    """Everything, for whoever calls; made once per process."""

    registries: Registries
    pages_of: Callable[[str], PageStore]
    ledger_of: Callable[[str], Ledger]
    evidence: ObjectStore
    imports: ObjectStore
    channels: Channels
    machines: Machines
    clock: Clock
    new_id: NewId
    head_tries: Tries = at_once

    def of(self, caller: Caller, request: str | None = None) -> "Shop":
        """What this caller can reach: the things of their seller. Their changes are audited."""
        plain, by = self.registries.of(caller.seller), By(caller.user, request)
        registry = AuditedRegistry(plain, by, self.clock, self.head_tries)
        return Shop(self, caller, registry, self.pages_of(caller.seller))


@dataclass(frozen=True)
class Shop:
    """One caller's view of the world. `registry` and `pages` reach no other seller."""

    world: World
    caller: Caller
    registry: Registry
    pages: PageStore

    @property
    def gate(self) -> Gate:
        return Gate(self.registry, self.ledger, self.world.clock)

    @property
    def ledger(self) -> Ledger:
        return self.world.ledger_of(self.caller.seller)

    @property
    def work(self) -> Work:
        """What use cases on this seller's runs and rows work with, metered anew."""
        world = self.world
        return Work(
            registry=self.registry,
            pages=self.pages,
            evidence=world.evidence,
            channels=world.channels,
            clock=world.clock,
            meter=Meter(),
            ledger=self.ledger,
        )

    @property
    def desk(self) -> Desk:
        return Desk(self.registry, self.world.channels, self.world.clock)
