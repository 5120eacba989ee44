"""For the bug where two identities share a key, or one seller's key reaches another's partition."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.adapters.registry_items import (
    appointment,
    decode,
    encode,
    key_part,
    make_cursor,
    partition_key,
    read_cursor,
    sort_key,
)
from trueup.domain.accounts import Account
from trueup.domain.errors import DefectError, RejectedError
from trueup.ports import Stored

TEXTS = st.text(max_size=600)
PARTS = st.lists(st.text(max_size=300), min_size=1, max_size=3).map(tuple)
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@given(PARTS, PARTS)
def test_identities_have_one_key_each(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    assert (sort_key("run", one) == sort_key("run", two)) == (one == two)


@given(PARTS, PARTS)
def test_a_key_begins_with_another_only_where_the_identity_does(
    whole: tuple[str, ...], start: tuple[str, ...]
) -> None:
    begins = sort_key("run", whole).startswith(sort_key("run", start))
    assert begins == (whole[: len(start)] == start)


@given(st.lists(st.text(min_size=256, max_size=256), min_size=3, max_size=3).map(tuple))
def test_keys_fit(parts: tuple[str, ...]) -> None:
    assert len(sort_key("history", parts).encode()) <= 1024


@given(st.text(alphabet="abc019-", max_size=40), st.text(alphabet="abc019-", max_size=40))
def test_plain_codes_sort_as_they_are(one: str, two: str) -> None:
    assert (sort_key("run", (one,)) < sort_key("run", (two,))) == (one < two)


@given(TEXTS, TEXTS)
def test_sellers_have_one_partition_each(one: str, two: str) -> None:
    assert (partition_key(one) == partition_key(two)) == (one == two)
    assert "#" not in key_part(one)


@given(st.text(min_size=1, max_size=20), st.sampled_from(["a", "shop-1", "x" * 40]))
def test_an_appointment_is_read_from_keys_alone(seller: str, id_: str) -> None:
    account = Account(id=id_, channel="c", name="n", created_at=NOW, next_due_at=NOW)
    item = encode(seller, account, 1)
    assert item.agenda is not None
    found = appointment(partition_key(seller), item.sk, item.agenda[1])
    assert (found.seller, found.kind, found.identity) == (seller, "account", (id_,))
    assert found.at == NOW.replace(microsecond=123000)


@given(st.text(), st.text())
def test_a_cursor_gives_its_key_back(scope: str, last: str) -> None:
    assert read_cursor(make_cursor(scope, "run#" + last), scope, "run#") == "run#" + last


@pytest.mark.parametrize("last", ["run#\ud800", "account#a", "run"])
def test_an_edited_cursor_is_refused_and_named(last: str) -> None:
    with pytest.raises(RejectedError) as refused:
        read_cursor(make_cursor("s", last), "s", "run#")
    assert [fault.where for fault in refused.value.faults] == ["cursor"]


def test_a_record_with_a_field_of_another_version_can_be_read() -> None:
    account = Account(id="eu", channel="sandbox", name="EU", created_at=NOW)
    written = account.model_dump_json().replace("{", '{"last_seen": "2026-01-01", ', 1)
    assert decode(Account, written, 3) == Stored(account, 3)


def test_a_record_of_an_unknown_schema_is_a_defect() -> None:
    account = Account(id="eu", channel="sandbox", name="EU", created_at=NOW)
    written = account.model_dump_json().replace('"schema_version":1', '"schema_version":9')
    with pytest.raises(DefectError):
        decode(Account, written, 3)
