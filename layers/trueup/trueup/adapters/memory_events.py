"""Events in memory: they are remembered."""

from trueup.domain.notices import Notice
from trueup.domain.runs import Run


class MemoryEvents:
    """`completed` lists (seller, run) in order, `notices` what else there was."""

    def __init__(self) -> None:
        self.completed: list[tuple[str, Run]] = []
        self.notices: list[Notice] = []

    def run_completed(self, seller: str, run: Run) -> None:
        self.completed.append((seller, run))

    def noticed(self, notice: Notice) -> None:
        self.notices.append(notice)
