"""For the bug where a caller gives up on what would pass, or repeats what never will."""

from typing import Any

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError
from pynamodb.exceptions import PutError, QueryError

from trueup.adapters.errors import translate, translated
from trueup.domain.errors import (
    ConflictError,
    DefectError,
    NotFoundError,
    RetryLaterError,
    TrueupError,
)


def client_error(code: str, status: int = 400, **more: Any) -> ClientError:
    error: Any = {
        "Error": {"Code": code, "Message": "arn:aws:dynamodb:::table/secret-table"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(error, "PutItem")


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return client_error("TransactionCanceledException", CancellationReasons=reasons)


CASES: list[tuple[Exception, type[TrueupError]]] = [
    (client_error("ThrottlingException"), RetryLaterError),
    (client_error("ProvisionedThroughputExceededException"), RetryLaterError),
    (client_error("SlowDown", 503), RetryLaterError),
    (client_error("NeverHeardOfIt", 500), RetryLaterError),
    (client_error("NeverHeardOfIt", 429), RetryLaterError),
    (client_error("TransactionConflictException"), RetryLaterError),
    (client_error("ConditionalCheckFailedException"), ConflictError),
    (cancelled("None", "ConditionalCheckFailed", "TransactionConflict"), ConflictError),
    (cancelled("None", "TransactionConflict"), RetryLaterError),
    (cancelled("ThrottlingError"), RetryLaterError),
    (cancelled("ValidationError"), DefectError),
    (client_error("NoSuchKey", 404), NotFoundError),
    (client_error("404", 404), NotFoundError),
    (client_error("AccessDeniedException"), DefectError),
    (client_error("ValidationException"), DefectError),
    (client_error("ResourceNotFoundException"), DefectError),
    (exceptions.ConnectTimeoutError(endpoint_url="https://table"), RetryLaterError),
    (exceptions.ReadTimeoutError(endpoint_url="https://table"), RetryLaterError),
    (exceptions.EndpointConnectionError(endpoint_url="https://table"), RetryLaterError),
    (exceptions.ConnectionClosedError(endpoint_url="https://table"), RetryLaterError),
    (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), RetryLaterError),
    (exceptions.ParamValidationError(report="table"), DefectError),
    (exceptions.NoCredentialsError(), DefectError),
    (PutError("x", client_error("ThrottlingException")), RetryLaterError),
    (QueryError("x", exceptions.ReadTimeoutError(endpoint_url="https://table")), RetryLaterError),
    (PutError("table"), DefectError),
]


@pytest.mark.parametrize(("error", "expected"), CASES, ids=[str(error) for error, _ in CASES])
def test_an_error_of_aws_is_named_by_what_a_caller_can_do(
    error: Exception, expected: type[TrueupError]
) -> None:
    found = translate(error, "Writing")
    assert type(found) is expected
    assert str(found).startswith("Writing: ")
    assert "table" not in str(found)


def test_within_translated_only_errors_of_aws_change() -> None:
    with pytest.raises(RetryLaterError) as caught, translated("Writing"):
        raise client_error("ThrottlingException")
    assert isinstance(caught.value.__cause__, ClientError)
    with pytest.raises(ZeroDivisionError), translated("Writing"):
        raise ZeroDivisionError
    with pytest.raises(ConflictError, match="mine"), translated("Writing"):
        raise ConflictError("mine")
