"""The push log: what is shown, in which order, and that paging shows each row once."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.force.logged import NOW, Logbook, row
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.errors import NotFoundError, RejectedError
from trueup.domain.force import Share
from trueup.domain.pushlog import PushOutcome, PushStatus, rows_of
from trueup.usecases.force import log
from trueup.usecases.force.log import find_push, has_clients, read_log, require_push, scan
from trueup.usecases.force.log_filters import Action, LogFilters
from trueup.usecases.force.log_rows import LogRow

ALL = LogFilters()
ERRORS = (PushOutcome.REJECTED, PushOutcome.STALE_CHANNEL, PushOutcome.UNVERIFIED)


@pytest.fixture
def book() -> Logbook:
    made = Logbook(MemoryRegistries().of("acme"))
    made.account("eu", ("1", "2"))
    return made


def pages(book: Logbook, filters: LogFilters = ALL, limit: int = 3) -> list[LogRow]:
    """All rows, a page at a time."""
    rows: list[LogRow] = []
    cursor = None
    for _ in range(10_000):
        page = read_log(book.registry, filters, cursor=cursor, limit=limit)
        assert len(page.rows) <= limit
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            return rows
    pytest.fail("the pages do not end")


def test_a_row_has_its_quantity_with_the_terms(book: Logbook) -> None:
    pushed = row(
        "K\x00CH-1",
        sellable=50,
        allocation=50,
        backorder=4,
        buffer=2,
        pack_size=3,
        cap=7,
        quantity=7,
        before=5,
        after=7,
        intent_at=1_000,
        done_at=2_000,
    )
    plan = book.plan("eu", (Share.REST, [("2", [pushed])]))
    (shown,) = read_log(book.registry, ALL, cursor=None, limit=50).rows
    assert (shown.sku, shown.channel_sku, shown.place.name) == ("K", "CH-1", "Place 2")
    assert shown.calculated == 7
    assert (shown.before, shown.after, shown.cap) == (5, 7, 7)
    assert (shown.status, shown.outcome) == (PushStatus.SUCCESS, PushOutcome.APPLIED)
    assert shown.message == "The channel shows it as it was set."
    assert shown.advice is None
    assert (shown.sent_at, shown.done_at) == (
        NOW.replace(year=1970, month=1, day=1, hour=0, second=1),
        NOW.replace(year=1970, month=1, day=1, hour=0, second=2),
    )
    assert (shown.plan.id, shown.id) == (plan.id, f"{plan.id}.rest.0.0")
    assert shown.stage is not None
    assert (shown.stage.decided_by, shown.stage.approved) == ("bea", True)


def test_what_was_not_read_is_not_known(book: Logbook) -> None:
    book.plan("eu", (Share.ALL, [("1", [row("A", PushOutcome.QUEUED)])]))
    (shown,) = pages(book)
    assert (shown.before, shown.after, shown.sent_at, shown.done_at) == (None, None, None, None)


@pytest.mark.parametrize("outcome", PushOutcome)
def test_every_outcome_has_a_message_and_errors_have_advice(
    book: Logbook, outcome: PushOutcome
) -> None:
    book.plan("eu", (Share.ALL, [("1", [row("A", outcome)])]))
    (shown,) = pages(book)
    assert shown.message.endswith(".")
    assert (shown.advice is not None) is (outcome.status is PushStatus.ERROR)


def test_the_latest_plan_comes_first_and_in_it_the_latest_part(book: Logbook) -> None:
    book.account("us")
    old = book.plan("eu", (Share.ALL, [("1", [row("A")])]))
    mid = book.plan("us", (Share.ALL, [("1", [row("A"), row("B")])]))
    new = book.plan(
        "eu",
        (Share.DECREASES, [("1", [row("A")]), ("2", [row("A")])]),
        (Share.REST, [("1", [row("C")])]),
    )
    assert [r.id for r in pages(book, limit=1)] == [
        f"{new.id}.rest.0.0",
        f"{new.id}.decreases.1.0",
        f"{new.id}.decreases.0.0",
        f"{mid.id}.all.0.0",
        f"{mid.id}.all.0.1",
        f"{old.id}.all.0.0",
    ]


def test_normal_is_on_its_way_and_archival_has_ended(book: Logbook) -> None:
    rows = [row(outcome.name, outcome) for outcome in PushOutcome]
    book.plan("eu", (Share.ALL, [("1", rows)]))
    normal = {r.row.key for r in pages(book, LogFilters(action=Action.NORMAL))}
    assert normal == {"QUEUED", "SENDING", "SUBMITTED"}
    archival = {r.row.key for r in pages(book, LogFilters(action=Action.ARCHIVAL))}
    assert archival == {o.name for o in PushOutcome} - normal
    both = LogFilters(action=Action.ARCHIVAL, statuses=(PushStatus.ERROR, PushStatus.SUBMITTED))
    assert {r.status for r in pages(book, both)} == {PushStatus.ERROR}
    none = LogFilters(action=Action.NORMAL, statuses=(PushStatus.ERROR,))
    assert pages(book, none) == []


def test_a_retried_row_leaves_the_view(book: Logbook) -> None:
    left = row("A", PushOutcome.REJECTED, retried_by="P2")
    book.plan("eu", (Share.ALL, [("1", [left, row("B", PushOutcome.REJECTED)])]))
    assert [r.sku for r in pages(book)] == ["B"]
    shown = pages(book, LogFilters(retried=True))
    assert [(r.sku, r.advice is None) for r in shown] == [("A", True), ("B", False)]


def test_dates_begin_with_since_and_end_before_until(book: Logbook) -> None:
    book.plan("eu", (Share.ALL, [("1", [row("A")])]))
    at, tick = book.made[0].created_at, timedelta(seconds=1)
    assert len(pages(book, LogFilters(since=at, until=at + tick))) == 1
    assert pages(book, LogFilters(since=at - tick, until=at)) == []
    assert pages(book, LogFilters(since=at + tick)) == []


def test_chunks_that_cannot_fit_are_not_unpacked(
    book: Logbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.plan("eu", (Share.ALL, [("1", [row("A")]), ("2", [row("B", PushOutcome.REJECTED)])]))
    seen: list[str] = []

    def told(chunk: Any) -> Any:
        seen.append(chunk.lo)
        return rows_of(chunk)

    monkeypatch.setattr("trueup.usecases.force.log_rows.rows_of", told)
    assert [r.sku for r in pages(book, LogFilters(statuses=(PushStatus.ERROR,)))] == ["B"]
    assert [r.sku for r in pages(book, LogFilters(locations=("1",)))] == ["A"]
    assert [r.sku for r in pages(book, LogFilters(sku="B"))] == ["B"]
    assert seen == ["B", "A", "B"]


def test_a_long_search_gives_short_pages_that_lead_to_the_end(
    book: Logbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "CHUNKS", 2)
    monkeypatch.setattr(log, "PLAN_PAGES", 1)
    monkeypatch.setattr("trueup.usecases.force.log_walk.PLAN_PAGE", 2)
    monkeypatch.setattr("trueup.usecases.force.log_walk.CHUNK_PAGE", 2)
    book.account("us")
    first = book.plan("eu", (Share.ALL, [("2", [row("A")])]))
    for i in range(9):
        book.plan("us" if i % 3 else "eu", (Share.ALL, [("1", [row("B")])] * 5))
    backdated = LogFilters(until=first.proposed_at + timedelta(seconds=59))
    assert [r.plan.id for r in pages(book, backdated)] == [first.id]
    short = read_log(book.registry, LogFilters(sku="A"), cursor=None, limit=50)
    assert (short.rows, short.cursor is None) == ([], False)
    assert [r.plan.id for r in pages(book, LogFilters(sku="A"))] == [first.id]
    assert len(pages(book)) == 46


def test_pages_show_each_row_once_while_statuses_change(book: Logbook) -> None:
    for _ in range(4):
        rows = [row(f"S{i}", PushOutcome.QUEUED) for i in range(5)]
        book.plan("eu", (Share.ALL, [("1", rows), ("2", rows)]))
    before = [r.id for r in pages(book)]
    shown: list[str] = []
    cursor, steps = None, 0
    while True:
        page = read_log(book.registry, ALL, cursor=cursor, limit=3)
        shown += [r.id for r in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
        chunk = book.made[(steps * 3) % len(book.made)]
        done = [msgspec.structs.replace(r, outcome=PushOutcome.APPLIED) for r in rows_of(chunk)]
        book.change(chunk, done)
        book.plan("eu", (Share.ALL, [("1", [row("NEW")])]))
        steps += 1
    assert shown == before


def test_a_cursor_is_good_for_its_filters_and_seller_only(book: Logbook) -> None:
    book.plan("eu", (Share.ALL, [("1", [row("A"), row("B")])]))
    cursor = read_log(book.registry, ALL, cursor=None, limit=1).cursor
    assert cursor is not None
    for filters in (LogFilters(sku="B"), LogFilters(retried=True), LogFilters(accounts=("eu",))):
        with pytest.raises(RejectedError):
            read_log(book.registry, filters, cursor=cursor, limit=1)
    other = MemoryRegistries().of("bolt")
    for text in (cursor, "x", "!", cursor[:-4]):
        with pytest.raises(RejectedError):
            read_log(other, ALL, cursor=text, limit=1)


def test_bad_filters_are_told_all_at_once(book: Logbook) -> None:
    filters = LogFilters(accounts=("eu", "nope", "no"), locations=("1", "9"), since=NOW, until=NOW)
    with pytest.raises(RejectedError) as caught:
        read_log(book.registry, filters, cursor=None, limit=1)
    assert [fault.where for fault in caught.value.faults] == [
        "account",
        "account",
        "location",
        "until",
    ]
    with pytest.raises(NotFoundError):
        read_log(book.registry, LogFilters(accounts=("nope",)), cursor=None, limit=1)


def test_clients_are_told_where_there_are_some(book: Logbook) -> None:
    book.plan("eu", (Share.ALL, [("1", [row("A")])]))
    assert not read_log(book.registry, ALL, cursor=None, limit=1).clients
    assert not has_clients(book.registry)
    book.account("us", client="north")
    assert read_log(book.registry, ALL, cursor=None, limit=1).clients
    assert has_clients(book.registry)


def test_a_push_is_found_by_its_id(book: Logbook) -> None:
    book.account("us")
    plan = book.plan("us", (Share.ALL, [("1", [row("A"), row("B")])]))
    assert require_push(book.registry, f"{plan.id}.all.0.1").sku == "B"
    eu = next(r for r in scan(book.registry, ALL)).account
    assert find_push(book.registry, eu, f"{plan.id}.all.0.1") is not None
    for id_ in (
        "",
        "x",
        "a.b.c.d",
        f"{plan.id}.all.0.2",
        f"{plan.id}.rest.0.0",
        f"{plan.id}.all.1.0",
        f"{plan.id}.all.00.1",
        f"{plan.id}.all.0.{'1' * 5000}",
    ):
        with pytest.raises(NotFoundError):
            require_push(book.registry, id_)


outcomes = st.sampled_from(
    [PushOutcome.QUEUED, PushOutcome.SUBMITTED, PushOutcome.APPLIED, *ERRORS]
)
logged_rows = st.builds(
    lambda key, outcome, again: row(key, outcome, retried_by="P" if again else ""),
    st.sampled_from(["A", "A\x00X", "B", "B\x00Y", "C", "X"]),
    outcomes,
    st.booleans(),
)
chunks = st.tuples(
    st.sampled_from("12"), st.lists(logged_rows, min_size=1, max_size=4, unique_by=lambda r: r.key)
)
parts = st.one_of(
    st.lists(chunks, max_size=4).map(lambda c: [(Share.ALL, c)]),
    st.tuples(st.lists(chunks, max_size=3), st.lists(chunks, max_size=3)).map(
        lambda p: [(Share.DECREASES, p[0]), (Share.REST, p[1])]
    ),
)
plans = st.lists(st.tuples(st.sampled_from(["eu", "us"]), parts), max_size=5)
instants = st.none() | st.integers(0, 400).map(lambda s: NOW + timedelta(seconds=s))
filterings = st.builds(
    LogFilters,
    accounts=st.sampled_from([(), ("eu",), ("eu", "us")]),
    channel=st.sampled_from([None, "shelf", "kiosk"]),
    locations=st.sampled_from([(), ("1",), ("1", "2")]),
    statuses=st.lists(st.sampled_from(PushStatus), unique=True, max_size=2).map(tuple),
    action=st.sampled_from([None, *Action]),
    since=instants,
    until=instants,
    sku=st.sampled_from([None, "A", "B", "X"]),
    channel_sku=st.sampled_from([None, "A", "X", "Y"]),
    retried=st.booleans(),
)


def naive(book: Logbook, filters: LogFilters) -> list[str]:
    """Every row of every chunk, looked at one by one."""
    channels = {"eu": "shelf", "us": "kiosk"}
    fitting = []
    for chunk in book.made:
        at = chunk.created_at
        for index, pushed in enumerate(rows_of(chunk)):
            status = PushOutcome(pushed.outcome).status
            sku, _, code = pushed.key.partition("\x00")
            fits = [
                not filters.accounts or chunk.account in filters.accounts,
                filters.channel in (None, channels[chunk.account]),
                not filters.locations or chunk.channel_location in filters.locations,
                not filters.statuses or status in filters.statuses,
                filters.action is None or status in filters.action.statuses,
                filters.since is None or at >= filters.since,
                filters.until is None or at < filters.until,
                filters.sku in (None, sku),
                filters.channel_sku in (None, code or sku),
                filters.retried or not pushed.retried_by,
            ]
            if all(fits):
                fitting.append(((chunk.plan, chunk.share, chunk.number), -index, chunk.name))
    return [f"{name}.{-index}" for _, index, name in sorted(fitting, reverse=True)]


@settings(max_examples=150, deadline=None)
@given(plans, filterings, st.integers(1, 4), st.integers(1, 3))
def test_pages_and_scan_are_what_a_look_at_every_row_gives(
    many: Any, filters: LogFilters, limit: int, page: int
) -> None:
    book = Logbook(MemoryRegistries().of("acme"))
    book.account("eu", ("1", "2"))
    book.account("us", ("1", "2"), channel="kiosk")
    for account, given_parts in many:
        book.plan(account, *given_parts)
    if filters.since and filters.until and filters.since >= filters.until:
        with pytest.raises(RejectedError):
            read_log(book.registry, filters, cursor=None, limit=limit)
        return
    if filters.locations and filters.channel == "kiosk" and filters.accounts == ("eu",):
        with pytest.raises(RejectedError):
            read_log(book.registry, filters, cursor=None, limit=limit)
        return
    expected = naive(book, filters)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trueup.usecases.force.log_walk.PLAN_PAGE", page)
        patch.setattr("trueup.usecases.force.log_walk.CHUNK_PAGE", page)
        patch.setattr(log, "CHUNKS", page)
        patch.setattr(log, "PLAN_PAGES", 1)
        assert [r.id for r in pages(book, filters, limit)] == expected
    assert [r.id for r in scan(book.registry, filters)] == expected
