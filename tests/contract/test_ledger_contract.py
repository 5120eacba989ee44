"""The memory ledger and the one in DynamoDB keep the same promises.

For the bug where the ledger is right with the twin and wrong with the table.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.stores import LOCAL, ledger_table
from tests.faults import Died, Kind, each_call
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_ledger import DynamoDBLedger
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.domain.errors import ConflictError, DefectError, RetryLaterError
from trueup.domain.movements import Movement
from trueup.ledger.blocks import BLOCK_LIMIT, MOVEMENTS, Block, Place
from trueup.ledger.memory import Memory
from trueup.ports import Ledger, Meter

STREAM = "movements/berlin"
MakeLedger = Callable[[str], Ledger]


@pytest.fixture
def clients(request: pytest.FixtureRequest) -> Clients:
    return Clients(endpoint_url=request.getfixturevalue("stack").endpoint_url, **LOCAL)


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.stack)])
def make(request: pytest.FixtureRequest) -> Iterator[MakeLedger]:
    """Makes the ledger of a seller."""
    if request.param == "memory":
        yield lambda _: MemoryLedger()
        return
    client = request.getfixturevalue("clients").dynamodb
    table = ledger_table(client)
    yield lambda seller: DynamoDBLedger(client, table, seller, Meter())
    client.delete_table(TableName=table)


@pytest.fixture
def ledger(make: MakeLedger) -> Ledger:
    return make("acme")


def block(sequence: int, writer: str = "w", previous: str = "", size: int = 3) -> Block:
    entries = [
        Movement(4, f"S{n}", "berlin", n, 1000 + n, "wms", f"{sequence}-{n}") for n in range(size)
    ]
    return MOVEMENTS.block(Place(STREAM, 0, sequence, previous), entries, 2000, writer)


def memory(first: int, until: int) -> Memory:
    return Memory(first, until, "h", 5, 6, bytes(range(16)), bytes(range(8)))


def test_blocks_are_read_in_order_as_they_were_appended(ledger: Ledger) -> None:
    blocks = [block(n) for n in range(1, 13)]
    for sequence, one in enumerate(blocks, 1):
        ledger.append(STREAM, 0, sequence, one)
    assert list(ledger.read(STREAM, 0)) == list(enumerate(blocks, 1))
    assert list(ledger.read(STREAM, 0, 4, 6)) == [(5, blocks[4]), (6, blocks[5])]
    assert list(ledger.read(STREAM, 0, 12)) == []
    assert list(ledger.read(STREAM, 0, 4, 4)) == []
    assert MOVEMENTS.entries(blocks[0])[2].recorded_at == 2000
    assert ledger.last(STREAM, 0) == 12


def test_streams_shards_and_sellers_share_nothing(make: MakeLedger) -> None:
    ledger, other = make("acme"), make("acme#movements")
    ledger.append(STREAM, 0, 1, block(1))
    ledger.remember(STREAM, 0, memory(1, 1))
    for store, stream, shard in (
        (ledger, STREAM, 1),
        (ledger, "movements/berlin2", 0),
        (other, STREAM, 0),
    ):
        assert store.last(stream, shard) == 0
        assert list(store.read(stream, shard)) == []
        assert list(store.memories(stream, shard)) == []
    assert ledger.name != other.name


def test_a_sequence_is_taken_once_and_the_very_same_block_is_recognised(ledger: Ledger) -> None:
    ledger.append(STREAM, 0, 1, block(1, "one"))
    ledger.append(STREAM, 0, 1, block(1, "one"))
    with pytest.raises(ConflictError):
        ledger.append(STREAM, 0, 1, block(1, "two"))
    assert list(ledger.read(STREAM, 0)) == [(1, block(1, "one"))]


def test_of_many_at_once_one_gets_a_sequence(ledger: Ledger) -> None:
    def attempt(number: int) -> bool:
        try:
            ledger.append(STREAM, 0, 1, block(1, f"writer {number}"))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(32))) == 1


def test_a_block_that_is_too_large_is_a_defect(ledger: Ledger) -> None:
    one = block(1)
    large = Block(one.hash, "", 1, 1, 1, 1, 1, bytes(BLOCK_LIMIT + 1))
    with pytest.raises(DefectError, match=str(BLOCK_LIMIT + 1)):
        ledger.append(STREAM, 0, 1, large)
    ledger.append(STREAM, 0, 1, Block(one.hash, "", 1, 1, 1, 1, 1, bytes(BLOCK_LIMIT)))


def test_memories_are_kept_by_their_first_sequence_until_they_are_forgotten(
    ledger: Ledger,
) -> None:
    for first, until in ((1, 4), (5, 9), (10, 12), (10, 20)):
        ledger.remember(STREAM, 0, memory(first, until))
    assert list(ledger.memories(STREAM, 0)) == [memory(1, 4), memory(5, 9), memory(10, 20)]
    ledger.forget(STREAM, 0, 1)
    ledger.forget(STREAM, 0, 1)
    assert list(ledger.memories(STREAM, 0)) == [memory(5, 9), memory(10, 20)]
    assert ledger.last(STREAM, 0) == 0


FATAL = {
    Kind.BEFORE,
    Kind.AFTER,
    Kind.THROTTLED,
    Kind.CONFLICT,
    *(Kind.DIES_BEFORE, Kind.DIES_AFTER),
}


@pytest.mark.stack
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UNPROCESSED])
def test_whatever_one_call_meets_a_repeat_makes_it_whole(clients: Clients, kind: Kind) -> None:
    table = ledger_table(clients.dynamodb)
    for number, injector in enumerate(each_call(kind)):
        disturbed = Clients(endpoint_url=clients.dynamodb.meta.endpoint_url, **LOCAL).dynamodb
        injector.attach(disturbed)
        ledger = DynamoDBLedger(disturbed, table, f"seller-{number}", Meter())
        if not _passes(ledger):
            assert injector.fired
            assert kind in FATAL
            assert _passes(ledger)
    assert number >= 2


def _passes(ledger: Ledger) -> bool:
    """Whether both blocks are there, each once; False after errors a caller repeats after."""
    try:
        for sequence in (1, 2):
            ledger.append(STREAM, 0, sequence, block(sequence))
        return [s for s, _ in ledger.read(STREAM, 0)] == [1, 2]
    except (RetryLaterError, Died):
        return False
