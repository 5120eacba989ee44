"""The files that the demo imports, each saved in another way, as people do."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from openpyxl import Workbook

from local.demo import catalogue
from local.demo.offers import Offer
from local.demo.shops import SHOPS

Cells = Sequence[str | int | None]

POSITIONS: Final = ("SKU", "On hand", "Committed", "Damaged", "On hold")
LISTINGS: Final = (
    "sku",
    "channel_sku",
    "gtin",
    "title",
    "pack_size",
    "buffer",
    "cap",
    "backorder",
    "components",
    "price",
    "currency",
)


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is saved. A byte order mark is what spreadsheets put before CSV UTF-8."""

    format: Literal["csv", "xlsx"] = "csv"
    separator: str = ","
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A file to import: of what kind, into what, whether what it leaves out is not there."""

    kind: Literal["baseline", "listings"]
    target: str
    style: Style
    complete: bool = False

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.target}.{self.style.format}"


SOURCES: Final = (
    Source("baseline", "north", Style(mark=True)),
    Source("baseline", "south", Style("xlsx"), complete=True),
    Source("baseline", "shop", Style(separator=";")),
    Source("listings", "sandbox", Style(mark=True), complete=True),
    Source("listings", "file", Style(separator="\t"), complete=True),
    Source("listings", "vendure-eu", Style("xlsx"), complete=True),
)


def write(source: Source, folder: Path) -> Path:
    """The source's file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / source.name
    header, rows = _content(source)
    if source.style.format == "xlsx":
        _write_workbook(path, [header, *rows])
    else:
        _write_csv(path, source.style, [header, *rows])
    return path


def _content(source: Source) -> tuple[Cells, list[Cells]]:
    if source.kind == "baseline":
        return POSITIONS, list(_positions(source.target))
    shop = next(shop for shop in SHOPS if shop.account == source.target)
    return LISTINGS, [_listing(offer) for offer in shop.offers]


def _positions(location: str) -> Iterable[Cells]:
    for sku, at in catalogue.counted(location).items():
        yield sku, at.on_hand, at.committed, at.damaged, at.on_hold
    for sku in catalogue.UNCOUNTED[location]:
        yield sku, None, None, None, None


def _listing(offer: Offer) -> Cells:
    return (
        offer.sku,
        offer.channel_sku,
        offer.gtin,
        offer.title,
        offer.pack_size,
        offer.buffer,
        offer.cap,
        offer.backorder,
        "|".join(f"{sku}:{quantity}" for sku, quantity in offer.components),
        f"{offer.price / 100:.2f}",
        "EUR",
    )


def _write_csv(path: Path, style: Style, rows: Iterable[Cells]) -> None:
    encoding = "utf-8-sig" if style.mark else "utf-8"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=style.separator).writerows(rows)


def _write_workbook(path: Path, rows: Iterable[Cells]) -> None:
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("Sheet1")
    for row in rows:
        sheet.append(list(row))  # texts stay texts: leading zeros and GTINs survive
    book.save(path)
