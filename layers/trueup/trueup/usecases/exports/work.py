"""The ports that exports are asked for and built with."""

from dataclasses import dataclass

from trueup.domain.time import Clock, NewId
from trueup.ports import Files, Machines, PageStore, Registry


@dataclass(frozen=True)
class ExportDesk:
    """Where exports of one seller are asked for, by one person."""

    registry: Registry
    files: Files
    machines: Machines
    clock: Clock
    new_id: NewId
    user: str

    @property
    def seller(self) -> str:
        return self.registry.seller


@dataclass(frozen=True)
class ExportWork:
    """What a file of one seller is built with."""

    registry: Registry
    pages: PageStore
    files: Files
    clock: Clock
    new_id: NewId

    @property
    def seller(self) -> str:
        return self.registry.seller
