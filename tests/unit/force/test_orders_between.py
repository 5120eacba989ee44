"""Orders at random instants between read, write and read-back: none is overwritten, or it is said.

20,000 rows in modes of compare-and-set, 4,000 in others. `python -m bench force` prints figures.
"""

from typing import Any

import pytest

from tests.unit.force.orders import ROWS, Simulation

COMPARING: list[dict[str, Any]] = [
    {},
    {"idempotent": True, "lose": 40},
    {"reports": "on_hand", "takes": "on_hand"},
    {"tells_after": False, "lose": 40},
]


@pytest.mark.parametrize("seed", range(len(COMPARING)))
def test_with_compare_and_set_no_order_is_ever_overwritten(seed: int) -> None:
    done = Simulation(seed, COMPARING[seed]).run(10)
    assert done.trials == 10 * ROWS, done
    assert done.orders > 1_000
    assert (done.overwritten, done.hit) == (0, 0), done
    reserves = COMPARING[seed].get("reports") == "on_hand"
    assert reserves or done.outcomes["STALE_CHANNEL"] > 500, "orders before the write were met"
    assert done.outcomes["APPLIED"] > 1_000


@pytest.mark.parametrize("modes", [{}, {"tells_after": False}], ids=str)
def test_without_it_what_may_be_lost_is_said_of_each_row(modes: dict[str, Any]) -> None:
    done = Simulation(7, {"cas": False, **modes}).run(4)
    assert done.hit > 100, "the simulation does what it is to show"
    assert done.silent == 0, done


def test_reservations_are_not_overwritten_on_channels_that_take_on_hand() -> None:
    modes = {"cas": False, "reports": "on_hand", "takes": "on_hand"}
    done = Simulation(11, modes).run(4)
    assert done.orders > 500
    assert (done.overwritten, done.hit) == (0, 0), done
