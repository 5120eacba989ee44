"""Ids from outside as parts of a path.

A channel location's id may hold slashes, spaces or any script. In a path it stands as it is when
it has only letters, digits, dot, underscore and hyphen; else as ``~`` and its base64url.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import unquote

from trueup.domain.errors import NotFoundError

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def path_token(code: str) -> str:
    if _PLAIN.fullmatch(code):
        return code
    return "~" + base64.urlsafe_b64encode(code.encode()).decode().rstrip("=")


def from_path_token(token: str) -> str:
    """The inverse. NotFoundError for what is not a token."""
    if not token.startswith("~"):
        return token
    text = token[1:]
    try:
        return base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_", validate=True
        ).decode()
    except (binascii.Error, ValueError) as error:
        raise NotFoundError("There is nothing of that name.") from error


def unquoted(path: Mapping[str, str]) -> dict[str, str]:
    """Path parameters in plain text: some gateways decode them, some leave it to us."""
    return {name: unquote(value) for name, value in path.items()}
