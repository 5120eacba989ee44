"""Two forces of one location at once, over the network, where transactions collide."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from local.embedded import Embedded
from tests.contract.stores import LOCAL
from tests.faults import Injector, Kind
from tests.force_races import Race, check
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_registry import DynamoDBRegistries
from trueup.ports import Meter, Registry

pytestmark = pytest.mark.stack

AT_ONCE = 100
CLIENTS = 20
PLACES = [f"L{number}" for number in range(8)]


@dataclass
class Colliding(Injector):
    """One transaction in ten collides with another, at random; the stack itself never says so."""

    random: Random = field(default_factory=lambda: Random(11))  # noqa: S311 - no secret

    def chosen(self, name: str) -> bool:
        if not self._applies(name):
            return False
        self.fired = self.random.random() < 0.1
        self.calls += [name] * self.fired
        return self.fired


@dataclass(frozen=True)
class Net:
    """Clients with connections of their own, and how often their transactions collided."""

    clients: list[Any]
    collisions: Colliding
    table: str
    audit: str

    def registries(self, seller: str, contestants: int) -> list[Registry]:
        of = [
            DynamoDBRegistries(client, self.table, Meter(), audit=self.audit)
            for client in self.clients
        ]
        return [of[number % len(of)].of(seller) for number in range(contestants)]


@pytest.fixture(scope="module")
def net(stack: Embedded) -> Iterator[Net]:
    made = [Clients(endpoint_url=stack.endpoint_url, **LOCAL).dynamodb for _ in range(CLIENTS)]
    collisions = Colliding(Kind.CONFLICT, 0)
    for client in made:
        collisions.attach(client)
    outputs = stack.outputs
    yield Net(made, collisions, outputs["RegistryTableName"], outputs["AuditTableName"])
    for client in made:
        client.close()


def seller() -> str:
    return f"race-{uuid4().hex[:12]}"


def test_of_a_hundred_at_once_exactly_one_is_admitted_fifty_times(net: Net) -> None:
    racing = Race(net.registries(seller(), AT_ONCE), PLACES, seed=3)
    for number in range(AT_ONCE):
        racing.propose(number, ["L0"])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for sequence in range(1, 51):
            (winner,) = check(racing, racing.run(pool, audited=sequence % 10 == 0))
            assert winner.stages[0].sequences == {"L0": sequence}
            racing.end(winner.id)
            racing.cool()
            racing.propose(racing.plans.index(winner.id), ["L0"])
    assert len(racing.machines.started) == 50
    assert len(net.collisions.calls) > 50, "hardly any transaction collided"


def test_no_two_winners_share_a_location(net: Net) -> None:
    for seed in range(15):
        racing = Race(net.registries(seller(), 12), PLACES, seed)
        for number in range(12):
            racing.propose(number, racing.random.sample(PLACES, racing.random.randint(1, 5)))
        with ThreadPoolExecutor(12) as pool:
            winners = check(racing, racing.run(pool, eye_to_eye=seed % 2 == 0))
        assert winners, "nobody was admitted"
        assert len(racing.machines.started) == len(winners)
