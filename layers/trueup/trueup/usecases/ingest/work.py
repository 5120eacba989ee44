"""The ports that ingest works with."""

from dataclasses import dataclass

from trueup.domain.time import Clock
from trueup.ports import Ledger, ObjectStore, PageStore, Registry


@dataclass(frozen=True)
class IngestWork:
    """Everything of one seller; `files` is the bucket of uploads, reports and segments."""

    registry: Registry
    pages: PageStore
    files: ObjectStore
    clock: Clock
    ledger: Ledger

    @property
    def seller(self) -> str:
        return self.registry.seller
