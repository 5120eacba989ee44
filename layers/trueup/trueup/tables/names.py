"""Names of files that nobody can steer."""

import re
import unicodedata
from collections.abc import Iterable

NAME_LIMIT = 120
"""Characters of the longest name, its ending included."""

_UNSAFE = re.compile(r"[^\w.-]+")
_DOTS = re.compile(r"\.{2,}")


def file_name(parts: Iterable[str], ending: str) -> str:
    """A name of ASCII letters, digits, `_`, `.` and `-` alone: no path, no header, no hidden file.

    Parts are joined by `-`; accents are left off; a part of which nothing is left is left out.
    """
    plain = [cleaned for part in parts if (cleaned := _cleaned(part))]
    stem = "-".join(plain)[: NAME_LIMIT - len(ending) - 1].rstrip("._-")
    return f"{stem or 'export'}.{ending}"


def _cleaned(part: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", part).encode("ascii", "ignore").decode()
    return _DOTS.sub(".", _UNSAFE.sub("-", ascii_only)).strip("._-")
