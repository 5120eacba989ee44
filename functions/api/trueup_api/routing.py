"""A route: its path, the role it needs, what it takes and every answer it can give.

The table of routes is the one source of the resolver's routes, of the OpenAPI document and of
the tests that try every route with the wrong token.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from trueup.usecases.auth import Role
from trueup_api.world import Shop

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Q = TypeVar("Q", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)


class Strict(BaseModel):
    """Input and output of the API: what is not declared is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoQuery(Strict):
    """A route without query parameters."""


class NoBody(Strict):
    """A route without a body."""


@dataclass(frozen=True)
class Call(Generic[Q, B]):
    """A request that was let in and read. `key`: its Idempotency-Key, where its route takes one."""

    shop: Shop
    path: Mapping[str, str]
    query: Q
    body: B
    key: str | None = None


@dataclass(frozen=True)
class Answer:
    status: HTTPStatus = HTTPStatus.OK
    body: BaseModel | None = None
    location: str | None = None


def ok(body: BaseModel) -> Answer:
    return Answer(HTTPStatus.OK, body)


def created(body: BaseModel, location: str) -> Answer:
    return Answer(HTTPStatus.CREATED, body, location)


def accepted(body: BaseModel, location: str) -> Answer:
    return Answer(HTTPStatus.ACCEPTED, body, location)


NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


@dataclass(frozen=True)
class Route:
    """`path` has its parameters as ``<name>``. `answer` is (status, body type or None)."""

    method: Method
    path: str
    role: Role
    run: Callable[[Call[Any, Any]], Answer]
    answer: tuple[HTTPStatus, type[BaseModel] | None]
    summary: str
    query: type[BaseModel] = NoQuery
    body: type[BaseModel] = NoBody
    problems: tuple[HTTPStatus, ...] = ()
    repeatable: bool = False
    """Takes an Idempotency-Key."""
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def takes_body(self) -> bool:
        return self.body is not NoBody
