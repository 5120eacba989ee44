"""The account's credentials, from Secrets Manager."""

import re
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from trueup.channel.contract import AccountRef
from vendure_errors import ShopError


class Credentials(msgspec.Struct, frozen=True):
    username: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(…)"


class Secrets:
    """Reads secrets `trueup/{seller}/vendure/…`; another seller's is refused."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def of(self, account: AccountRef) -> Credentials:
        """ShopError if the secret is missing, not readable, not JSON, or somebody else's."""
        name = account.secret
        if name is None:
            raise ShopError("The account names no secret with the shop's username and password.")
        # The account is written by its seller, who could name the secret of another.
        if not re.fullmatch(rf"trueup/{re.escape(account.seller)}/vendure/[\w./-]+", name):
            raise ShopError(f"The secret has to be named trueup/{account.seller}/vendure/…")
        return _credentials(self._read(name))

    def _read(self, name: str) -> str:
        try:
            value: str = self._client.get_secret_value(SecretId=name)["SecretString"]
        except (ClientError, BotoCoreError, KeyError) as error:
            raise ShopError("The account's secret could not be read.") from error
        return value


def _credentials(text: str) -> Credentials:
    try:
        return msgspec.json.decode(text, type=Credentials)
    except msgspec.MsgspecError:
        # Not chained: the error may quote the secret.
        message = 'The account\'s secret must be JSON: {"username": "…", "password": "…"}'
        raise ShopError(message) from None
