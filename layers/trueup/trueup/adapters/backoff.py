"""Waiting between attempts: exponential with full jitter, bounded."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from secrets import SystemRandom


@dataclass(frozen=True)
class Backoff:
    """At most `attempts` tries; before the n-th repeat a random wait of up to base x 2^n seconds.

    Full jitter, so that writers who collided do not collide again.
    """

    attempts: int = 7
    base: float = 0.05
    longest: float = 2.0
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = SystemRandom().random

    def tries(self) -> Iterator[int]:
        """Attempt numbers from 0; sleeps between them."""
        for attempt in range(self.attempts):
            if attempt:
                self.sleep(self.random() * min(self.longest, self.base * 2**attempt))
            yield attempt
