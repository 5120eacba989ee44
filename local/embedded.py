"""Trueup, deployed to a stack on this machine: its addresses, clients and people."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import clients
from local.deploy import deploy
from local.stack import Stack, running

# Of the local stack only, which listens on loopback and starts with no users.
LOCAL_PASSWORD = "Local-Only-Password-1"  # noqa: S105


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in."""

    email: str
    sub: str
    password: str = LOCAL_PASSWORD


@dataclass(frozen=True)
class Embedded:
    """A deployed Trueup on a running local stack."""

    stack: Stack
    outputs: dict[str, str]

    @property
    def endpoint_url(self) -> str:
        return self.stack.endpoint_url

    @property
    def api_url(self) -> str:
        """The HTTP API's address: by path, since not every resolver knows *.localhost."""
        return f"{self.endpoint_url}/_aws/execute-api/{self.outputs['ApiId']}"

    def client(self, service: str) -> Any:
        """Return a boto3 client with root rights: for bootstrap and tests only."""
        return clients.client(service, self.endpoint_url)

    def create_person(self, email: str, seller: str, roles: Sequence[str]) -> Person:
        """Create somebody with a membership; the same email again only changes the membership."""
        person = Person(email, self._sub(email))
        self.client("dynamodb").put_item(
            TableName=self.outputs["MembersTableName"],
            Item={
                "pk": {"S": person.sub},
                "seller": {"S": seller},
                "roles": {"SS": list(roles)},
            },
        )
        return person

    def access_token(self, person: Person) -> str:
        """Sign in and return an access token, good for 15 minutes."""
        return self.tokens(person)["AccessToken"]

    def tokens(self, person: Person) -> dict[str, str]:
        """Sign in and return all that Cognito gives: AccessToken, IdToken, RefreshToken."""
        reply = self.client("cognito-idp").initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=self.outputs["UserPoolClientId"],
            AuthParameters={"USERNAME": person.email, "PASSWORD": person.password},
        )
        result: dict[str, str] = reply["AuthenticationResult"]
        return result

    def _sub(self, email: str) -> str:
        cognito, pool = self.client("cognito-idp"), self.outputs["UserPoolId"]
        found = cognito.list_users(UserPoolId=pool, Filter=f'email = "{email}"')["Users"]
        if found:
            return _sub_of(found[0]["Attributes"])
        created = cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            TemporaryPassword=LOCAL_PASSWORD,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=email, Password=LOCAL_PASSWORD, Permanent=True
        )
        return _sub_of(created["User"]["Attributes"])


@contextmanager
def deployed(state: Path, port: int = 0) -> Iterator[Embedded]:
    """Yield Trueup deployed to a stack that lives as long as the block."""
    with running(state, port) as stack:
        yield Embedded(stack, deploy(stack).outputs)


def _sub_of(attributes: list[dict[str, str]]) -> str:
    return next(entry["Value"] for entry in attributes if entry["Name"] == "sub")
