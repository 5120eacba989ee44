"""How to call the API by hand: lines that work when they are pasted into a shell."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import Final

_TARGET = "X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth"
_KIND = "Content-Type: application/x-amz-json-1.1"
_TAKE_TOKEN = r's/.*"AccessToken": *"\([^"]*\)".*/\1/'  # noqa: S105 - of sed
_BEARER = '-H "Authorization: Bearer $TOKEN"'
_READS: Final = (
    "rows?account=sandbox&direction=over&limit=5",
    "incidents?limit=3",
    "rows/divergence?account=sandbox&location=web&sku=TRU-0215",
    "audit/verify",
)


def curl_lines(
    endpoint_url: str, api_url: str, sign_in: Path, counted_at: datetime
) -> Sequence[str]:
    """Sign in; read; have an account compared now.

    Read are differences, incidents, when one began, whether the trail is sound, and a position.
    """
    headers = f"-H {quote(_TARGET)} -H {quote(_KIND)}"
    signing = f"curl -s {quote(endpoint_url + '/')} {headers} -d {quote(f'@{sign_in}')}"
    at = counted_at + timedelta(minutes=35)
    position = f"locations/north/positions/TRU-0220?at={at:%Y-%m-%dT%H:%M:%SZ}"
    return (
        f"TOKEN=$({signing} | sed {quote(_TAKE_TOKEN)})",
        *(f"curl -s {_BEARER} {quote(f'{api_url}/v1/{path}')}" for path in (*_READS, position)),
        f"curl -s -X POST {_BEARER} {quote(f'{api_url}/v1/accounts/vendure-eu/runs')}",
    )
