"""An uploaded object as a table, hashed on the way."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from trueup.domain.imports import Import
from trueup.ports import ObjectStore
from trueup.usecases.ingest.csvfile import read_csv
from trueup.usecases.ingest.tables import Table, UnreadableError
from trueup.usecases.ingest.xlsxfile import read_xlsx

MAX_BYTES = {"csv": 512 * 1024 * 1024, "api": 2 * 1024 * 1024, "xlsx": 128 * 1024 * 1024}
"""Of a file by format."""

_IN_MEMORY = 8 * 1024 * 1024


class Hashed:
    """Chunks that are hashed as they pass."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._digest.update(chunk)
            yield chunk

    def sha256(self) -> str:
        """Of the whole body: reads whatever is left."""
        for chunk in self._chunks:
            self._digest.update(chunk)
        return self._digest.hexdigest()


@contextmanager
def opened(files: ObjectStore, item: Import) -> Iterator[tuple[Table, Hashed]]:
    """The table of an import's object; UnreadableError if it is none of its format."""
    if files.size(item.object_key) > MAX_BYTES[item.format]:
        raise UnreadableError(0, f"is larger than {MAX_BYTES[item.format]} bytes")
    chunks = Hashed(files.stream(item.object_key))
    if item.format != "xlsx":
        yield _counted(read_csv(chunks), item.format), chunks
        return
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
        for chunk in chunks:
            copy.write(chunk)
        copy.seek(0)
        yield read_xlsx(copy), chunks


def _counted(table: Table, file_format: str) -> Table:
    """Rows of a body have no header before them: the first one is row 1."""
    if file_format != "api":
        return table
    return replace(table, rows=((number - 1, cells) for number, cells in table.rows))
