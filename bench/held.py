"""How much memory a process has held."""

import sys
from pathlib import Path
from resource import RUSAGE_SELF, getrusage


def bytes_held() -> int:
    """Bytes that this process has held at most.

    Linux tells it of the process itself; what `getrusage` tells begins with what the process
    held that started this one.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        unit = 1 if sys.platform == "darwin" else 1024
        return getrusage(RUSAGE_SELF).ru_maxrss * unit
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
