"""New versions of books: written unseen, then made visible together by one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from trueup.books.manifest import Manifest, load_manifest, save_manifest
from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import BookSchema
from trueup.books.writer import apply_edits, write_range
from trueup.domain.runs import Head, Version
from trueup.ports import Create, PageStore, Registry, Replace, Stored, Write


@dataclass(frozen=True)
class Shelf:
    """A book as it is visible now; an empty manifest if it has no version yet."""

    pages: PageStore
    book: str
    schema: BookSchema
    head: Stored[Head] | None
    manifest: Manifest

    @property
    def version(self) -> int:
        return self.head.value.version if self.head else 0

    def reader(self) -> BookReader:
        return BookReader(self.pages, self.book, self.schema, self.manifest)


def shelf(registry: Registry, pages: PageStore, book: str, schema: BookSchema) -> Shelf:
    head = registry.get(Head, book)
    manifest = Manifest.of(schema.kind, ())
    if head is not None:
        manifest = load_manifest(pages, book, head.value.manifest)
    return Shelf(pages, book, schema, head, manifest)


@dataclass(frozen=True)
class Edition:
    """What a book would be: written, and not visible yet."""

    shelf: Shelf
    manifest: Manifest
    hash: str

    @property
    def unchanged(self) -> bool:
        head = self.shelf.head
        return head is not None and head.value.manifest == self.hash


def replaced(on: Shelf, rows: Iterable[Page]) -> Edition:
    """The book with these rows and no others."""
    frames = write_range(on.pages, on.book, on.schema, on.manifest.frames, _some(rows))
    return _saved(on, Manifest.of(on.schema.kind, frames))


def edited(on: Shelf, upserts: Iterable[Page], deletes: Sequence[str] = ()) -> Edition:
    """The book with some rows put in or replaced, and some keys taken out."""
    frames = apply_edits(on.pages, on.book, on.schema, on.manifest, _some(upserts), sorted(deletes))
    return _saved(on, Manifest.of(on.schema.kind, frames))


def _some(pages: Iterable[Page]) -> Iterator[Page]:
    return (page for page in pages if len(page))


def _saved(on: Shelf, manifest: Manifest) -> Edition:
    # An empty manifest may be one that nobody has stored: a book's that is begun anew.
    before = on.manifest if on.head and on.manifest.frames else None
    return Edition(on, manifest, save_manifest(on.pages, on.book, manifest, before))


@dataclass(frozen=True, slots=True)
class Imprint:
    """What is said of the new versions. `version` is the same for books that move together."""

    version: int
    as_of: datetime
    made_by: str
    at: datetime
    complete: bool = False
    source: str | None = None
    stated_to: datetime | None = None


def publishing(edition: Edition, imprint: Imprint) -> tuple[Write, Write]:
    """The writes that make an edition visible; they conflict if another was made meanwhile."""
    fields = {
        "book": edition.shelf.book,
        "version": imprint.version,
        "manifest": edition.hash,
        "rows": edition.manifest.rows,
        "as_of": imprint.as_of,
        "made_by": imprint.made_by,
        "at": imprint.at,
        "complete": imprint.complete,
        "source": imprint.source,
        "stated_to": imprint.stated_to,
    }
    head = Head.model_validate(fields)
    before = edition.shelf.head
    visible = Create(head) if before is None else Replace(head, before.version)
    return visible, Create(Version.model_validate(fields))
