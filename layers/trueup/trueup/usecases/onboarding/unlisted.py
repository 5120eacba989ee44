"""What an account's channel shows and no listing names, as its last run saw it."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import attrgetter

from trueup.books.manifest import load_manifest
from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import OBSERVATIONS, ROWS, RowUnknown
from trueup.books.segments import SegmentSet
from trueup.domain.errors import NotFoundError
from trueup.domain.keys import channel_key_of
from trueup.domain.outcomes import Reason
from trueup.domain.runs import Fetch
from trueup.ports import ObjectStore, PageStore, Registry
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.sources import Source, visible_sources


@dataclass(frozen=True)
class Onboarding:
    """The ports of onboarding one seller's accounts; `evidence` is the bucket of runs."""

    registry: Registry
    pages: PageStore
    evidence: ObjectStore


@dataclass(frozen=True, slots=True)
class Shown:
    """An item at one place, in the channel's units; None: it shows no quantity."""

    key: str
    location: str
    quantity: int | None
    product_id: str = ""
    gtin: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """An item of the channel, with the places that show it."""

    key: str
    gtin: str
    title: str
    product_id: str
    places: tuple[Shown, ...]


def unlisted_items(ports: Onboarding, account: str, start: str = "") -> Iterator[Unlisted]:
    """Items from a channel code on, in the order of their codes; a page in memory at a time."""
    sources = visible_sources(ports.registry, Filters(account=account))
    streams = [_at_one_place(ports, source, start) for source in sources]
    shown = merge(*streams, key=attrgetter("key", "location"))
    for key, group in groupby(shown, attrgetter("key")):
        yield _item(key, tuple(group))


def beyond(code: str) -> str:
    """The least text above a code and its own keys: where a list goes on after it."""
    return code + "\x01"


def counts_by_place(ports: Onboarding, account: str) -> dict[str, tuple[int, int]]:
    """By channel location, as its last run counted: items not listed, and SKUs not listed."""
    sources = visible_sources(ports.registry, Filters(account=account))
    tallies = ((source.place.id, source.tally) for source in sources)
    return {place: (t.not_listed, t.unlisted_skus) for place, t in tallies if t is not None}


def _item(key: str, places: tuple[Shown, ...]) -> Unlisted:
    """Texts are those of the first place that has any."""
    described = next((p for p in places if p.title or p.gtin or p.product_id), places[0])
    return Unlisted(key, described.gtin, described.title, described.product_id, places)


def _at_one_place(ports: Onboarding, source: Source, start: str) -> Iterator[Shown]:
    manifest = load_manifest(ports.pages, source.book, source.version.manifest)
    reader = BookReader(ports.pages, source.book, ROWS, manifest)
    found = _rows(reader.differing(start or None), source.place.id)
    return _described(found, _observed(ports, source, start))


def _rows(pages: Iterator[Page], location: str) -> Iterator[Shown]:
    for page in pages:
        reasons, unknown = page.ints["reason"], page.ints["unknown"]
        reported = page.ints["reported"]
        for i, key in enumerate(page.keys):
            if reasons[i] == Reason.NOT_LISTED:
                known = not unknown[i] & RowUnknown.REPORTED
                yield Shown(channel_key_of(key), location, reported[i] if known else None)


def _observed(ports: Onboarding, source: Source, start: str) -> Iterator[Page]:
    """What the channel said, for its texts; nothing where the evidence is no longer kept."""
    fetch = ports.registry.get(Fetch, source.account.id, source.version.made_by)
    if fetch is None:
        return
    segments = SegmentSet(ports.evidence, fetch.value.segments, OBSERVATIONS)
    try:
        yield from segments.scan(source.place.id, start or None)
    except NotFoundError:
        return


def _described(rows: Iterator[Shown], observed: Iterator[Page]) -> Iterator[Shown]:
    """Rows with their texts: both come in the order of the channel's codes."""
    texts = _texts(observed)
    key, about = "", ("", "", "")
    for row in rows:
        while key < row.key:
            key, about = next(texts, ("\U0010ffff", ("", "", "")))
        yield Shown(row.key, row.location, row.quantity, *about) if key == row.key else row


def _texts(observed: Iterator[Page]) -> Iterator[tuple[str, tuple[str, str, str]]]:
    for page in observed:
        columns = (page.texts[name] for name in ("product_id", "gtin", "title"))
        yield from zip(page.keys, zip(*columns, strict=True), strict=True)
