"""Writing the movements of adjustments to the ledger."""

from contextlib import suppress

from trueup.domain.errors import ConflictError, DefectError
from trueup.domain.ledger import LedgerDue
from trueup.domain.movements import Movement
from trueup.domain.time import Clock
from trueup.ledger.streams import movements_stream
from trueup.ports import Create, Ledger, Registry
from trueup.usecases.exceptions.adjusting import Post
from trueup.usecases.ledger.appending import append


def poster(registry: Registry, ledger: Ledger, clock: Clock) -> Post:
    """Posts to a seller's ledger. RetryLaterError: others keep appending; repeat it."""

    def post(movement: Movement) -> None:
        _see_to(registry, movement.location, clock)
        done = append(ledger, clock, movements_stream(movement.location), [movement])
        if done.refused:
            raise DefectError(f"The ledger refuses adjustment {movement.id}: {done.refused[0]}")
        if done.conflicts:
            raise DefectError(f"The ledger has another movement with the id {movement.id}.")

    return post


def _see_to(registry: Registry, location: str, clock: Clock) -> None:
    """A location's first movement makes its ledger known to runs and to who closes books."""
    if registry.get(LedgerDue, location) is None:
        with suppress(ConflictError):  # somebody else's movement was first
            registry.write(Create(LedgerDue(location=location, due_at=clock())))
