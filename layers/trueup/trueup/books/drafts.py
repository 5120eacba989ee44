"""Cutting a stream of rows into the pages of a new version, along the previous boundaries.

A page of the new version takes the key range of a frame of the previous one, so that rows that
did not change meet the page they were in. Pages that grew are split and pages that shrank are
joined to a neighbour; nothing farther away moves.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice, pairwise
from operator import itemgetter, lt

from trueup.books.blobs import BLOB_LIMIT, content_hash
from trueup.books.manifest import Frame
from trueup.books.pages import Page, concat, encode
from trueup.books.schema import BookSchema
from trueup.domain.errors import DefectError

TARGET_ROWS = 2_000
MAX_ROWS = TARGET_ROWS * 3 // 2
MIN_ROWS = TARGET_ROWS // 4

Placed = tuple[int, Page | None]
"""Rows in the key range of the frame at an index; None: the frame as it is."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A page to be. `frame` is what it follows, if anything; `whole`: it has all of its range."""

    page: Page
    plain: bytes
    content: str
    frame: Frame | None
    whole: bool

    @property
    def changed(self) -> bool:
        return self.frame is None or self.frame.content != self.content

    @property
    def small(self) -> bool:
        return self.changed and len(self.page) < MIN_ROWS


def draft(schema: BookSchema, page: Page, frame: Frame | None, *, whole: bool = False) -> Draft:
    """DefectError if the page's keys are not in order, each once."""
    plain = encode(schema, page)
    made = Draft(page, plain, content_hash(plain), frame, whole)
    if made.changed and not all(map(lt, page.keys, page.keys[1:])):
        bad = next(second for first, second in pairwise(page.keys) if first >= second)
        raise DefectError(f"rows are out of order at {bad!r}")
    return made


def place(pages: Iterable[Page], bounds: Sequence[str]) -> Iterator[tuple[int, Page]]:
    """Cut sorted pages at `bounds` (first keys of all frames but the first), none empty.

    DefectError if a page does not begin after the one before it.
    """
    index, last = 0, None
    for page in filter(len, pages):
        if last is not None and page.keys[0] <= last:
            raise DefectError(f"rows are out of order at {page.keys[0]!r}")
        last = page.keys[-1]
        start = 0
        while start < len(page):
            index = max(index, _index_of(page.keys[start], bounds, index))
            stop = _stop_of(page, start, bounds, index)
            yield index, page.slice(start, stop)
            start = stop


def drafts(
    schema: BookSchema,
    placed: Iterable[Placed],
    previous: Sequence[Frame],
    load: Callable[[Frame], Page],
) -> Iterator[Draft | Frame]:
    """The pages to be; a frame where it stays as it is without having been read."""
    held: Draft | Frame | None = None
    for item in _pieces(schema, placed, previous):
        if held is None:
            held = item
            continue
        joined = _join(schema, held, item, load)
        if joined is None:
            yield held
        held = joined or item
    if held is not None:
        yield held


def _index_of(key: str, bounds: Sequence[str], index: int) -> int:
    if index >= len(bounds) or key < bounds[index]:
        return index
    return index + 1 if index + 1 >= len(bounds) or key < bounds[index + 1] else _far(key, bounds)


def _far(key: str, bounds: Sequence[str]) -> int:
    at = bisect_left(bounds, key)
    return at + 1 if at < len(bounds) and bounds[at] == key else at


def _stop_of(page: Page, start: int, bounds: Sequence[str], index: int) -> int:
    if index >= len(bounds) or page.keys[-1] < bounds[index]:
        return len(page)
    return bisect_left(page.keys, bounds[index], start)


def _pieces(
    schema: BookSchema, placed: Iterable[Placed], previous: Sequence[Frame]
) -> Iterator[Draft | Frame]:
    """Drafts of each frame's range. Exact multiples of the target first, whatever the chunking."""
    for index, group in groupby(placed, itemgetter(0)):
        frame = previous[index] if previous else None
        pages = [page for _, page in islice(group, 1)]
        if pages[0] is None and frame:
            yield frame
        else:
            rows = filter(None, chain(pages, (page for _, page in group)))
            yield from _cut(schema, rows, frame)


def _cut(schema: BookSchema, pages: Iterable[Page], frame: Frame | None) -> Iterator[Draft]:
    """Drafts of one frame's range; the first follows the frame."""
    gathered: list[Page] = []
    rows, cut = 0, False
    for page in pages:
        gathered.append(page)
        rows += len(page)
        while rows >= 2 * TARGET_ROWS:
            full = concat(gathered)
            yield draft(schema, full.slice(0, TARGET_ROWS), None if cut else frame)
            gathered, rows, cut = [full.slice(TARGET_ROWS, rows)], rows - TARGET_ROWS, True
    if rows > MAX_ROWS:
        full = concat(gathered)
        yield draft(schema, full.slice(0, rows // 2), None if cut else frame)
        yield draft(schema, full.slice(rows // 2, rows), None)
    elif gathered:
        yield draft(schema, concat(gathered), None if cut else frame, whole=not cut)


def _join(
    schema: BookSchema,
    left: Draft | Frame,
    right: Draft | Frame,
    load: Callable[[Frame], Page],
) -> Draft | None:
    """Both in one page, if one of them is too small to stay alone and the other has room."""
    if not (_is_small(left) or _is_small(right)) or _rows(left) + _rows(right) > MAX_ROWS:
        return None
    one, two = _loaded(schema, left, load), _loaded(schema, right, load)
    if len(one.plain) + len(two.plain) > BLOB_LIMIT:
        return None  # it might have to be split again
    larger = max(one, two, key=lambda draft: len(draft.page))
    return draft(schema, concat([one.page, two.page]), larger.frame, whole=larger.whole)


def _is_small(item: Draft | Frame) -> bool:
    return isinstance(item, Draft) and item.small


def _rows(item: Draft | Frame) -> int:
    return len(item.page) if isinstance(item, Draft) else item.rows


def _loaded(schema: BookSchema, item: Draft | Frame, load: Callable[[Frame], Page]) -> Draft:
    return item if isinstance(item, Draft) else draft(schema, load(item), item, whole=True)
