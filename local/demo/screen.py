"""What the demo prints: lines for good, and on a terminal one line that keeps changing."""

import shutil
from collections.abc import Mapping, Sequence
from typing import TextIO


class Screen:
    """Writes to a stream, without changing lines where it is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._live = ""
        self._told: Mapping[str, str] = {}

    def say(self, text: str = "") -> None:
        """Print a line."""
        self._clear()
        print(text, file=self._stream, flush=True)

    def title(self, text: str) -> None:
        self.say(f"\n{text}")

    def item(self, name: str, text: str) -> None:
        """Print what came of one thing."""
        self.say(f"  {name:<11} {text}")

    def live(self, text: str) -> None:
        """Show what is going on; in a log, each text that is new."""
        if text == self._live:
            return
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r\x1b[K{text[:width]}")
            self._stream.flush()
        elif text:
            print(text, file=self._stream, flush=True)
        self._live = text

    def progress(self, told: Mapping[str, str]) -> None:
        """Show how several things come on; in a log, only those that came on since."""
        if self._terminal:
            self.live("  " + " | ".join(f"{name}: {text}" for name, text in told.items()))
            return
        for name, text in told.items():
            if text != self._told.get(name):
                self.item(name, text)
        self._told = dict(told)

    def _clear(self) -> None:
        if self._live and self._terminal:
            self._stream.write("\r\x1b[K")
        self._live = ""


def table(header: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> list[str]:
    """Lines of columns, two spaces apart; the first `texts` to the left, numbers to the right."""
    everything = [header, *rows]
    widths = [max(len(row[column]) for row in everything) for column in range(len(header))]
    lines = [_line(row, widths, texts) for row in everything]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def _line(row: Sequence[str], widths: Sequence[int], texts: int) -> str:
    cells = zip(row, widths, strict=True)
    padded = [
        cell.ljust(width) if column < texts else cell.rjust(width)
        for column, (cell, width) in enumerate(cells)
    ]
    return "  ".join(padded).rstrip()
