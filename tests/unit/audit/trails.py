"""Sellers whose changes are audited, and hands that reach into the store behind them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from trueup.adapters.memory_registry import MemoryRegistries
from trueup.adapters.registry_items import Item, sort_key
from trueup.domain.accounts import Account, Location
from trueup.domain.audit import AuditRecord, places_of
from trueup.ports import Create, Ledger, Replace
from trueup.usecases.audit.keeping import AuditedRegistry, By
from trueup.usecases.audit.verifying import Books, Verified, verify

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Trail:
    """One seller's registry in memory, seen plainly and by somebody; `items` is its store."""

    def __init__(self, seller: str = "acme", registries: Any = None) -> None:
        self.now = START
        self.registries = registries or MemoryRegistries()
        self.plain = self.registries.of(seller)
        self.seller = seller
        self.ledger: Ledger | None = None

    @property
    def items(self) -> dict[str, Item]:
        found: dict[str, Item] = self.registries._sellers[self.seller]
        return found

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def by(self, actor: str = "ann", request: str | None = None) -> AuditedRegistry:
        return AuditedRegistry(self.plain, By(actor, request), self.clock)

    def grow(self, records: int, actor: str = "ann") -> None:
        """So many changes, each of one location."""
        registry = self.by(actor)
        for _ in range(records):
            found = self.plain.get(Location, "berlin")
            if found is None:
                registry.write(Create(Location(code="berlin", name="0")))
                continue
            name = str(int(found.value.name) + 1)
            changed = found.value.model_copy(update={"name": name})
            registry.write(Replace(changed, found.version))

    def records(self) -> list[AuditRecord]:
        found = (item for sk, item in sorted(self.items.items()) if sk.startswith("audit#"))
        return [AuditRecord.model_validate_json(item.body) for item in found]

    def verified(self, **how: Any) -> Verified:
        """What following the chain to its end, or to its first fault, comes to."""
        found = verify(Books(self.plain, self.clock, self.ledger), **how)
        while found.cursor is not None:
            found = verify(
                Books(self.plain, self.clock, self.ledger),
                cursor=found.cursor,
                limit=how.get("limit", 9),
            )
        return found

    # Reaching into the store ---------------------------------------------------------------------

    def body(self, sequence: int) -> str:
        return self.items[key(sequence)].body

    def put(self, sequence: int, body: str, *, at: str = "") -> None:
        sk = at or key(sequence)
        self.items[sk] = Item(sk, "audit", 1, body, None, None)

    def drop(self, *sequences: int) -> None:
        for sequence in sequences:
            del self.items[key(sequence)]


def key(sequence: int) -> str:
    return sort_key("audit", places_of(sequence))


def account(id_: str = "eu", **fields: Any) -> Account:
    given: dict[str, Any] = {"channel": "sandbox", "name": "Shop", "created_at": START} | fields
    return Account(id=id_, **given)


def names(records: Iterable[AuditRecord]) -> list[tuple[str, str, str]]:
    return [(c.verb.value, c.kind, c.subject) for record in records for c in record.changes]
