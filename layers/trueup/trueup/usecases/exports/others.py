"""Pushes, exceptions and the audit trail as rows of cells, one dict a row."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from trueup.domain.accounts import Account
from trueup.domain.audit import AuditRecord
from trueup.domain.cause_words import sentence_of
from trueup.domain.money import EXPONENTS
from trueup.ports import PageStore, Registry
from trueup.tables.model import Cell
from trueup.usecases.audit.reading import Wanted, read_trail
from trueup.usecases.exceptions.listing import (
    Asked,
    Exceptional,
    Standing,
    every_exception,
)
from trueup.usecases.exports.catalogue import AUDIT
from trueup.usecases.exports.flattening import cell_of, money_text, row_cells
from trueup.usecases.force.log import scan
from trueup.usecases.force.log_filters import LogFilters
from trueup.usecases.force.log_rows import LogRow
from trueup.usecases.rows.sources import Source

Row = dict[str, Cell]
_AT_ONCE = 250
UNREADABLE = "cannot be read"
_AUDIT = [field.name for field in AUDIT]


def pushes(registry: Registry, filters: LogFilters, accounts: Sequence[Account]) -> Iterator[Row]:
    """Those queued before the export; what became of them, as it is when they are read.

    `accounts`: all of the seller, as they were when it was asked for.
    """
    if filters.since and filters.until and filters.since >= filters.until:
        return iter(())
    return map(push_cells, scan(registry, filters, accounts))


def exceptions(pages: PageStore, asked: Asked, source: Source, standing: Standing) -> Iterator[Row]:
    return map(exception_cells, every_exception(pages, asked, source, standing))


def changes(registry: Registry, wanted: Wanted, head: int, unreadable: list[int]) -> Iterator[Row]:
    """One row for each change of each record that fits, up to the record `head`.

    One that cannot be read has a row that says so, and is added to `unreadable`.
    """
    cursor: str | None = None
    while True:
        trail = read_trail(registry, wanted, cursor=cursor, limit=_AT_ONCE)
        told = {r.sequence: r for r in trail.records} | dict.fromkeys(trail.unreadable)
        for sequence in sorted((one for one in told if one <= head), reverse=True):
            record = told[sequence]
            if record is None:
                unreadable.append(sequence)
            yield from audit_cells(record) if record else (unreadable_cells(sequence),)
        cursor = trail.cursor
        if cursor is None:
            return


def exception_cells(found: Exceptional) -> Row:
    docket = found.docket
    return {
        **row_cells(found.row),
        "sentence": sentence_of(found.cause),
        "value": money_text(found.value, EXPONENTS),
        "case.id": docket.case if docket else None,
        "case.state": cell_of(docket.state) if docket else None,
        "case.owner": docket.owner if docket else None,
    }


def audit_cells(record: AuditRecord) -> Iterator[Row]:
    for change in record.changes:
        yield {
            "sequence": record.sequence,
            "at": cell_of(record.at),
            "actor": record.actor,
            "request": record.request,
            "action": cell_of(change.verb),
            "kind": change.kind,
            "subject": change.subject,
            "before": _json(change.before),
            "after": _json(change.after),
            "previous": record.previous,
            "hash": record.hash,
        }


def unreadable_cells(sequence: int) -> Row:
    """A record of which nothing but its place is known."""
    return dict.fromkeys(_AUDIT) | {"sequence": sequence, "action": UNREADABLE}


def _json(fields: dict[str, Any]) -> str | None:
    return json.dumps(fields, ensure_ascii=False, sort_keys=True) if fields else None


def push_cells(found: LogRow) -> Row:
    account, place, stage = found.account, found.place, found.stage
    return {
        "id": found.id,
        "client": account.client,
        "channel": account.channel,
        "account": account.id,
        "account_name": account.name,
        "location_id": place.id,
        "location_code": place.code,
        "location_name": place.name,
        "sku": found.sku,
        "channel_sku": found.channel_sku,
        "channel_product_id": found.row.product_id,
        **_formula(found),
        **_fate(found),
        "plan": found.plan.id,
        "kind": cell_of(found.plan.kind),
        "share": found.chunk.share,
        "proposed_by": found.plan.proposed_by,
        "decided_by": stage.decided_by if stage else None,
        "approved": cell_of(stage.approved) if stage else None,
    }


def _formula(found: LogRow) -> Row:
    row = found.row
    return {
        "quantity": row.quantity,
        "formula.sellable": row.sellable,
        "formula.allocation": row.allocation,
        "formula.backorder": row.backorder,
        "formula.buffer": row.buffer,
        "formula.pack_size": row.pack_size,
        "formula.cap": found.cap,
        "formula.calculated": found.calculated,
        "formula.withheld": found.row.withheld,
    }


def _fate(found: LogRow) -> Row:
    row = found.row
    return {
        "showed": row.showed,
        "before": found.before,
        "after": found.after,
        "status": cell_of(found.status),
        "outcome": found.outcome.name,
        "message": found.message,
        "advice": found.advice,
        "queued_at": cell_of(found.queued_at),
        "sent_at": cell_of(found.sent_at),
        "done_at": cell_of(found.done_at),
        "attempts": row.attempts,
        "retry_of": row.retry_of or None,
        "retried_by": row.retried_by or None,
    }
