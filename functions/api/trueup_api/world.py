"""The ports that the API works with, and one seller's part of them."""

from collections.abc import Callable
from dataclasses import dataclass

from trueup.domain.time import Clock, NewId
from trueup.ports import (
    Channels,
    Files,
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
from trueup.usecases.exports.work import ExportDesk
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
    exports: Files
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
    def exporting(self) -> ExportDesk:
        world = self.world
        return ExportDesk(
            registry=self.registry,
            files=world.exports,
            machines=world.machines,
            clock=world.clock,
            new_id=world.new_id,
            user=self.caller.user,
        )

    @property
    def desk(self) -> Desk:
        return Desk(self.registry, self.world.channels, self.world.clock)
