"""Finds: an account that cannot be reconciled since it has many locations with a ledger."""

from datetime import UTC, datetime
from random import Random

import pytest

from trueup.adapters.registry_items import MAX_BODY_BYTES, decode, encode
from trueup.domain.accounts import Link, Member
from trueup.domain.errors import DefectError
from trueup.domain.groups import CauseGroup
from trueup.domain.ledger import LedgerPin
from trueup.domain.pins import BookPin
from trueup.domain.runs import Inputs, LocationResult, LocationTerms, Run, RunState, Tally, Trigger
from trueup.usecases.places import MAX_LINKS, MAX_MEMBERS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CODES = [f"store-{number:05d}" for number in range(MAX_MEMBERS)]
HASHES = Random(7)  # noqa: S311 - nothing secret


def pin(book: str) -> BookPin:
    return BookPin(book=book, version=99, manifest=f"{HASHES.getrandbits(128):032x}", as_of=NOW)


def ledger(code: str) -> LedgerPin:
    ends = [tuple(HASHES.randrange(5_000) for _ in range(4)) for _ in range(3)]
    return LedgerPin(
        location=code,
        baseline=pin(f"baseline/{code}"),
        positions=pin(f"positions/{code}"),
        nets=pin(f"nets/{code}"),
        until=1_772_366_400_000,
        covered=ends[0],
        floor=ends[1],
        cut=ends[2],
    )


def largest_run() -> Run:
    """Of as many links and locations as an account may have, each location with a ledger."""
    each = MAX_MEMBERS // MAX_LINKS
    links = tuple(
        Link(
            account="eu",
            channel_location=f"gid://shop/Location/{number}",
            members=tuple(Member(location=c) for c in CODES[number * each : (number + 1) * each]),
        )
        for number in range(MAX_LINKS)
    )
    ledgers = {code: ledger(code) for code in CODES}
    return Run(
        id="01KJMVRT00Y2V8FNQ2S0YJ0X6B",
        account="eu",
        channel="sandbox",
        trigger=Trigger.SCHEDULE,
        requested_by="schedule",
        opened_at=NOW,
        deadline=NOW,
        inputs=Inputs(
            links=links,
            buffers={link.channel_location: 0 for link in links},
            baselines={code: found.baseline for code, found in ledgers.items() if found.baseline},
            ledgers=ledgers,
            places={code: LocationTerms() for code in CODES},
        ),
        locations=tuple(
            LocationResult(
                channel_location=link.channel_location,
                state=RunState.SUCCEEDED,
                tally=Tally(rows=HASHES.randrange(10**6), matching=HASHES.randrange(10**6)),
                version=99,
                causes=(CauseGroup(cause="lag", rows=HASHES.randrange(10**4)),),
            )
            for link in links
        ),
    )


def test_a_run_of_all_the_locations_that_an_account_may_have_can_be_stored() -> None:
    run = largest_run()
    assert len(run.model_dump_json()) > MAX_BODY_BYTES
    item = encode("acme", run, 1)
    assert len(item.body) < MAX_BODY_BYTES
    assert decode(Run, item.body, 1).value == run


def test_a_body_that_was_tampered_with_is_a_defect() -> None:
    body = encode("acme", largest_run(), 1).body
    for wrong in (body[:-1000], body[:50] + "?" + body[50:], "z:", body[:2] + "AAAA" + body[2:]):
        with pytest.raises(DefectError):
            decode(Run, wrong, 1)
