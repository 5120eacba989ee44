"""A source that changes what another one owns, or one that is kept from what is its own."""

import pytest

from tests.unit.intake.reading import WMS, read
from trueup.domain.sources import Domain, Ownership, Rules, Source, rule_for

POS = Source(code="pos", name="Tills", kind="pos", statuses=WMS.statuses)
FEED = Source(code="orders", name="Orders", kind="channel", account="eu")


def rules(*given: tuple[str, str, str, str]) -> Rules:
    made = [
        Ownership.model_validate(
            {"domain": domain, "location": location, "source": source, "others": others}
        )
        for domain, location, source, others in given
    ]
    return {(rule.domain, rule.location): rule for rule in made}


def test_without_a_rule_everybody_is_believed() -> None:
    assert read(POS).refusal is None
    assert not read(POS).movements[0].claim


def test_others_are_refused_with_a_reason() -> None:
    owned = rules(("movements", "berlin", "wms", "refuse"))
    assert read(POS, owned).refusal == "The movements at berlin are told by wms alone."
    assert read(WMS, owned).refusal is None
    assert read(POS, owned, location="paris").refusal is None


def test_others_are_kept_as_claims() -> None:
    owned = rules(("movements", "*", "wms", "claim"))
    found = read(POS, owned)
    assert found.refusal is None
    assert all(movement.claim for movement in found.movements)
    assert not read(WMS, owned).movements[0].claim


def test_a_rule_of_the_location_goes_before_the_one_for_all() -> None:
    owned = rules(("movements", "*", "wms", "refuse"), ("movements", "paris", "pos", "refuse"))
    assert read(POS, owned, location="paris").refusal is None
    assert read(WMS, owned, location="paris").refusal
    assert read(POS, owned).refusal == "The movements of all locations are told by wms alone."


@pytest.mark.parametrize("kind", ["damage", "expire", "hold", "unhold"])
def test_statuses_have_an_owner_of_their_own(kind: str) -> None:
    owned = rules(("statuses", "*", "pos", "refuse"), ("movements", "*", "wms", "refuse"))
    assert read(POS, owned, kind=kind).refusal is None
    assert read(WMS, owned, kind=kind).refusal
    assert read(WMS, owned).refusal is None
    change = {"kind": "status_change", "from_status": "GOOD", "to_status": "BAD"}
    assert read(POS, owned, **change).refusal is None
    assert read(WMS, owned, **change).refusal


def test_who_owns_the_movements_owns_the_statuses_unless_told_otherwise() -> None:
    owned = rules(("movements", "berlin", "wms", "refuse"))
    assert read(POS, owned, kind="damage").refusal
    assert rule_for(owned, Domain.POSITIONS, "berlin") is None
    assert rule_for(owned, Domain.STATUSES, "paris") is None


def test_a_channels_feed_is_always_a_claim() -> None:
    owned = rules(("movements", "berlin", "orders", "refuse"))
    for given in (None, owned, rules(("movements", "*", "wms", "refuse"))):
        found = read(FEED, given, kind="reserve")
        assert found.refusal is None
        assert found.movements[0].claim
