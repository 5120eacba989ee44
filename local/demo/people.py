"""Who uses the demo: one administrator of the demo seller, with a password of this install."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local.embedded import Embedded

SELLER = "demo"
EMAIL = "demo@example.com"


@dataclass(frozen=True, slots=True)
class Login:
    email: str
    password: str


def ensure_login(trueup: Embedded, file: Path) -> Login:
    """The login kept in `file`, made anew if there is none; the stack knows it afterwards."""
    login = _kept(file)
    person = trueup.create_person(login.email, SELLER, ["admin"])
    trueup.client("cognito-idp").admin_set_user_password(
        UserPoolId=trueup.outputs["UserPoolId"],
        Username=person.email,
        Password=login.password,
        Permanent=True,
    )
    return login


def sign_in_body(trueup: Embedded, login: Login) -> dict[str, Any]:
    """What Cognito's InitiateAuth takes."""
    return {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": trueup.outputs["UserPoolClientId"],
        "AuthParameters": {"USERNAME": login.email, "PASSWORD": login.password},
    }


def access_token(trueup: Embedded, login: Login) -> str:
    """Sign in; the access token alone is good for the API."""
    answer = trueup.client("cognito-idp").initiate_auth(**sign_in_body(trueup, login))
    token: str = answer["AuthenticationResult"]["AccessToken"]
    return token


def write_private(file: Path, content: dict[str, Any]) -> None:
    """Write JSON that only its owner can read, not even for a moment by others."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        json.dump(content, output)
    part.replace(file)


def _kept(file: Path) -> Login:
    if not file.exists():
        # Every kind of character that the user pool asks for.
        write_private(file, asdict(Login(EMAIL, f"{secrets.token_urlsafe(24)}-Aa1")))
    return Login(**json.loads(file.read_text()))
