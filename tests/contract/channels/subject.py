"""The connector under test: any function from an event to an answer."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from trueup.adapters.channel_answers import read_answer
from trueup.channel.contract import (
    AccountRef,
    Budget,
    CheckRequest,
    CheckResponse,
    DescribeRequest,
    DescribeResponse,
    FetchRequest,
    FetchResponse,
    Observation,
    PushRequest,
    PushResponse,
    PushRow,
    Request,
    Response,
)

ANSWERS = 20_000
LONGEST_WAIT = 5
AMPLE = Budget(milliseconds=60_000)


class BrokenError(Exception):
    """What a deployed connector raises: its invocation ended in a function error."""


@dataclass(frozen=True)
class Subject:
    """A connector, an account that has at least two items, and the account's secret texts.

    With `may_push` the suite sets a few items by one unit and sets them back.
    """

    call: Callable[[dict[str, Any]], dict[str, Any]]
    account: AccountRef
    secrets: tuple[str, ...] = ()
    may_push: bool = True

    def ask(self, request: Request) -> Response:
        body = msgspec.json.encode(self.call(msgspec.to_builtins(request)))
        leaked = [secret for secret in self.secrets if secret.encode() in body]
        assert not leaked, "an answer holds a secret"
        return read_answer(request, body)

    def describe(self) -> DescribeResponse:
        described = self.ask(DescribeRequest(account=self.account))
        assert isinstance(described, DescribeResponse), described
        return described

    def fetch(self, budget: Budget = AMPLE, **arguments: Any) -> FetchResponse:
        answer = self.ask(FetchRequest(account=self.account, budget=budget, **arguments))
        assert isinstance(answer, FetchResponse)
        return answer

    def push(self, rows: list[PushRow], budget: Budget = AMPLE) -> PushResponse:
        answer = self.ask(PushRequest(account=self.account, budget=budget, rows=rows))
        assert isinstance(answer, PushResponse)
        return answer

    def check(self, batches: list[str]) -> CheckResponse:
        request = CheckRequest(account=self.account, budget=AMPLE, batches=batches)
        answer = self.ask(request)
        assert isinstance(answer, CheckResponse)
        return answer

    def walk(self, budget: Budget = AMPLE, cursor: str | None = None, **filters: Any) -> "Walk":
        """A whole fetch, or the rest of one from a cursor."""
        walk = Walk()
        for answer in self._answers(budget, cursor, filters):
            walk.take(answer)
        return walk

    def _answers(
        self, budget: Budget, cursor: str | None, filters: dict[str, Any]
    ) -> Iterator[FetchResponse]:
        for _ in range(ANSWERS):
            answer = self.fetch(budget, cursor=cursor, **filters)
            yield answer
            if answer.outcome == "done":
                return
            assert answer.outcome != "failed", answer.reason
            assert answer.cursor, "an answer that is not the last has a cursor"
            time.sleep(min(answer.retry_after_seconds, LONGEST_WAIT))
            cursor = answer.cursor
        raise AssertionError("the fetch does not come to an end")


@dataclass
class Walk:
    """The answers of a fetch, checked against each other as they come."""

    answers: list[FetchResponse] = field(default_factory=list)

    def take(self, answer: FetchResponse) -> None:
        if self.answers and answer.first == 0 and self.answers[-1].end:
            self.answers = []  # the connector began again, as it may where the channel changed
        if self.answers:
            assert answer.first == self.answers[-1].end, "an answer is missing or overlaps"
        self.answers.append(answer)

    @property
    def rows(self) -> list[Observation]:
        return [row for answer in self.answers for row in answer.rows]

    @property
    def by_place(self) -> dict[tuple[str, str], Observation]:
        return {(row.location, row.key): row for row in self.rows}
