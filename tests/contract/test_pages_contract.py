"""The memory page store and the one in DynamoDB keep the same promises.

For the bug where books are right with the twin and wrong with the table.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from tests.contract.stores import LOCAL, pages_table
from tests.faults import Died, Kind, each_call
from trueup.adapters.backoff import Backoff
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_pages import DynamoDBPages
from trueup.adapters.memory_pages import MemoryPages
from trueup.books.blobs import BLOB_LIMIT
from trueup.domain.errors import DefectError, RetryLaterError
from trueup.ports import Meter, PageInfo, PageStore

BOOK = "rows/shop/%E5%80%89"
NOW = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)
HOUR = timedelta(hours=1)


class SetClock:
    """A clock that the test sets."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


MakePages = Callable[[str], PageStore]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def clients(request: pytest.FixtureRequest) -> Clients:
    return Clients(endpoint_url=request.getfixturevalue("stack").endpoint_url, **LOCAL)


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.stack)])
def make(request: pytest.FixtureRequest, clock: SetClock) -> Iterator[MakePages]:
    """Makes the page store of a seller."""
    if request.param == "memory":
        yield lambda _: MemoryPages(clock)
        return
    client = request.getfixturevalue("clients").dynamodb
    table = pages_table(client)
    yield lambda seller: DynamoDBPages(client, table, seller, clock, Meter())
    client.delete_table(TableName=table)


@pytest.fixture
def pages(make: MakePages) -> PageStore:
    return make("acme")


def blobs(count: int, size: int = 100) -> dict[str, bytes]:
    bodies = (f"{n}".encode().ljust(size, b"\x00") for n in range(count))
    return {sha256(body).hexdigest(): body for body in bodies}


def test_blobs_are_read_back_byte_for_byte(pages: PageStore) -> None:
    written = blobs(260) | {"0" * 64: b"", "f" * 64: bytes(range(256))}
    pages.put_many(BOOK, written)
    assert pages.get_many(BOOK, list(written)) == written


def test_asking_twice_for_a_blob_gives_it_once(pages: PageStore) -> None:
    written = blobs(2)
    pages.put_many(BOOK, written)
    assert pages.get_many(BOOK, [*written, *written]) == written
    assert pages.get_many(BOOK, []) == {}


def test_blobs_that_are_gone_are_named(pages: PageStore) -> None:
    written = blobs(3)
    pages.put_many(BOOK, written)
    with pytest.raises(DefectError, match="gone: a, b"):
        pages.get_many(BOOK, [*written, "a", "b"])


def test_nothing_to_write_is_no_error(pages: PageStore) -> None:
    pages.put_many(BOOK, {})
    assert list(pages.list(BOOK)) == []


def test_the_largest_blob_fits_and_a_larger_one_is_a_defect(pages: PageStore) -> None:
    largest = {f"{n:064}": bytes(BLOB_LIMIT) for n in range(45)}  # more than one answer holds
    pages.put_many(BOOK, largest)
    assert pages.get_many(BOOK, list(largest)) == largest
    with pytest.raises(DefectError, match=str(BLOB_LIMIT + 1)):
        pages.put_many(BOOK, {"a": bytes(BLOB_LIMIT + 1)})


def test_a_list_tells_name_time_and_size(pages: PageStore, clock: SetClock) -> None:
    early, late = blobs(40, size=10), blobs(3, size=20)
    pages.put_many(BOOK, early)
    clock.now = NOW + HOUR
    pages.put_many(BOOK, late)
    expected = {PageInfo(name, NOW, 10) for name in early}
    assert set(pages.list(BOOK)) == expected | {PageInfo(n, NOW + HOUR, 20) for n in late}


def test_books_and_sellers_share_nothing(make: MakePages) -> None:
    pages, other = make("acme"), make("acme#rows")
    written = blobs(2)
    pages.put_many(BOOK, written)
    for store, book in ((pages, "rows/shop"), (pages, f"{BOOK}2"), (other, BOOK)):
        assert list(store.list(book)) == []
        with pytest.raises(DefectError):
            store.get_many(book, list(written))


def test_a_blob_not_written_since_is_deleted_once(pages: PageStore) -> None:
    (name,) = written = blobs(1)
    pages.put_many(BOOK, written)
    assert pages.delete_unwritten_since(BOOK, name, NOW + HOUR)
    assert not pages.delete_unwritten_since(BOOK, name, NOW + HOUR)
    assert list(pages.list(BOOK)) == []


def test_a_blob_written_again_is_kept(pages: PageStore, clock: SetClock) -> None:
    (name,) = written = blobs(1)
    pages.put_many(BOOK, written)
    clock.now = NOW + HOUR
    pages.put_many(BOOK, written)
    assert not pages.delete_unwritten_since(BOOK, name, NOW + HOUR)
    assert pages.get_many(BOOK, [name]) == written


FATAL = {Kind.BEFORE, Kind.AFTER, Kind.THROTTLED, Kind.DIES_BEFORE, Kind.DIES_AFTER}


@pytest.mark.stack
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CONFLICT])
def test_whatever_one_call_meets_a_repeat_makes_it_whole(
    clients: Clients, clock: SetClock, kind: Kind
) -> None:
    """Each call of writing and reading 60 blobs is disturbed in turn."""
    written, table = blobs(60), pages_table(clients.dynamodb)
    for number, injector in enumerate(each_call(kind)):
        disturbed = Clients(endpoint_url=clients.dynamodb.meta.endpoint_url, **LOCAL).dynamodb
        injector.attach(disturbed)
        backoff = Backoff(sleep=lambda _: None)
        pages = DynamoDBPages(disturbed, table, f"seller-{number}", clock, Meter(), backoff)
        if not _passes(pages, written):
            assert injector.fired
            assert kind in FATAL
            assert _passes(pages, written)
    assert number == 4  # three writes and a read were disturbed, the fifth run was not


def _passes(pages: PageStore, written: dict[str, bytes]) -> bool:
    """Whether all was written and read; False after the errors a caller repeats after."""
    try:
        pages.put_many(BOOK, written)
        found = pages.get_many(BOOK, list(written))
    except (RetryLaterError, Died):
        return False
    return found == written
