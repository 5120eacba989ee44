"""Which columns a file may have, by which names, and what its cells mean."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trueup.usecases.ingest.cells import Cell
from trueup.usecases.ingest.faults import Faults

IGNORED = "x_"
"""Columns whose names begin so are there for people and are not read."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    cell: Cell
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a kind of file. Of each group in `required`, one column must be there."""

    columns: tuple[Column, ...]
    required: tuple[tuple[str, ...], ...]

    def names(self) -> dict[str, Column]:
        """Columns by every name they go by."""
        return {n: column for column in self.columns for n in (column.name, *column.synonyms)}


@dataclass(frozen=True, slots=True)
class Header:
    """Where each column of a file is; `width` cells are expected in a row."""

    width: int
    places: Mapping[int, Column]
    titles: Sequence[str]

    def title(self, name: str) -> str:
        """What the file calls a column."""
        found = [self.titles[i] for i, column in self.places.items() if column.name == name]
        return found[0] if found else name


def plain_name(title: str) -> str:
    """Both "Channel SKU" and "channel-sku" are channel_sku."""
    return re.sub(r"[\s_./-]+", "_", title.strip().lower()).strip("_")


def read_header(layout: Layout, titles: Sequence[str], faults: Faults, row: int = 1) -> Header:
    """Find the columns; unknown, repeated and missing ones are faults."""
    known = layout.names()
    places: dict[int, Column] = {}
    for index, title in enumerate(titles):
        name = plain_name(title)
        column = known.get(name)
        if column is None:
            _unknown(name, title, known, faults, row)
        elif column in places.values():
            faults.add(row, title, "", f"a second column {column.name}")
        else:
            places[index] = column
    found = {column.name for column in places.values()}
    for group in layout.required:
        if not found.intersection(group):
            faults.add(row, group[0], "", f"a column {' or '.join(group)} is missing")
    return Header(len(titles), places, tuple(titles))


def _unknown(name: str, title: str, known: Mapping[str, Column], faults: Faults, row: int) -> None:
    if not name or name.startswith(IGNORED):
        return
    near = difflib.get_close_matches(name[:64], known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    faults.add(row, title, "", f"unknown column: {hint}Begin its name with {IGNORED} to skip it")
