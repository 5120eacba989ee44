"""MiniStack as a child process: started on loopback, watched, and stopped so that it saves."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from filelock import FileLock, Timeout

from local import venvs

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
    lock: FileLock

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
    stack = _launch(state, _usable(port), _claimed(state))
    try:
        _wait_until_ready(stack)
    except BaseException:
        stop(stack)
        raise
    return stack


def _launch(state: Path, port: int, lock: FileLock) -> Stack:
    scratch = state / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed stack left behind
    scratch.mkdir()
    with (state / "stack.log").open("ab") as log:
        process = subprocess.Popen(
            [str(venvs.stack_python()), str(Path(__file__).with_name("launcher.py"))],
            env=_environment(state, port),
            cwd=state,
            stdin=subprocess.PIPE,  # held open: the launcher ends when it closes
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches us, and we stop it in order
        )
    return Stack(port, state, process, lock)


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
    stack.lock.release()


def _environment(state: Path, port: int) -> dict[str, str]:
    # Nothing of the caller's but PATH: local Lambdas inherit this, and AWS settings or
    # a PYTHONPATH in it would make them see what they will not see on AWS.
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(state),
        "LANG": "C.UTF-8",
        "TMPDIR": str(state / "tmp"),
        "TRUEUP_RUNTIME_PYTHON": str(venvs.runtime_python()),
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


def _claimed(state: Path) -> FileLock:
    """Claim `state`: two stacks would save over each other."""
    lock = FileLock(state / "lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise StackError(f"another stack is running on {state}; stop it first") from error
    return lock


def _usable(port: int) -> int:
    """Return `port` if nothing listens on it, any free one if something does or it is 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
        return free


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
        return httpx.get(f"{stack.endpoint_url}/_ministack/health", timeout=5).is_success
    except httpx.TransportError:
        return False
