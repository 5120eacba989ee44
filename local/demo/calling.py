"""How to call the API by hand: lines that work when they are pasted into a shell."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

_TARGET = "X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth"
_KIND = "Content-Type: application/x-amz-json-1.1"
_TAKE_TOKEN = r's/.*"AccessToken": *"\([^"]*\)".*/\1/'  # noqa: S105 - of sed


def curl_lines(endpoint_url: str, api_url: str, sign_in: Path) -> Sequence[str]:
    """Sign in; read the worst differences; have an account compared now."""
    bearer = '-H "Authorization: Bearer $TOKEN"'
    headers = f"-H {quote(_TARGET)} -H {quote(_KIND)}"
    signing = f"curl -s {quote(endpoint_url + '/')} {headers} -d {quote(f'@{sign_in}')}"
    rows = f"{api_url}/v1/rows?account=sandbox&direction=over&limit=5"
    return (
        f"TOKEN=$({signing} | sed {quote(_TAKE_TOKEN)})",
        f"curl -s {bearer} {quote(rows)}",
        f"curl -s -X POST {bearer} {quote(f'{api_url}/v1/accounts/vendure-eu/runs')}",
    )
