"""Whatever is done to one record of an audit trail is found, and the first bad one is named."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.audit.trails import Trail, key
from trueup.domain.audit import AuditRecord, content_hash
from trueup.domain.tampering import Wrong

MAX = 9
places = st.integers(1, MAX)
limits = st.integers(1, MAX + 1)


def grown() -> Trail:
    trail = Trail()
    trail.grow(MAX)
    return trail


def found(trail: Trail, limit: int, since: int = 1) -> tuple[int, Wrong]:
    verified = trail.verified(limit=limit, since=since)
    assert verified.finding is not None
    assert verified.cursor is None
    return verified.finding.sequence, verified.finding.wrong


def other(value: Any) -> Any:
    """A value of the same type that is another."""
    match value:
        case str():
            return value[:-1] + ("0" if value[-1:] != "0" else "1")
        case int():
            return value + 1
        case list():
            return []
    return "somebody's"


@given(limit=limits, since=places)
def test_a_trail_that_nobody_touched_is_right(limit: int, since: int) -> None:
    trail = grown()
    verified = trail.verified(limit=limit, since=since)
    assert verified.finding is None
    assert (verified.until, verified.head.sequence) == (MAX, MAX)


@given(at=places, limit=limits, data=st.data())
def test_an_altered_field_is_found(at: int, limit: int, data: st.DataObject) -> None:
    trail = grown()
    fields = json.loads(trail.body(at))
    name = data.draw(st.sampled_from(sorted(set(fields) - {"schema_version", "sequence"})))
    fields[name] = other(fields[name]) if name != "at" else "2026-03-01T11:00:00Z"
    trail.put(at, json.dumps(fields))
    assert found(trail, limit) == (at, Wrong.ALTERED)


@given(at=places, limit=limits, inside=st.sampled_from(["before", "after", "kind", "verb"]))
def test_an_altered_change_is_found(at: int, limit: int, inside: str) -> None:
    trail = grown()
    fields = json.loads(trail.body(at))
    forged = {"before": {"name": "x"}, "after": {"name": "x"}, "kind": "link", "verb": "removed"}
    fields["changes"][0][inside] = forged[inside]
    trail.put(at, json.dumps(fields))
    assert found(trail, limit) == (at, Wrong.ALTERED)


@given(at=places, limit=limits)
def test_a_record_sealed_anew_is_found(at: int, limit: int) -> None:
    """By the one after it, or by the head."""
    trail = grown()
    record = AuditRecord.model_validate_json(trail.body(at))
    forged = record.model_copy(update={"actor": "somebody"})
    forged = forged.model_copy(update={"hash": content_hash(forged)})
    trail.put(at, forged.model_dump_json())
    assert found(trail, limit) == (at, Wrong.ALTERED)


@given(at=places, limit=limits, body=st.sampled_from(["", "{", "null", "[]", '{"sequence": 1}']))
def test_an_unreadable_record_is_found(at: int, limit: int, body: str) -> None:
    trail = grown()
    trail.put(at, body)
    assert found(trail, limit) == (at, Wrong.ALTERED)


@given(at=places, limit=limits, more=st.integers(0, 3))
def test_deleted_records_are_found(at: int, limit: int, more: int) -> None:
    """From the middle, or all to the end."""
    trail = grown()
    trail.drop(*range(at, min(at + more, MAX) + 1))
    assert found(trail, limit) == (at, Wrong.MISSING)


@given(keep=st.integers(0, MAX - 1), limit=limits)
def test_a_trail_cut_short_is_found(keep: int, limit: int) -> None:
    trail = grown()
    trail.drop(*range(keep + 1, MAX + 1))
    assert found(trail, limit) == (keep + 1, Wrong.MISSING)


@given(one=places, two=places, limit=limits)
def test_swapped_records_are_found(one: int, two: int, limit: int) -> None:
    if one == two:
        return
    trail = grown()
    first, second = trail.body(one), trail.body(two)
    trail.put(one, second)
    trail.put(two, first)
    assert found(trail, limit) == (min(one, two), Wrong.MISSING)


@given(at=places, copied=places, limit=limits)
def test_an_inserted_record_is_found(at: int, copied: int, limit: int) -> None:
    """Between two keys: it has a number that another has, or one that is not its turn."""
    trail = grown()
    trail.put(0, trail.body(copied), at=key(at) + "x#")
    sequence, wrong = found(trail, limit)
    if copied <= at:
        assert (sequence, wrong) == (copied, Wrong.INSERTED)
    elif copied > at + 1:
        assert (sequence, wrong) == (at + 1, Wrong.MISSING)
    else:  # the copy stands where the original belongs: the original is one too many
        assert (sequence, wrong) == (copied, Wrong.INSERTED)


@given(limit=limits, sealed=st.booleans())
def test_a_record_put_behind_the_head_is_found(limit: int, sealed: bool) -> None:  # noqa: FBT001
    trail = grown()
    last = AuditRecord.model_validate_json(trail.body(MAX))
    forged = last.model_copy(update={"sequence": MAX + 1, "previous": last.hash})
    if sealed:
        forged = forged.model_copy(update={"hash": content_hash(forged)})
    trail.put(MAX + 1, forged.model_dump_json())
    wrong = Wrong.INSERTED if sealed else Wrong.ALTERED
    assert found(trail, limit) == (MAX + 1, wrong)


@settings(max_examples=20)
@given(at=places)
def test_a_trail_of_another_seller_does_not_pass(at: int) -> None:
    trail = grown()
    elsewhere = Trail("bolt", trail.registries)
    elsewhere.grow(MAX)
    trail.put(at, elsewhere.body(at))
    assert found(trail, MAX) == (at, Wrong.ALTERED)


@settings(max_examples=20)
@given(tamper=st.sampled_from(["drop", "lower", "other"]))
def test_a_head_that_was_touched_is_found(tamper: str) -> None:
    trail = grown()
    sk = "audit-tip#tip#"
    item = trail.items[sk]
    fields = json.loads(item.body)
    changed: dict[str, Callable[[], dict[str, Any]]] = {
        "lower": lambda: {"sequence": 5},
        "other": lambda: {"hash": "0" * 64},
    }
    if tamper == "drop":
        del trail.items[sk]
    else:
        body = json.dumps(fields | changed[tamper]())
        trail.items[sk] = type(item)(sk, item.record, item.version, body, None, None)
    expected = {"drop": (1, Wrong.INSERTED), "lower": (6, Wrong.INSERTED)}
    assert found(trail, MAX) == expected.get(tamper, (MAX, Wrong.ALTERED))
