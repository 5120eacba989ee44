"""Exports from end to end: the rows view of an account of N rows as a file, built as a Lambda does.

One process reconciles the account, asks for the export and puts what is pinned, and the pages, on a
shelf; another builds the file of these, so that what it held is what building holds. Pages come
from disk, the file goes to a sink that counts, in parts as S3 takes them.
"""

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, cast

from bench.compare import sample
from bench.held import bytes_held
from bench.reconcile import ACCOUNT, PLACE, SELLER, Shop
from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.memory_objects import MemoryObjects
from trueup.adapters.memory_pages import MemoryPages
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.adapters.s3_uploads import S3Upload
from trueup.domain.accounts import Account, ChannelLocation
from trueup.domain.exports import Export, ExportState, Format, Shown
from trueup.domain.time import system_clock, ulid_ids
from trueup.ports import Create, Meter, Replace
from trueup.usecases.exports.building import build_export
from trueup.usecases.exports.catalogue import ROWS
from trueup.usecases.exports.job import ExportJob, payload
from trueup.usecases.exports.objects import frozen_key
from trueup.usecases.exports.starting import Wish, start_export
from trueup.usecases.exports.work import ExportDesk, ExportWork
from trueup.usecases.rows.filters import Filters

BUDGETS = Path(__file__).parent / "budgets.json"
COLUMNS = 16
"""The usual ones of the panel, and then the first others."""
_EXPORT, _FROZEN = "export.json", "frozen.json"


class Shelf(MemoryPages):
    """Pages in files."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def keep(self, pages: MemoryPages, book: str) -> None:
        for info in pages.list(book):
            blob = pages.get_many(book, [info.hash])[info.hash]
            self._path(book, info.hash).write_bytes(blob)

    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]:
        return {name: self._path(book, name).read_bytes() for name in hashes}

    def _path(self, book: str, name: str) -> Path:
        return self._folder / sha256(f"{book}/{name}".encode()).hexdigest()


class Bucket(MemoryObjects):
    """Keeps what is put; of what is written in parts it counts the bytes, as S3's client."""

    def __init__(self) -> None:
        super().__init__()
        self.counted = 0
        self.first_part: float | None = None
        self._start = process_time()

    def begin(self, key: str, content_type: str) -> Any:
        return S3Upload(cast("Any", self), "exports", key, content_type, Meter())

    def create_multipart_upload(self, **_: Any) -> dict[str, str]:
        return {"UploadId": "1"}

    def upload_part(self, **part: Any) -> dict[str, str]:
        self.counted += len(part["Body"])
        if self.first_part is None:
            self.first_part = round(process_time() - self._start, 2)
        return {"ETag": str(part["PartNumber"])}

    def put_object(self, **whole: Any) -> None:
        self.counted += len(whole["Body"])

    def complete_multipart_upload(self, **_: Any) -> None:
        """There is nothing to put together."""


def stage(folder: Path, rows: int, kind: Format) -> None:
    """Reconcile an account of so many rows, ask for its export, and put all on the shelf."""
    shop, files = Shop(sample(rows)), Bucket()
    shop.reconcile()
    _name_place(shop)
    new_id = ulid_ids(shop.clock)
    desk = ExportDesk(shop.registry, files, MemoryMachines(), shop.clock, new_id, "bench")
    fields = sorted(ROWS, key=lambda field: not field.usual)[:COLUMNS]
    columns = tuple(Shown(name=field.name) for field in fields)
    filters = {"account": ACCOUNT}
    export = start_export(desk, Wish(kind, Filters(account=ACCOUNT), filters, columns))
    for book in {pin.book for pin in export.pins}:
        Shelf(folder).keep(shop.pages, book)
    (folder / _EXPORT).write_text(export.model_dump_json())
    (folder / _FROZEN).write_bytes(files.get(frozen_key(SELLER, export.id)))


def _name_place(shop: Shop) -> None:
    """A view shows the places that the channel names."""
    stored = shop.registry.get(Account, ACCOUNT)
    assert stored is not None
    place = ChannelLocation(id=PLACE, code="MAIN", name="Main")
    named = stored.value.model_copy(update={"locations": (place,)})
    shop.registry.write(Replace(named, stored.version))


def build(folder: Path) -> tuple[int, float | None]:
    """Build the file of what is on the shelf; its bytes, and what its first part took."""
    export = Export.model_validate_json((folder / _EXPORT).read_text())
    registry, files = MemoryRegistries().of(SELLER), Bucket()
    registry.write(Create(export))
    files.put(frozen_key(SELLER, export.id), (folder / _FROZEN).read_bytes())
    work = ExportWork(registry, Shelf(folder), files, system_clock, ulid_ids(system_clock))
    job = ExportJob.model_validate(payload(SELLER, export))
    built = build_export(work, job, lambda: False)
    if (built.state, built.rows, built.size) != (
        ExportState.SUCCESS,
        built.expected,
        files.counted,
    ):
        raise ValueError(f"The export was not built: {built.cause}")
    return files.counted, files.first_part


@dataclass(frozen=True, slots=True)
class Built:
    """Seconds of processor and of clock time, bytes held at most by the process, bytes written.

    `first_part`: seconds of processor time until the first part was out; None: there were no parts.
    """

    kind: str
    rows: int
    cpu: float
    clock: float
    resident: int
    size: int
    first_part: float | None


def end_to_end(rows: int, kind: Format) -> Built:
    """One export, staged and built in processes of their own."""
    with TemporaryDirectory() as folder:
        _apart(["stage", folder, "--rows", str(rows), "--kind", kind])
        told = json.loads(_apart(["build", folder]))
    return Built(kind=kind, rows=rows, **told)


def missed_of(built: Built) -> list[str]:
    """The budgets that an export does not keep."""
    budgets: dict[str, float] = json.loads(BUDGETS.read_text())["exports built"]
    reached = {"resident bytes": built.resident, "first part seconds": built.first_part or 0}
    return [what for what, limit in budgets.items() if reached[what] > limit]


def _apart(arguments: list[str]) -> str:
    command = [sys.executable, "-m", "bench.exporting", *arguments]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, check=True, text=True, cwd=root)  # noqa: S603
    return done.stdout


def _told(folder: Path) -> dict[str, Any]:
    cpu, clock = process_time(), perf_counter()
    size, first_part = build(folder)
    return {
        "cpu": round(process_time() - cpu, 3),
        "clock": round(perf_counter() - clock, 2),
        "resident": bytes_held(),
        "size": size,
        "first_part": first_part,
    }


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.exporting")
    parser.add_argument("step", choices=["stage", "build"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--kind", type=Format, default=Format.XLSX)
    options = parser.parse_args()
    if options.step == "stage":
        stage(options.folder, options.rows, options.kind)
    else:
        print(json.dumps(_told(options.folder)))


if __name__ == "__main__":
    main()
