"""Each call of the registry in DynamoDB meets each fault in turn.

For the bug where a lost answer makes a write count twice, or a collision reads as a conflict.
"""

from datetime import UTC, datetime

import pytest

from tests.contract.stores import LOCAL, registry_table
from tests.faults import Died, Injector, Kind, each_call
from trueup.adapters.backoff import Backoff
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_registry import DynamoDBRegistries
from trueup.domain.accounts import Account, Location
from trueup.domain.errors import ConflictError, RetryLaterError
from trueup.ports import Create, Meter, Registry, Remove, Replace

pytestmark = pytest.mark.stack
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FATAL = {Kind.BEFORE, Kind.AFTER, Kind.THROTTLED, Kind.DIES_BEFORE, Kind.DIES_AFTER}
HIDDEN = [kind for kind in Kind if kind not in FATAL]
BERLIN, PARIS = Location(code="berlin", name="One"), Location(code="paris", name="One")


@pytest.fixture(scope="module")
def clients(stack: object) -> Clients:
    return Clients(endpoint_url=stack.endpoint_url, **LOCAL)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def table(clients: Clients) -> str:
    return registry_table(clients.dynamodb)


def disturbed(clients: Clients, table: str, injector: Injector, seller: str) -> Registry:
    client = Clients(endpoint_url=clients.dynamodb.meta.endpoint_url, **LOCAL).dynamodb
    injector.attach(client)
    backoff = Backoff(sleep=lambda _: None)
    return DynamoDBRegistries(client, table, Meter(), backoff).of(seller)


def work(registry: Registry) -> None:
    """A put, a transaction, and reads of both: five calls."""
    registry.write(Create(BERLIN))
    registry.write(Create(PARIS), Replace(BERLIN.model_copy(update={"name": "Two"}), 1))
    berlin = registry.get(Location, "berlin")
    assert berlin is not None
    registry.write(Replace(BERLIN.model_copy(update={"name": "Three"}), berlin.version))
    assert [stored.version for stored in registry.list(Location).items] == [3, 1]


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_the_adapter_can_set_right_nobody_notices(
    clients: Clients, table: str, kind: Kind
) -> None:
    for injector in each_call(kind):
        work(disturbed(clients, table, injector, f"{kind}-{injector.nth}"))
    calls = {Kind.CONFLICT: 3, Kind.UNPROCESSED: 0}.get(kind, 5)
    assert injector.nth == calls + 1  # each was disturbed, and then there was none left


@pytest.mark.parametrize("kind", sorted(FATAL))
def test_a_repeat_after_a_failure_conflicts_or_succeeds_and_changes_nothing_twice(
    clients: Clients, table: str, kind: Kind
) -> None:
    happened = kind in (Kind.AFTER, Kind.DIES_AFTER)
    for injector in each_call(kind, only=frozenset({"PutItem", "TransactWriteItems"})):
        registry = disturbed(clients, table, injector, f"{kind}-{injector.nth}")
        for writes in ([Create(BERLIN)], [Create(PARIS), Replace(BERLIN, 1)]):
            try:
                registry.write(*writes)
            except (RetryLaterError, Died):
                if happened:
                    with pytest.raises(ConflictError):
                        registry.write(*writes)
                else:
                    registry.write(*writes)
        assert [stored.version for stored in registry.list(Location).items] == [2, 1]


def test_a_lost_answer_hides_no_real_conflict(clients: Clients, table: str) -> None:
    """The SDK's repeat finds another's record, equal in content, and not this call's own."""
    injector = Injector(Kind.LOST_ANSWER, nth=2)
    registry = disturbed(clients, table, injector, "equal")
    registry.write(Create(BERLIN))
    with pytest.raises(ConflictError, match="exists already"):
        registry.write(Create(BERLIN))
    assert injector.fired


def test_endless_collisions_are_given_up(clients: Clients, table: str) -> None:
    client = Clients(endpoint_url=clients.dynamodb.meta.endpoint_url, **LOCAL).dynamodb
    waits: list[float] = []
    backoff = Backoff(attempts=4, base=1, longest=3, sleep=waits.append, random=lambda: 1)
    for nth in range(1, 5):
        Injector(Kind.CONFLICT, nth=nth).attach(client)
    registry = DynamoDBRegistries(client, table, Meter(), backoff).of("endless")
    with pytest.raises(RetryLaterError, match="keep writing"):
        registry.write(Create(BERLIN))
    assert waits == [2, 3, 3]
    assert registry.get(Location, "berlin") is None


def test_what_was_used_is_metered(clients: Clients, table: str) -> None:
    meter = Meter()
    registry = DynamoDBRegistries(clients.dynamodb, table, meter).of("metered")
    account = Account(id="a", channel="c", name="n" * 200, created_at=NOW, note="x" * 2000)
    registry.write(Create(account))
    assert meter.usage.write_units == 3  # 2 kB and some
    assert meter.usage.items_written == 1
    assert meter.usage.bytes_written == len(account.model_dump_json())
    registry.write(Create(BERLIN), Remove(account, 1))
    assert meter.usage.write_units == 3 + 2 * (1 + 3)  # a transaction costs twice
    registry.get(Location, "berlin")
    assert meter.usage.read_units == 1  # strongly consistent
