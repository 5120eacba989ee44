"""Connectors as Lambda functions, one a channel kind."""

from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from trueup.adapters.channel_answers import read_answer
from trueup.adapters.errors import code_of, translated
from trueup.channel.contract import Request, Response
from trueup.domain.accounts import SLUG
from trueup.domain.errors import DefectError, RetryLaterError, TrueupError
from trueup.ports import Meter

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CALLING = "Calling the channel"
_ABSENT = "ResourceNotFoundException"
_TIMED_OUT = "Task timed out"
_RETRY_SECONDS = 30


class _Failed(msgspec.Struct, frozen=True, rename="camel"):
    """What Lambda says of a function that failed. The message may hold secrets: never shown."""

    error_type: str = ""
    error_message: str = ""


class LambdaChannels:
    """Invokes `{prefix}{kind}` and waits; the client must not repeat calls by itself."""

    def __init__(self, client: "LambdaClient", prefix: str, meter: Meter) -> None:
        self._client = client
        self._prefix = prefix
        self._meter = meter

    def call(self, channel: str, request: Request) -> Response:
        payload = msgspec.json.encode(request)
        with translated(CALLING):
            try:
                body, failed = self._invoke(self._name(channel), payload)
            except ClientError as error:
                if code_of(error) == _ABSENT:
                    raise _undeployed(channel) from error
                raise
        if failed:
            raise failure(body)
        return read_answer(request, body)

    def exists(self, channel: str) -> bool:
        """Asks whether it could be invoked: that needs no further permission."""
        if not SLUG.fullmatch(channel):
            return False
        with translated(CALLING):
            try:
                self._client.invoke(FunctionName=self._name(channel), InvocationType="DryRun")
            except ClientError as error:
                if code_of(error) == _ABSENT:
                    return False
                raise
        return True

    def _invoke(self, name: str, payload: bytes) -> tuple[bytes, bool]:
        self._meter.add(invocations=1)
        answer: Any = self._client.invoke(FunctionName=name, Payload=payload)
        return answer["Payload"].read(), "FunctionError" in answer

    def _name(self, channel: str) -> str:
        if not SLUG.fullmatch(channel):
            raise DefectError("A channel kind has lower case letters, digits and hyphens only.")
        return f"{self._prefix}{channel}"


def failure(body: bytes) -> TrueupError:
    """The error for a connector that failed: later again if it ran out of time, else a defect."""
    try:
        failed = msgspec.json.decode(body, type=_Failed)
    except msgspec.DecodeError:
        return DefectError("The connector failed without saying how.")
    if failed.error_type == "Sandbox.Timedout" or _TIMED_OUT in failed.error_message:
        return RetryLaterError("The connector did not answer in time.", _RETRY_SECONDS)
    return DefectError(f"The connector failed ({failed.error_type[:100]}).")


def _undeployed(channel: str) -> DefectError:
    return DefectError(f"No connector is deployed for channel {channel}.")
