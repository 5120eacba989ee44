"""The audit trail on the memory registry and on the two tables in DynamoDB.

For the bug where many writers at once lose a record, or one stands without its change.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from time import monotonic

import pytest

from tests.contract.stores import LOCAL, audit_table, registry_table
from tests.faults import Died, Injector, Kind, each_call
from trueup.adapters.backoff import Backoff
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_registry import DynamoDBRegistries
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Location
from trueup.domain.audit import AuditRecord
from trueup.domain.errors import ConflictError, DefectError, RetryLaterError
from trueup.domain.tampering import Wrong
from trueup.domain.time import system_clock
from trueup.ports import Create, Meter, Registries, Remove, Replace
from trueup.usecases.audit.keeping import AuditedRegistry, By
from trueup.usecases.audit.reading import Wanted, read_trail
from trueup.usecases.audit.verifying import Books, verify

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT_ONCE = 50
BERLIN = Location(code="berlin", name="Berlin")
HEAD_TRIES = Backoff(attempts=100, base=0.01, longest=0.25).tries
Made = Callable[[], Registries]


class Tables:
    """The two tables, in whatever answers at an endpoint."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.clients = Clients(endpoint_url=endpoint, **LOCAL)
        self.registry = registry_table(self.clients.dynamodb)
        self.audit = audit_table(self.clients.dynamodb)

    def registries(self, injector: Injector | None = None) -> DynamoDBRegistries:
        client = Clients(endpoint_url=self.endpoint, **LOCAL).dynamodb
        if injector:
            injector.attach(client)
        patient = Backoff(sleep=lambda _: None) if injector else Backoff()
        return DynamoDBRegistries(client, self.registry, Meter(), patient, audit=self.audit)


@pytest.fixture(scope="module")
def tables(request: pytest.FixtureRequest) -> Tables:
    return Tables(request.getfixturevalue("stack").endpoint_url)


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.stack)])
def make(request: pytest.FixtureRequest) -> Iterator[Made]:
    """Registries over one store: each call as another process would make them."""
    if request.param == "memory":
        memory = MemoryRegistries()
        yield lambda: memory
    else:
        yield request.getfixturevalue("tables").registries


def audited(registries: Registries, seller: str, actor: str = "ann") -> AuditedRegistry:
    return AuditedRegistry(registries.of(seller), By(actor), system_clock, HEAD_TRIES)


def test_a_change_its_record_and_the_head_are_written_together(make: Made) -> None:
    registry = audited(make(), "together")
    registry.write(Create(BERLIN))
    registry.write(Replace(BERLIN.model_copy(update={"name": "Mitte"}), 1))
    registry.write(Remove(BERLIN, 2))
    with pytest.raises(ConflictError):
        registry.write(Remove(BERLIN, 2))
    plain = make().of("together")
    assert plain.get(Location, "berlin") is None
    records = read_trail(plain, Wanted(kind="location", subject="berlin")).records
    assert [record.changes[0].verb for record in records] == ["removed", "changed", "created"]
    assert [record.sequence for record in read_trail(plain, Wanted()).records] == [3, 2, 1]
    verified = verify(Books(plain, system_clock))
    assert (verified.finding, verified.checked) == (None, 3)


def test_fifty_at_once_are_all_recorded(make: Made, request: pytest.FixtureRequest) -> None:
    """Each changes something of its own: nobody has a conflict of their own to be told of."""
    name = f"fifty-{request.node.callspec.id}"
    registries = [make() for _ in range(AT_ONCE)]
    barrier = Barrier(AT_ONCE)

    def change(number: int) -> float:
        barrier.wait()
        began = monotonic()
        place = Location(code=f"l{number}", name="L")
        audited(registries[number], name, f"user-{number}").write(Create(place))
        return monotonic() - began

    with ThreadPoolExecutor(AT_ONCE) as pool:
        seconds = sorted(pool.map(change, range(AT_ONCE)))
    plain = make().of(name)
    trail = read_trail(plain, Wanted(), limit=100).records
    assert {record.actor for record in trail} == {f"user-{n}" for n in range(AT_ONCE)}
    assert len(trail) == AT_ONCE
    assert verify(Books(plain, system_clock)).finding is None
    print(f"{name}: median {seconds[25]:.2f} s, slowest {seconds[-1]:.2f} s")  # noqa: T201
    assert seconds[-1] < 20


