"""The ports that ingest works with."""

from dataclasses import dataclass

from trueup.domain.time import Clock
from trueup.ports import ObjectStore, PageStore, Registry


@dataclass(frozen=True)
class IngestWork:
    """Everything of one seller; `files` is the bucket of uploads, reports and segments."""

    registry: Registry
    pages: PageStore
    files: ObjectStore
    clock: Clock

    @property
    def seller(self) -> str:
        return self.registry.seller
