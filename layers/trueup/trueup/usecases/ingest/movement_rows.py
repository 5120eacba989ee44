"""Movement files: one event a row, as `POST /v1/movements` takes them; the target is a source."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from trueup.books.schema import BookSchema
from trueup.domain.movements import Movement
from trueup.ledger.streams import shard_of
from trueup.usecases.ingest.batches import Batch
from trueup.usecases.ingest.cells import CODE, text
from trueup.usecases.ingest.columns import Column, Layout
from trueup.usecases.ingest.faults import Faults
from trueup.usecases.ingest.kinds import Built, Kind
from trueup.usecases.ingest.positions import SKU_SYNONYMS
from trueup.usecases.intake.events import Flaw
from trueup.usecases.intake.normalising import Reading, Setting, read_rows
from trueup.usecases.ledger.appending import refusal_of, with_inbound

SCHEMA = BookSchema(kind="movements", ints=(), texts=("movement",))
"""By location, shard and id, so that what is appended together lies together; JSON."""

_SHORT, _LINE = text(64), text(200)
_CODES = ("id", "sku", "bin")
LAYOUT = Layout(
    columns=(
        Column("id", CODE, ("event_id", "movement_id", "transaction_id")),
        Column("kind", _SHORT, ("type", "event", "movement", "movement_type")),
        Column("sku", CODE, SKU_SYNONYMS),
        Column("quantity", _SHORT, ("qty", "amount")),
        Column("occurred_at", _SHORT, ("timestamp", "at", "date_time")),
        Column("location", _SHORT, ("warehouse", "site")),
        Column("bin", CODE, ("bin_code", "storage_bin")),
        Column("unit", _LINE, ("unit_of_measure", "uom")),
        Column("reference", _LINE, ("order", "order_id", "document")),
        Column("actor", _LINE, ("user", "employee")),
        Column("reason", _LINE, ("reason_code",)),
        Column("status", _LINE, ("stock_status",)),
        Column("from_status", _LINE),
        Column("to_status", _LINE),
        Column("bucket", _SHORT),
        Column("disposition", _SHORT),
        Column("releases", _SHORT, ("released",)),
        Column("counterpart", _SHORT, ("other_location",)),
    ),
    required=(("id",), ("kind",), ("sku",), ("quantity",), ("occurred_at",), ("location", "bin")),
)
_encode = msgspec.json.Encoder().encode
movement_of = msgspec.json.Decoder(Movement).decode
"""A movement of its stored text."""


def movement_kind(setting: Setting, now: datetime) -> Kind:
    """How a source's movement files are read at this time."""

    def build(batch: Batch, faults: Faults) -> Built:
        return _build(setting, now, batch, faults)

    return Kind(SCHEMA, LAYOUT, "id", build)


def _build(setting: Setting, now: datetime, batch: Batch, faults: Faults) -> Built:
    flaws: list[Flaw] = []
    readings = read_rows(setting, _events(batch), flaws)
    for index, reading in enumerate(readings):
        flaws.extend(_untaken(index, reading, now))
    for flaw in sorted(flaws):
        if not _told(batch, flaw):
            batch.fault(faults, flaw.at, flaw.field, flaw.reason)
    movements = [] if flaws else list(_movements(readings))
    texts = [_encode(movement).decode() for movement in movements]
    ids = [reading.id if reading else "" for reading in readings]
    return Built([_key(movement) for movement in movements], {}, {"movement": texts}, ids)


def _events(batch: Batch) -> list[dict[str, Any]]:
    """Rows as events; a blank cell says nothing."""
    names = list(batch.values)
    rows = zip(*batch.values.values(), strict=True)
    return [_event(dict(zip(names, row, strict=True))) for row in rows]


def _event(row: dict[str, Any]) -> dict[str, Any]:
    cells = {n: v if n in _CODES else (v or "").strip() for n, v in row.items()}
    return {name: value for name, value in cells.items() if value}


def _told(batch: Batch, flaw: Flaw) -> bool:
    """Whether the fault of a cell that could not be read has been told before."""
    values = batch.values.get(flaw.field)
    return values is not None and values[flaw.at] is None


def _untaken(index: int, reading: Reading | None, now: datetime) -> Iterator[Flaw]:
    """A file is taken whole or not at all: what would be refused is a fault."""
    if reading is None:
        return
    if reading.refusal:
        yield Flaw(index, "id", reading.refusal.rstrip("."))
    elif why := refusal_of(reading.movements[0], now):
        yield Flaw(index, "occurred_at", why.rstrip("."))


def _movements(readings: list[Reading | None]) -> Iterator[Movement]:
    for reading in readings:
        if reading is not None:
            yield from with_inbound(reading.movements)


def _key(movement: Movement) -> str:
    return f"{movement.location}\0{shard_of(movement.sku)}\0{movement.id}"
