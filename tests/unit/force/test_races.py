"""Two forces of one location at once, in one process; over the network: the tests of the stack."""

from concurrent.futures import ThreadPoolExecutor

from tests.force_races import Race, check
from tests.unit.force.decisions_world import SELLER
from trueup.adapters.memory_registry import MemoryRegistries

AT_ONCE = 100
PLACES = [f"L{number}" for number in range(8)]


def race(contestants: int, seed: int) -> Race:
    registries = MemoryRegistries()
    return Race([registries.of(SELLER) for _ in range(contestants)], PLACES, seed)


def test_of_a_hundred_at_once_exactly_one_is_admitted_fifty_times() -> None:
    racing = race(AT_ONCE, seed=1)
    for number in range(AT_ONCE):
        racing.propose(number, ["L0"])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for sequence in range(1, 51):
            (winner,) = check(racing, racing.run(pool, eye_to_eye=True))
            assert winner.stages[0].sequences == {"L0": sequence}
            racing.end(winner.id)
            racing.cool()
            racing.propose(racing.plans.index(winner.id), ["L0"])
    assert len(racing.machines.started) == 50


def test_no_two_winners_share_a_location() -> None:
    for seed in range(30):
        racing = race(20, seed)
        for number in range(20):
            racing.propose(number, racing.random.sample(PLACES, racing.random.randint(1, 5)))
        with ThreadPoolExecutor(20) as pool:
            winners = check(racing, racing.run(pool, eye_to_eye=seed % 2 == 0))
        assert winners, "nobody was admitted"
        assert len(racing.machines.started) == len(winners)
