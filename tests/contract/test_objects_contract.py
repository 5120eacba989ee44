"""The memory object store and the one in S3 keep the same promises.

For the bug where evidence or a report is read with the twin's rules and not with S3's.
"""

import re
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from tests.contract.stores import LOCAL
from tests.faults import Injector, Kind
from trueup.adapters.clients import Clients
from trueup.adapters.memory_objects import MemoryObjects
from trueup.adapters.s3_objects import S3Objects, attachment
from trueup.adapters.s3_uploads import PART_BYTES
from trueup.domain.errors import NotFoundError, RetryLaterError
from trueup.ports import Files, Meter

BODY = bytes(range(256)) * 5000
CSV = "text/csv"


@pytest.fixture
def clients(request: pytest.FixtureRequest) -> Clients:
    return Clients(endpoint_url=request.getfixturevalue("stack").endpoint_url, **LOCAL)


@pytest.fixture
def bucket(clients: Clients) -> str:
    name = f"objects-{uuid4()}"
    clients.s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def s3(clients: Clients, bucket: str) -> S3Objects:
    return S3Objects(clients.s3, bucket, Meter())


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.stack)])
def objects(request: pytest.FixtureRequest) -> Files:
    if request.param == "memory":
        return MemoryObjects()
    found: S3Objects = request.getfixturevalue("s3")
    return found


def test_bodies_are_read_back_byte_for_byte(objects: Files) -> None:
    objects.put("runs/a", BODY)
    objects.put("runs/empty", b"", CSV)
    assert objects.get("runs/a") == BODY
    assert objects.size("runs/a") == len(BODY)
    assert b"".join(objects.stream("runs/a")) == BODY
    assert (objects.get("runs/empty"), objects.size("runs/empty")) == (b"", 0)
    objects.put("runs/a", b"new")
    assert objects.get("runs/a") == b"new"


def test_ranges_are_slices_from_either_end(objects: Files) -> None:
    objects.put("a", BODY)
    for start, end in ((0, 1), (7, 1000), (0, len(BODY)), (len(BODY) - 1, len(BODY)), (5, 5)):
        assert objects.get_range("a", start, end) == BODY[start:end]
    assert objects.get_range("a", -10, 0) == BODY[-10:]
    assert objects.get_range("a", len(BODY) - 3, len(BODY) + 9) == BODY[-3:]


READS: list[Callable[[Files], object]] = [
    lambda objects: objects.get("none"),
    lambda objects: objects.get_range("none", 0, 1),
    lambda objects: objects.size("none"),
    lambda objects: list(objects.stream("none")),
]


@pytest.mark.parametrize("read", READS)
def test_what_is_not_there_is_not_found(objects: Files, read: Callable[[Files], object]) -> None:
    with pytest.raises(NotFoundError):
        read(objects)


def test_a_list_has_the_prefix_in_order_and_deleting_twice_is_no_error(
    objects: Files,
) -> None:
    keys = [f"runs/r1/{n:04}" for n in range(12)]
    for key in [*keys, "runs/r2/x"]:
        objects.put(key, b"")
    assert list(objects.list("runs/r1/")) == keys
    objects.delete([])
    objects.delete(keys[:11])
    objects.delete(keys[:11])
    assert list(objects.list("runs/")) == [keys[11], "runs/r2/x"]


@pytest.mark.stack
def test_more_objects_than_a_call_takes_are_listed_and_deleted(s3: S3Objects) -> None:
    keys = [f"k/{n:04}" for n in range(1010)]
    for key in keys:
        s3.put(key, b"")
    assert list(s3.list("k/")) == keys
    s3.delete(keys)
    assert list(s3.list("k/")) == []


@pytest.mark.stack
def test_an_upload_form_takes_its_file_and_nothing_larger(s3: S3Objects) -> None:
    form = s3.upload_form("uploads/acme/1.csv", 10, CSV)
    for size, accepted in ((10, True), (11, False)):
        answer = httpx.post(form["url"], data=form["fields"], files={"file": b"x" * size})
        assert answer.is_success == accepted
    assert s3.get("uploads/acme/1.csv") == b"x" * 10
    changed = form["fields"] | {"key": "uploads/other/1.csv"}
    assert httpx.post(form["url"], data=changed, files={"file": b"x"}).is_error


