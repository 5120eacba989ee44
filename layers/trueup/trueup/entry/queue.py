"""The edge of a function that a queue feeds: each message is answered for by itself."""

from collections.abc import Callable, Iterator
from typing import Any

from trueup.entry.edge import Event, logger
from trueup.usecases.intake.messages import Taken


def take_each(event: Event, take: Callable[[str, str], Taken]) -> dict[str, Any]:
    """Take every message of a batch; the answer names those that are to come again.

    What is logged is whose message it was, how many events it had, and why it was not taken.
    """
    failed = [record["messageId"] for record in event["Records"] if not _done(record, take)]
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}


def _done(record: Event, take: Callable[[str, str], Taken]) -> bool:
    """The one broad catch: a message that breaks us must not hold up its neighbours."""
    try:
        taken = take(record["messageId"], record["body"])
    except Exception:  # noqa: BLE001 - whatever it was, it is logged and comes again
        logger.exception("A message broke us.", message_id=record["messageId"])
        return False
    if taken.problems:
        logger.warning("A message was not taken.", **dict(_fields(taken)))
    else:
        logger.info("A message was taken.", **dict(_fields(taken)))
    return not taken.problems


def _fields(taken: Taken) -> Iterator[tuple[str, Any]]:
    yield "message_id", taken.id
    if taken.seller:
        yield "seller", taken.seller
        yield "source", taken.source
    if taken.counts is not None:
        yield "counts", {fate.value: count for fate, count in taken.counts.items()}
    if taken.problems:
        yield "problems", list(taken.problems)
