"""Writing the movements of adjustments to the ledger."""

from trueup.domain.errors import DefectError
from trueup.domain.movements import Movement
from trueup.domain.time import Clock
from trueup.ledger.streams import movements_stream
from trueup.ports import Ledger, Registry
from trueup.usecases.exceptions.adjusting import Post
from trueup.usecases.ledger.agenda import arrange_closing
from trueup.usecases.ledger.appending import append


def poster(registry: Registry, ledger: Ledger, clock: Clock) -> Post:
    """Posts to a seller's ledger. RetryLaterError: others keep appending; repeat it."""

    def post(movement: Movement) -> None:
        arrange_closing(registry, clock, movement.location)
        done = append(ledger, clock, movements_stream(movement.location), [movement])
        if done.refused:
            raise DefectError(f"The ledger refuses adjustment {movement.id}: {done.refused[0]}")
        if done.conflicts:
            raise DefectError(f"The ledger has another movement with the id {movement.id}.")

    return post
