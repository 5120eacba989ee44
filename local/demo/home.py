"""Where the demo keeps its own things, beside the stack's state."""

from dataclasses import dataclass
from pathlib import Path

from local.embedded import Embedded


@dataclass(frozen=True, slots=True)
class Home:
    """`state` outlives starts like the stack's own; the folder above it is the install's."""

    state: Path

    @classmethod
    def of(cls, trueup: Embedded) -> "Home":
        return cls(trueup.stack.state)

    @property
    def login(self) -> Path:
        return self.state.parent / "demo.json"

    @property
    def files(self) -> Path:
        """What was imported, and the body of a sign-in."""
        return self.state.parent / "demo"

    @property
    def sign_in(self) -> Path:
        return self.files / "sign-in.json"

    @property
    def vendure(self) -> Path:
        """The Vendure server's log; its database is in it too."""
        return self.state / "vendure"

    @property
    def vendure_database(self) -> Path:
        return self.vendure / "shop.sqlite"
