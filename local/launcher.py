"""Start MiniStack so that its Lambdas run as on AWS. Runs in the stack's environment, not ours.

Three changes to it:
- MiniStack runs Python Lambdas with its own interpreter, so they would see pydantic and whatever
  else MiniStack needs, and a dependency missing from a bundle would go unnoticed. They get one
  that has only what AWS's runtime has.
- It unpacks code and layer anew for every worker of every function. Here a bundle is unpacked
  once and linked, which makes a cold start about as long as on AWS.
- It ends when the process that started it does, however that one died.
"""

import hashlib
import os
import signal
import sys
import tempfile
import threading
import types
import zipfile
from pathlib import Path
from typing import Any

from ministack import app  # type: ignore[import-not-found]
from ministack.core import lambda_runtime  # type: ignore[import-not-found]

_find = lambda_runtime._detect_runtime_binary  # noqa: SLF001
_python = os.environ.pop("TRUEUP_RUNTIME_PYTHON")


def _with_runtime_python(runtime: str) -> tuple[str, str]:
    binary, worker = _find(runtime)
    return (_python if runtime.startswith("python") else binary), worker


class _UnpackedOnce(zipfile.ZipFile):
    """A zip that unpacks by linking to one copy, shared and, as on AWS, not to be written to."""

    _unpacking = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        """Make `path` look as if unpacked."""
        contents = repr([(entry.filename, entry.CRC) for entry in self.infolist()])
        digest = hashlib.sha256(contents.encode()).hexdigest()
        shared = Path(tempfile.gettempdir()) / "unpacked" / digest
        with self._unpacking:
            if not shared.exists():
                partial = shared.with_suffix(".partial")
                super().extractall(partial, members, pwd)
                partial.rename(shared)
        for entry in shared.iterdir():
            (Path(path) / entry.name).symlink_to(entry)


def _end_with_parent() -> None:
    sys.stdin.read()  # returns when the parent's end of the pipe closes
    os.kill(os.getpid(), signal.SIGTERM)


# Only for this module of it: everything else goes on to see the real zipfile.
lambda_runtime.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": _UnpackedOnce})
lambda_runtime._detect_runtime_binary = _with_runtime_python  # noqa: SLF001
threading.Thread(target=_end_with_parent, daemon=True).start()
app.main()
