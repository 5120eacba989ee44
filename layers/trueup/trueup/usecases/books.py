"""Names of books, and pins of their visible versions."""

from urllib.parse import quote

from trueup.books.manifest import load_manifest
from trueup.books.reader import BookReader
from trueup.books.schema import BookSchema
from trueup.domain.runs import BookPin, Head
from trueup.ports import PageStore, Registry


def listings_book(account: str) -> str:
    return f"listings/{account}"


def aliases_book(account: str) -> str:
    return f"aliases/{account}"


def baseline_book(location: str) -> str:
    return f"baseline/{location}"


def rows_book(account: str, channel_location: str) -> str:
    """Rows of one account at one channel location, whose id is from outside and so quoted."""
    return f"rows/{account}/{quote(channel_location, safe='')}"


def plan_book(plan: str, channel_location: str) -> str:
    """The rows of a force plan at one channel location."""
    return f"plans/{plan}/{quote(channel_location, safe='')}"


def pin(registry: Registry, book: str) -> BookPin | None:
    """The visible version of a book; None: it has none yet."""
    head = registry.get(Head, book)
    if head is None:
        return None
    return pin_of(head.value)


def pin_of(head: Head) -> BookPin:
    return BookPin(
        book=head.book,
        version=head.version,
        manifest=head.manifest,
        as_of=head.as_of,
        complete=head.complete,
        stated_to=head.stated_to,
    )


def open_book(pages: PageStore, pinned: BookPin, schema: BookSchema) -> BookReader:
    """A reader of the pinned version."""
    manifest = load_manifest(pages, pinned.book, pinned.manifest)
    return BookReader(pages, pinned.book, schema, manifest)
