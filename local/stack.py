"""MiniStack as a child process: started on loopback, watched, and stopped so that it saves."""

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import environments

DEFAULT_PORT = 4710
_START_SECONDS = 60
_STOP_SECONDS = 60


class StackError(Exception):
    """The stack did not start, or did not deploy; the message says where to look."""


@dataclass(frozen=True)
class Stack:
    """A running MiniStack."""

    port: int
    state: Path
    process: subprocess.Popen[bytes]

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.state / "stack.log"


@contextmanager
def running(state: Path, port: int = 0) -> Iterator[Stack]:
    """Yield a stack whose state is kept in `state`; port 0 takes any free one."""
    stack = start(state, port)
    try:
        yield stack
    finally:
        stop(stack)


def start(state: Path, port: int = 0) -> Stack:
    """Start a stack and wait until it answers; raises StackError if it does not."""
    state.mkdir(parents=True, exist_ok=True)
    port = port or _free_port()
    scratch = state / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed stack left behind
    scratch.mkdir()
    with (state / "stack.log").open("ab") as log:
        process = subprocess.Popen(
            [str(environments.stack_python()), str(Path(__file__).with_name("launcher.py"))],
            env=_environment(state, port),
            cwd=state,
            stdin=subprocess.PIPE,  # held open: the launcher ends when it closes
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches us, and we stop it in order
        )
    stack = Stack(port, state, process)
    try:
        _wait_until_ready(stack)
    except BaseException:
        stop(stack)
        raise
    return stack


def stop(stack: Stack) -> None:
    """Stop a stack; it saves its state first. Does nothing to one that has ended."""
    stack.process.terminate()
    try:
        stack.process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        stack.process.kill()
        stack.process.wait()
    if stack.process.stdin:
        stack.process.stdin.close()
    shutil.rmtree(stack.state / "tmp", ignore_errors=True)


def _environment(state: Path, port: int) -> dict[str, str]:
    # Nothing of the caller's but PATH: local Lambdas inherit this, and AWS settings or
    # a PYTHONPATH in it would make them see what they will not see on AWS.
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(state),
        "LANG": "C.UTF-8",
        "TMPDIR": str(state / "tmp"),
        "TRUEUP_RUNTIME_PYTHON": str(environments.runtime_python()),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "services"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        # As on AWS, no token without the trigger that says whose it is.
        "MINISTACK_COGNITO_PRETOKEN_STRICT": "1",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(stack: Stack) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if stack.process.poll() is not None:
            raise StackError(f"the stack ended while starting, see {stack.log}")
        if _answers(stack):
            return
        time.sleep(0.1)
    raise StackError(f"the stack did not answer within {_START_SECONDS} s, see {stack.log}")


def _answers(stack: Stack) -> bool:
    try:
        with urllib.request.urlopen(f"{stack.endpoint_url}/_ministack/health", timeout=5) as reply:
            return bool(reply.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False
