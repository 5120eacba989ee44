"""Events in memory: they are remembered."""

from trueup.domain.runs import Run


class MemoryEvents:
    """`completed` lists (seller, run) in order."""

    def __init__(self) -> None:
        self.completed: list[tuple[str, Run]] = []

    def run_completed(self, seller: str, run: Run) -> None:
        self.completed.append((seller, run))
