"""Cursors of connectors: a msgspec struct as compact JSON, which the caller only hands back."""

from typing import TypeVar

import msgspec

C = TypeVar("C", bound=msgspec.Struct)


class BadCursorError(ValueError):
    """A cursor that this connector did not make, or made in a version that is gone."""


def to_cursor(state: msgspec.Struct) -> str:
    """Give the struct a `schema` field: a later version may have to tell the old ones apart."""
    return msgspec.json.encode(state).decode()


def from_cursor(cursor: str, kind: type[C]) -> C:
    try:
        return msgspec.json.decode(cursor, type=kind)
    except msgspec.MsgspecError as error:
        raise BadCursorError(f"Not a cursor of this connector: {error}") from error
