"""Starts and stops the test channel: one Vendure server in its own process group, on loopback."""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from local.vendure.packages import SOURCE, find_node, install, lock_hash

START_SECONDS = 60
STOP_SECONDS = 10


class ServerError(Exception):
    """The server did not start; the text has the end of its log."""


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach a shop whose database is kept: the same in every start."""

    username: str
    password: str
    port: int
    packages: str


class VendureServer:
    """A running server; use it as a context manager, or call ``stop``."""

    def __init__(self, process: subprocess.Popen[bytes], login: Login, log: Path) -> None:
        self._process = process
        self.username = login.username
        self.password = login.password
        self.port = login.port
        self.log = log

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin_url(self) -> str:
        return f"{self.url}/admin-api"

    @property
    def shop_url(self) -> str:
        return f"{self.url}/shop-api"

    @classmethod
    def start(cls, folder: Path, port: int | None = None, database: Path | None = None) -> Self:
        """Start a server and wait until its admin API answers.

        ``folder`` takes the log. Without ``database`` the shop lives in memory and ends with the
        server; with it, the shop, its login and its port are the same at the next start.
        ``port`` None takes the port of the last start, else a free one.

        Raises ServerError, NoNodeError, InstallError.
        """
        folder.mkdir(parents=True, exist_ok=True)
        login = _login(database, port)
        _keep(database, login)
        ready, log = folder / f"ready-{secrets.token_hex(4)}", folder / "vendure.log"
        with log.open("wb") as output:
            process = _spawn(login, database, ready, output)
        try:
            found = _await_port(process, ready, log)
        except BaseException:
            _end(process)
            raise
        login = replace(login, port=found)
        _keep(database, login)
        return cls(process, login, log)

    def stop(self) -> None:
        """End the server, writing its database file first. Does nothing the second time."""
        _end(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _login_path(database: Path) -> Path:
    return database.with_name(f"{database.name}.login.json")


def _login(database: Path | None, port: int | None) -> Login:
    kept = _kept_login(database) if database is not None else None
    if kept is None:
        return Login("trueup-test", secrets.token_urlsafe(24), port or 0, lock_hash())
    wanted = port if port is not None else _if_free(kept.port)
    return Login(kept.username, kept.password, wanted, kept.packages)


def _kept_login(database: Path) -> Login | None:
    if not database.exists():
        return None
    login = Login(**json.loads(_login_path(database).read_text()))
    if login.packages != lock_hash():
        raise ServerError(f"{database} was written by another Vendure version: delete it")
    return login


def _keep(database: Path | None, login: Login) -> None:
    """Keep login and port beside the database file, readable by its owner only."""
    if database is None:
        return
    path = _login_path(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(login)))


def _if_free(port: int) -> int:
    """The port, or 0 (any) if somebody else holds it now."""
    with socket.socket() as probe:
        # Connections of the last run that are not yet timed out do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def _spawn(
    login: Login, database: Path | None, ready: Path, output: IO[bytes]
) -> subprocess.Popen[bytes]:
    node = find_node()
    settings = {
        "VENDURE_PACKAGES": str(install(node)),
        "VENDURE_PORT": str(login.port),
        "VENDURE_USERNAME": login.username,
        "VENDURE_PASSWORD": login.password,
        "VENDURE_DATABASE": str(database or ""),
        "VENDURE_READY_FILE": str(ready),
    }
    return subprocess.Popen(
        [node.node, str(SOURCE / "server.mjs")],
        env={**os.environ, **settings},
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _await_port(process: subprocess.Popen[bytes], ready: Path, log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerError(f"Vendure did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.05)
    port = int(ready.read_text())
    ready.unlink()
    return port


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
