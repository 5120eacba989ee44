"""The registry in DynamoDB: one table, a partition a seller, an index for agendas."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from trueup.adapters.backoff import Backoff
from trueup.adapters.dynamodb_model import AGENDA_INDEX, Record, Table
from trueup.adapters.dynamodb_writes import Raw, Writer, new_token, units_of
from trueup.adapters.errors import translated
from trueup.adapters.registry_items import (
    agenda_bound,
    agenda_partitions,
    appointment,
    decode,
    list_scope,
    make_cursor,
    partition_key,
    read_cursor,
    sort_key,
)
from trueup.adapters.registry_writes import changes
from trueup.domain.accounts import Entity
from trueup.ports import Appointment, Listed, Meter, Registry, Stored, Write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

E = TypeVar("E", bound=Entity)
READING = "Reading records"
_PAGE = 250


@dataclass(frozen=True)
class Reader:
    """Metered reads of the table."""

    table: Table
    meter: Meter

    def get(self, pk: str, sk: str, store: str = "registry") -> Raw | None:
        name = self.table.named(store)
        with translated(READING):
            answer = self.table.get_item(name, pk, range_key=sk, consistent_read=True)
        self.meter.add(read_units=units_of(answer))
        return answer.get("Item") or None

    def query(
        self, pk: str, start: Raw | None = None, store: str = "registry", **arguments: Any
    ) -> Iterator[Raw]:
        """Items one by one; reads a page when it is asked for."""
        name = self.table.named(store)
        while True:
            with translated(READING):
                answer = self.table.query(name, pk, exclusive_start_key=start, **arguments)
            self.meter.add(read_units=units_of(answer))
            yield from answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if not start:
                return


class DynamoDBRegistries:
    """Registries of all sellers in one table, their audit trails in another (`audit`)."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        meter: Meter,
        backoff: Backoff | None = None,
        token: Callable[[], str] = new_token,
        audit: str = "",
    ) -> None:
        connection = Table(client, table, audit)
        self._reader = Reader(connection, meter)
        self._writer = Writer(connection, meter, backoff or Backoff(), token)

    def of(self, seller: str) -> Registry:
        return DynamoDBRegistry(seller, self._reader, self._writer)

    def due(self, agenda: str, until: datetime, limit: int | None = 1000) -> Iterable[Appointment]:
        """Eventually consistent, as the index is: read the record before acting on it."""
        at_or_before = Record.agenda_sk < agenda_bound(until)
        shards = [
            self._reader.query(
                partition,
                range_key_condition=at_or_before,
                index_name=AGENDA_INDEX,
                limit=_PAGE if limit is None else min(limit, _PAGE),
            )
            for partition in agenda_partitions(agenda)
        ]
        earliest_first = heapq.merge(*shards, key=lambda raw: str(raw["agenda_sk"]["S"]))
        for raw in islice(earliest_first, limit):
            yield appointment(raw["pk"]["S"], raw["sk"]["S"], raw["agenda_sk"]["S"])


class DynamoDBRegistry:
    """One seller's records; reads are strongly consistent."""

    def __init__(self, seller: str, reader: Reader, writer: Writer) -> None:
        self._seller = seller
        self._pk = partition_key(seller)
        self._reader = reader
        self._writer = writer

    @property
    def seller(self) -> str:
        return self._seller

    def get(self, kind: type[E], *identity: str) -> Stored[E] | None:
        raw = self._reader.get(self._pk, sort_key(kind.record, identity), kind.store)
        return None if raw is None else _stored(kind, raw)

    def list(
        self,
        kind: type[E],
        *prefix: str,
        cursor: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Listed[E]:
        start = sort_key(kind.record, prefix)
        scope = list_scope(self._seller, start, newest_first=newest_first)
        after = None if cursor is None else self._key(read_cursor(cursor, scope, start))
        raws = self._reader.query(
            self._pk,
            after,
            kind.store,
            range_key_condition=Record.sk.startswith(start),
            consistent_read=True,
            scan_index_forward=not newest_first,
            limit=limit + 1,  # one more tells whether there is more
        )
        found = [*islice(raws, limit + 1)]
        items = tuple(_stored(kind, raw) for raw in found[:limit])
        more = len(found) > limit
        return Listed(items, make_cursor(scope, found[limit - 1]["sk"]["S"]) if more else None)

    def write(self, *writes: Write) -> None:
        planned = changes(self._seller, writes)
        if planned:
            self._writer.commit(self._pk, planned)

    def _key(self, sk: str) -> Raw:
        return {"pk": {"S": self._pk}, "sk": {"S": sk}}


def _stored(kind: type[E], raw: Raw) -> Stored[E]:
    return decode(kind, raw["body"]["S"], int(raw["version"]["N"]))
