"""boto3 clients for the local stack, as its root. For bootstrap and tests only."""

from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
ACCOUNT = "000000000000"


def session() -> boto3.Session:
    """Return a session with the local stack's root credentials, which are no secret."""
    return boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106
        region_name=REGION,
    )


def client(service: str, endpoint_url: str) -> Any:
    """Return a client of `service`; path-style addresses, signature v4."""
    config = Config(
        signature_version="s3v4" if service == "s3" else None,
        s3={"addressing_style": "path"},
        retries={"mode": "standard", "total_max_attempts": 2},
        read_timeout=310,
    )
    return session().client(service, endpoint_url=endpoint_url, config=config)  # type: ignore[call-overload]
