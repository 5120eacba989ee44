"""Rows given in a request, written as the CSV file they stand for."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from trueup.domain.errors import Fault, RejectedError

MAX_ROWS = 1_000
MAX_BYTES = 1_000_000

Rows = Sequence[Mapping[str, Any]]


def as_csv(rows: Rows) -> bytes:
    """A header of all names that occur, and a line per row; RejectedError beyond the limits."""
    if not 0 < len(rows) <= MAX_ROWS:
        fault = Fault("rows", f"must be 1 to {MAX_ROWS}; upload a file for more")
        raise RejectedError("The body has too few or too many rows.", (fault,))
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    lines = csv.writer(text, quoting=csv.QUOTE_ALL)
    lines.writerow(names)
    lines.writerows([_text(row.get(name)) for name in names] for row in rows)
    return _encoded(text.getvalue())


def _encoded(text: str) -> bytes:
    try:
        body = text.encode()
    except UnicodeEncodeError as error:
        raise RejectedError("The body holds half a surrogate pair.") from error
    if len(body) > MAX_BYTES:
        fault = Fault("rows", f"must be at most {MAX_BYTES} bytes; upload a file for more")
        raise RejectedError("The body is too large.", (fault,))
    return body


def _text(value: Any) -> str:
    """A cell: null is a blank; components (a list) stay JSON; true and false are no values."""
    if value is None:
        return ""
    if isinstance(value, list):
        return msgspec.json.encode([_part(part) for part in value]).decode()
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _part(part: Any) -> Any:
    """{"sku": ..., "quantity": ...} as [sku, quantity]; anything else as it is, to be refused."""
    if isinstance(part, Mapping) and part.keys() == {"sku", "quantity"}:
        return [part["sku"], part["quantity"]]
    return part
