"""The rows view as batches of cells: what `rows.reading` answers page by page."""

from collections.abc import Iterator, Sequence

from trueup.books.pages import Page, take
from trueup.domain.keys import is_unlisted
from trueup.domain.outcomes import Reason
from trueup.ports import PageStore
from trueup.tables.model import Batch
from trueup.usecases.exports.cells import PageCells
from trueup.usecases.exports.flattening import row_cells
from trueup.usecases.exports.streaming import Chunk, Chunks, merged
from trueup.usecases.exports.titles import Titles
from trueup.usecases.rows.candidates import OpenSource, fits, overlaid
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.sources import Source
from trueup.usecases.rows.view import row_view


def row_batches(
    pages: PageStore, sources: Sequence[Source], filters: Filters, names: Sequence[str]
) -> Iterator[Batch]:
    """All rows of frozen sources that fit, in the order of the view."""
    streams: list[Chunks] = []
    for number, source in enumerate(sources):
        opened = OpenSource(pages, number, source)
        streams.append(_stored(opened, filters, names))
        if source.overlays:
            streams.append(_laid(opened, filters, names))
    return merged(streams) if streams else iter(())


def _stored(opened: OpenSource, filters: Filters, names: Sequence[str]) -> Chunks:
    """The rows of the version, but for those that were compared again."""
    titles = Titles(opened)
    for page in _pages(opened, filters):
        kept = _kept(opened, titles, filters, page)
        if len(kept):
            cells = PageCells(opened, titles, kept, names)
            yield Chunk(kept.keys, [cells.column(name) for name in names])


def _pages(opened: OpenSource, filters: Filters) -> Iterator[Page]:
    checked, (lo, hi) = opened.source.checked, filters.bounds
    if filters.impossible(checked=checked):
        return iter(())
    if filters.only_differing(checked=checked):
        return opened.reader.differing(lo, hi)
    return opened.reader.scan(lo, hi)


def _kept(opened: OpenSource, titles: Titles, filters: Filters, page: Page) -> Page:
    """The rows of a page that fit."""
    order: Sequence[int] = range(len(page))
    if opened.source.overlays:
        order = [i for i in order if page.keys[i] not in opened.source.overlays]
    if filters.searches:
        order = _fitting(filters, page, order, checked=opened.source.checked)
    if filters.title and order:
        part, known = filters.title.casefold(), titles.texts(page.keys, ["title"])["title"]
        order = [i for i in order if part in known[i].casefold()]
    return page if len(order) == len(page) else take(page, order)


def _fitting(filters: Filters, page: Page, order: Sequence[int], *, checked: bool) -> Sequence[int]:
    """Where nothing but the reason decides, each reason is judged once."""
    if filters.direction is None and filters.cause is None:
        reasons = page.ints["reason"]
        good = {r for r in set(reasons) if filters.accepts(Reason(r), None, None, checked=checked)}
        return [i for i in order if reasons[i] in good]
    return [i for i in order if fits(filters, page.row(i), checked=checked)]


def _laid(opened: OpenSource, filters: Filters, names: Sequence[str]) -> Chunks:
    """The few rows that were compared again: just as the view shows them."""
    found = list(overlaid(opened, filters, *filters.bounds))
    if not found:
        return
    listed = [one.key for one in found if not is_unlisted(one.key)]
    texts = opened.listings[1].get(listed) if opened.listings and listed else {}
    source = opened.source
    rows = [
        row_cells(row_view(source, one.values or {}, texts.get(one.key), one.overlay))
        for one in found
    ]
    yield Chunk([one.key for one in found], [[row[name] for row in rows] for name in names])