def test_fifty_who_change_the_same_have_one_winner_at_a_time(
    make: Made, request: pytest.FixtureRequest
) -> None:
    name = f"same-{request.node.callspec.id}"
    audited(make(), name).write(Create(BERLIN))
    registries = [make() for _ in range(AT_ONCE)]
    barrier = Barrier(AT_ONCE)

    def change(number: int) -> bool:
        barrier.wait()
        changed = BERLIN.model_copy(update={"name": f"by {number}"})
        try:
            audited(registries[number], name, f"user-{number}").write(Replace(changed, 1))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        won = [*pool.map(change, range(AT_ONCE))]
    plain = make().of(name)
    stored = plain.get(Location, "berlin")
    assert won.count(True) == 1
    assert stored is not None
    assert (stored.value.name, stored.version) == (f"by {won.index(True)}", 2)
    assert len(read_trail(plain, Wanted()).records) == 2
    assert verify(Books(plain, system_clock)).finding is None


@pytest.mark.stack
@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.UNPROCESSED}))
def test_whatever_call_of_the_tables_fails_the_chain_is_whole(tables: Tables, kind: Kind) -> None:
    for injector in each_call(kind):
        seller = f"{kind}-{injector.nth}"
        plain = tables.registries().of(seller)
        audited(tables.registries(), seller).write(Create(BERLIN))
        for _ in range(2):
            try:
                changed = BERLIN.model_copy(update={"name": "Mitte"})
                audited(tables.registries(injector), seller).write(Replace(changed, 1))
            except (ConflictError, RetryLaterError, Died):
                continue
        stored = plain.get(Location, "berlin")
        assert stored is not None
        assert (stored.value.name, stored.version) == ("Mitte", 2)
        verified = verify(Books(plain, system_clock))
        assert (verified.finding, verified.head.sequence) == (None, 2)


@pytest.mark.stack
def test_an_altered_a_deleted_and_an_added_item_are_found(tables: Tables) -> None:
    for seller, act, expected in (
        ("altered", _alter, (2, Wrong.ALTERED)),
        ("deleted", _delete, (2, Wrong.MISSING)),
        ("added", _add, (2, Wrong.INSERTED)),
    ):
        for number in range(3):
            audited(tables.registries(), seller).write(
                Create(Location(code=f"l{number}", name="L"))
            )
        act(tables, seller)
        finding = verify(Books(tables.registries().of(seller), system_clock)).finding
        assert finding is not None
        assert (finding.sequence, finding.wrong) == expected


def _second(tables: Tables, seller: str) -> dict[str, dict[str, str]]:
    found = tables.clients.dynamodb.query(
        TableName=tables.audit,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"S#{seller}"}, ":sk": {"S": "audit#"}},
    )
    item: dict[str, dict[str, str]] = found["Items"][1]  # type: ignore[assignment]
    return item


def _alter(tables: Tables, seller: str) -> None:
    item = _second(tables, seller)
    body = item["body"]["S"].replace('"ann"', '"bob"')
    assert body != item["body"]["S"]
    tables.clients.dynamodb.put_item(TableName=tables.audit, Item=item | {"body": {"S": body}})


def _delete(tables: Tables, seller: str) -> None:
    item = _second(tables, seller)
    key = {"pk": item["pk"], "sk": item["sk"]}
    tables.clients.dynamodb.delete_item(TableName=tables.audit, Key=key)


def _add(tables: Tables, seller: str) -> None:
    item = _second(tables, seller)
    item["sk"] = {"S": item["sk"]["S"] + "x#"}
    tables.clients.dynamodb.put_item(TableName=tables.audit, Item=item)


@pytest.mark.stack
def test_a_function_without_the_table_cannot_record(tables: Tables) -> None:
    plain = DynamoDBRegistries(tables.clients.dynamodb, tables.registry, Meter())
    with pytest.raises(DefectError, match="audit"):
        audited(plain, "without").write(Create(BERLIN))
    assert plain.of("without").get(Location, "berlin") is None
    with pytest.raises(DefectError, match="audit"):
        plain.of("without").list(AuditRecord)