@pytest.mark.stack
def test_a_download_link_gives_the_file_as_an_attachment(s3: S3Objects) -> None:
    s3.put("reports/1.csv", b"a,b", "application/octet-stream")
    link = s3.download_link("reports/1.csv", 'Übersicht "März".csv', CSV)
    assert "X-Amz-Expires=300" in link
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
    answer = httpx.get(link)
    assert (answer.content, answer.headers["content-type"]) == (b"a,b", CSV)
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert httpx.get(link.replace("reports/1.csv", "reports/2.csv")).is_error


@pytest.mark.stack
@pytest.mark.parametrize("kind", [Kind.BEFORE, Kind.AFTER, Kind.THROTTLED])
def test_a_bucket_out_of_reach_is_for_later(clients: Clients, bucket: str, kind: Kind) -> None:
    Injector(kind, nth=1).attach(clients.s3)
    with pytest.raises(RetryLaterError):
        S3Objects(clients.s3, bucket, Meter()).put("a", b"")


@pytest.mark.stack
def test_links_are_made_without_calls_and_calls_are_counted(s3: S3Objects, bucket: str) -> None:
    meter = Meter()
    client = s3._client
    injector = Injector(Kind.SLOW, nth=0)
    injector.attach(client)
    counted = S3Objects(client, bucket, meter)
    counted.upload_form("a", 1, CSV)
    counted.download_link("a", "a.csv", CSV)
    assert injector.calls == []
    counted.put("a", b"123")
    counted.get("a")
    counted.size("a")
    list(counted.list(""))
    assert injector.calls == ["PutObject", "GetObject", "HeadObject", "ListObjectsV2"]
    assert (meter.usage.s3_puts, meter.usage.s3_gets) == (2, 2)


def pieces(count: int, size: int) -> list[bytes]:
    return [bytes([i % 251]) * size for i in range(count)]


@pytest.mark.parametrize(
    ("count", "size"), [(0, 0), (3, 10), (9, 1 << 20), (17, (1 << 20) + 1), (2, PART_BYTES)]
)
def test_pieces_become_one_object_when_finished(objects: Files, count: int, size: int) -> None:
    upload, whole = objects.begin("files/a", CSV), b"".join(pieces(count, size))
    for piece in pieces(count, size):
        upload.write(piece)
    assert list(objects.list("files/")) == []
    assert upload.finish() == len(whole)
    upload.abort()
    assert objects.get("files/a") == whole


def test_what_was_aborted_leaves_nothing(objects: Files) -> None:
    for size in (10, 9 << 20):
        upload = objects.begin("files/a", CSV)
        upload.write(b"x" * size)
        upload.abort()
        upload.abort()
    assert list(objects.list("")) == []


def test_two_uploads_side_by_side_do_not_mix(objects: Files) -> None:
    one, other = objects.begin("a", CSV), objects.begin("b", CSV)
    for _ in range(2):
        one.write(b"1" * (5 << 20))
        other.write(b"2" * (5 << 20))
    one.finish(), other.finish()
    assert (set(objects.get("a")), set(objects.get("b"))) == ({ord("1")}, {ord("2")})
    assert objects.size("a") == objects.size("b") == 10 << 20


@pytest.mark.stack
@pytest.mark.parametrize("kind", [Kind.BEFORE, Kind.AFTER, Kind.THROTTLED])
def test_an_upload_that_broke_is_given_up_and_gone(
    clients: Clients, bucket: str, kind: Kind
) -> None:
    s3 = S3Objects(clients.s3, bucket, Meter())
    upload = s3.begin("files/a", CSV)
    upload.write(b"x" * PART_BYTES)
    Injector(kind, nth=1).attach(clients.s3)
    with pytest.raises(RetryLaterError):
        upload.write(b"x" * PART_BYTES)
    upload.abort()
    assert clients.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    assert list(s3.list("")) == []


NAMES = ["a.csv", 'x"; filename=evil.exe', "a\r\nSet-Cookie: x", "../../etc", "März 倉庫.xlsx", ""]


@pytest.mark.parametrize("name", NAMES)
def test_no_file_name_leaves_its_header(name: str) -> None:
    shape = r"attachment; filename=\"[A-Za-z0-9 ._()-]*\"; filename\*=UTF-8''[A-Za-z0-9._~%-]*"
    assert re.fullmatch(shape, attachment(name))
    assert "%2F" not in attachment(name)
