"""The one place where errors of AWS become errors of the product.

Messages are fit for a seller: no table, bucket or function name. The original is the cause, so
logs have it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, and no HTTPClientError
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError
from pynamodb.exceptions import PynamoDBException

from trueup.domain.errors import (
    ConflictError,
    DefectError,
    NotFoundError,
    RetryLaterError,
    TrueupError,
)

AWS_ERRORS = (ClientError, BotoCoreError, PynamoDBException, ResponseParserError)

BUSY = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
COLLISION = frozenset({"TransactionConflict", "TransactionConflictException"})
CONDITION_FAILED = frozenset(
    {"ConditionalCheckFailed", "ConditionalCheckFailedException", "PreconditionFailed"}
)
ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
CANCELED = "TransactionCanceledException"
_BROKEN_CONNECTION = (
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
    ResponseParserError,
)
_BUSY_SECONDS = 5


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise errors of AWS within as errors of the product; `doing` begins their text."""
    try:
        yield
    except AWS_ERRORS as error:
        raise translate(error, doing) from error


def translate(error: Exception, doing: str) -> TrueupError:
    """The error to raise for an error of AWS, by what a caller can do about it."""
    cause = cause_of(error)
    if isinstance(cause, ClientError):
        return _by_code(cause, doing)
    if isinstance(cause, _BROKEN_CONNECTION):
        return RetryLaterError(f"{doing}: no answer in time.", _BUSY_SECONDS)
    return DefectError(f"{doing}: failed ({type(cause).__name__}).")


def cause_of(error: Exception) -> Exception:
    """What PynamoDB wrapped, or the error itself."""
    wrapped = error.cause if isinstance(error, PynamoDBException) else None
    return wrapped or error


def code_of(error: Exception) -> str:
    """The service's code of an error; empty if it did not come from a service."""
    cause = cause_of(error)
    return str(response_of(cause).get("Error", {}).get("Code", ""))


def response_of(error: Exception) -> dict[str, Any]:
    """The whole answer of the service. PynamoDB keeps only the code, and ours as its cause."""
    original = error.__cause__ if isinstance(error.__cause__, ClientError) else error
    return dict(original.response) if isinstance(original, ClientError) else {}


def reasons_of(error: Exception) -> list[dict[str, Any]]:
    """Why a transaction was cancelled, one an item: Code ("None" for no objection), Item."""
    return list(response_of(cause_of(error)).get("CancellationReasons", []))


def _by_code(error: ClientError, doing: str) -> TrueupError:
    codes = {code_of(error)} | {str(reason.get("Code")) for reason in reasons_of(error)}
    status = int(response_of(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if codes & CONDITION_FAILED:
        return ConflictError(f"{doing}: it has been changed meanwhile.")
    if codes & (BUSY | COLLISION) or status >= 500 or status == 429:  # noqa: PLR2004 - HTTP
        return RetryLaterError(f"{doing}: the service is busy.", _BUSY_SECONDS)
    if codes & ABSENT:
        return NotFoundError(f"{doing}: it does not exist.")
    return DefectError(f"{doing}: refused ({code_of(error)}).")
