"""AWS clients: made once a process, on first use. Region and endpoint are botocore's own settings.

Retries are botocore's standard mode (jittered); invoking a Lambda is never repeated, since a
connector may have acted.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

CONNECT_SECONDS = 3
READ_SECONDS = 5
"""Four tries of it end within the 29 seconds that a request of the API has."""
MAX_ATTEMPTS = 4
INVOKE_SECONDS = 910
"""Longer than any Lambda may run (900 s), so that the function's own timeout is what we see."""
_USER_AGENT = "trueup/1"


def config(**changes: Any) -> Config:
    """Botocore's configuration for every client, with changes for one."""
    settings: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
        "user_agent_extra": _USER_AGENT,
        "max_pool_connections": 32,
    }
    return Config(**(settings | changes))


class Clients:
    """The clients of one process; `options` (such as endpoint_url) go to each of them.

    `invoke_seconds` is how long a connector's answer is waited for.
    """

    def __init__(self, invoke_seconds: int = INVOKE_SECONDS, **options: Any) -> None:
        self._invoke_seconds = invoke_seconds
        self._options = options
        self._session = boto3.Session()

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        # Validating parameters costs as much CPU as sending them (docs of the bulk path).
        return self._session.client(
            "dynamodb", config=config(parameter_validation=False), **self._options
        )

    @cached_property
    def s3(self) -> "S3Client":
        # Presigned links must say SigV4 themselves; path style works with any endpoint.
        return self._session.client("s3", config=config(signature_version="s3v4"), **self._options)

    @cached_property
    def lambda_(self) -> "LambdaClient":
        once = {"mode": "standard", "total_max_attempts": 1}
        waiting = config(read_timeout=self._invoke_seconds, retries=once, tcp_keepalive=True)
        return self._session.client("lambda", config=waiting, **self._options)

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        return self._session.client("stepfunctions", config=config(), **self._options)

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self._session.client("events", config=config(), **self._options)
