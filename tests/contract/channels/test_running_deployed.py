"""For a suite that works in this process only: run as a third party would, over Lambda's API."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

import sandbox_wiring

ACCOUNT = {"seller": "acme", "account": "s"}
TEST = Path(__file__).with_name("test_deployed.py")


class Invocations(BaseHTTPRequestHandler):
    """Lambda's Invoke, as far as the suite uses it, with the sandbox behind it."""

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        try:
            answer, failed = sandbox_wiring.operate(event), False
        except Exception as error:  # noqa: BLE001 - as Lambda does
            answer, failed = {"errorMessage": str(error)}, True
        body = json.dumps(answer).encode()
        self.send_response(200)
        if failed:
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("SANDBOX_TABLE", "sandbox")
    sandbox_wiring.store.cache_clear()
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="sandbox",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in ("pk", "sk")],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        filling = {"locations": [{"id": "L1"}, {"id": "L2"}], "generate": {"items": 60}}
        sandbox_wiring.operate({"operation": "sandbox.seed", "account": ACCOUNT, **filling})
        server = ThreadingHTTPServer(("127.0.0.1", 0), Invocations)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()
    sandbox_wiring.store.cache_clear()


@pytest.mark.slow
def test_the_suite_runs_against_a_lambda(endpoint: str, tmp_path: Path) -> None:
    account = tmp_path / "account.json"
    account.write_text(json.dumps(ACCOUNT))
    options = ("--connector-function", "x", "--connector-account", str(account))
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL_LAMBDA": endpoint,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(TEST), "-q", *options, "--connector-push"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "passed" in done.stdout
