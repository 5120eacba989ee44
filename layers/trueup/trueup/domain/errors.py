"""Errors, named by what the caller does about them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where (field path, or row and column) and why."""

    where: str
    reason: str


class TrueupError(Exception):
    """Base of all errors this product raises on purpose; `str()` is fit for a seller to read."""


class RetryLaterError(TrueupError):
    """Nothing is wrong with the request; the same call may succeed after `seconds`."""

    def __init__(self, message: str, seconds: int = 1) -> None:
        super().__init__(message)
        self.seconds = seconds


class ConflictError(TrueupError):
    """Somebody else was first: read again, then decide."""


class LeaseLostError(ConflictError):
    """The run no longer holds the lease of its account; it can make nothing visible."""


class CoolingError(ConflictError):
    """Channel locations are not free to be forced yet: all will be in `seconds`, if nobody comes
    first. `faults` tells of each location what is in the way.
    """

    def __init__(self, message: str, seconds: int, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.seconds = seconds
        self.faults = faults


class NotFoundError(TrueupError):
    """No such thing for this seller."""


class ForbiddenError(TrueupError):
    """The caller's role does not allow this."""


class RejectedError(TrueupError):
    """The input is wrong; `faults` lists all that is wrong with it, not only the first."""

    def __init__(self, message: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class UnsupportedError(TrueupError):
    """The channel cannot do this at all. `documentation`: the page about it, a path in the
    product's repository.
    """

    def __init__(self, message: str, documentation: str | None = None) -> None:
        super().__init__(message)
        self.documentation = documentation


class DefectError(TrueupError):
    """A promise inside the product was broken: a person has to look at it."""
