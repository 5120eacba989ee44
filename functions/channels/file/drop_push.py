"""Push: a file for the channel to read, and what it answered in an acknowledgement file.

`out/{batch}.csv` with `out/{batch}.manifest.json`, then from the channel `ack/{batch}.csv` with the
columns key, location, outcome (`applied` or `rejected`) and reason; rows it leaves out are applied.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from drop_bucket import MANIFEST, Drops
from drop_errors import DropError
from trueup.channel.contract import BatchState, PushResult, PushRow, RefusedRow

HEADER = ("idempotency_key", "location", "key", "quantity", "expected", "product_id")
ACKNOWLEDGED = ("key", "location", "outcome", "reason")
MAX_ACKNOWLEDGEMENT_BYTES = 50_000_000
_BATCH = re.compile(r"[0-9a-f]{32}")
# A spreadsheet takes a text that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def push(drops: Drops, rows: Sequence[PushRow], now: datetime) -> list[PushResult]:
    """Write the rows that a file can hold; the same rows again are the same file."""
    faults = [_fault(row) for row in rows]
    good = [row for row, fault in zip(rows, faults, strict=True) if not fault]
    batch = _write(drops, good, now) if good else ""
    return [
        PushResult(outcome="rejected", reason=fault)
        if fault
        else PushResult(outcome="submitted", batch=batch)
        for fault in faults
    ]


def _fault(row: PushRow) -> str:
    texts = (row.key, row.location, row.product_id, row.idempotency_key)
    if any(text.startswith(_FORMULA) for text in texts):
        return "A code that begins with = + - or @ cannot be sent in a file."
    return ""


def _write(drops: Drops, rows: Sequence[PushRow], now: datetime) -> str:
    body = _csv(rows)
    digest = hashlib.sha256(body).hexdigest()
    batch = digest[:32]
    manifest = {
        "schema": 1,
        "files": [{"name": f"{batch}.csv", "rows": len(rows), "sha256": digest}],
        "captured_at": now.isoformat(),
    }
    drops.write_once(f"out/{batch}.csv", body, "text/csv; charset=utf-8")
    # Last: whoever sees the manifest finds the file whole.
    name = f"out/{batch}{MANIFEST}"
    drops.write_once(name, msgspec.json.encode(manifest), "application/json")
    return batch


def _csv(rows: Sequence[PushRow]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    for row in rows:
        expected = "" if row.expected is None else row.expected
        writer.writerow(
            (row.idempotency_key, row.location, row.key, row.quantity, expected, row.product_id)
        )
    return text.getvalue().encode()


def check(drops: Drops, batches: Sequence[str]) -> list[BatchState]:
    return [_state(drops, batch) for batch in batches]


def _state(drops: Drops, batch: str) -> BatchState:
    manifest = f"out/{batch}{MANIFEST}"
    known = _BATCH.fullmatch(batch) and drops.read(manifest, MAX_ACKNOWLEDGEMENT_BYTES)
    if not known:
        return BatchState(batch=batch, state="unknown", reason="No such file was written.")
    try:
        body = drops.read(f"ack/{batch}.csv", MAX_ACKNOWLEDGEMENT_BYTES)
        if body is None:
            return BatchState(batch=batch, state="pending")
        return _acknowledged(batch, list(_rows(body)))
    except (DropError, ValueError, csv.Error) as error:
        reason = f"The acknowledgement file cannot be read: {error}"
        return BatchState(batch=batch, state="pending", reason=reason[:2000])


def _rows(body: bytes) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
    missing = set(ACKNOWLEDGED) - set(reader.fieldnames or ())
    if missing:
        raise DropError(f"the columns {', '.join(sorted(missing))} are missing")
    for row in reader:
        if row["outcome"] not in ("applied", "rejected"):
            raise DropError(f"{row['outcome']!r} is neither applied nor rejected")
        yield row


def _acknowledged(batch: str, rows: Sequence[dict[str, str]]) -> BatchState:
    refused = [
        RefusedRow(key=row["key"], location=row["location"], reason=(row["reason"] or "")[:2000])
        for row in rows
        if row["outcome"] == "rejected"
    ]
    return BatchState(batch=batch, state="applied", refused=refused)
