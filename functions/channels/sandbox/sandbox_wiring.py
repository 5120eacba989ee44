"""Puts the connector and its admin together from the environment, once per warm Lambda."""

import os
from functools import cache
from typing import Any

import boto3

from sandbox_admin import Admin, administer, is_administrative
from sandbox_connector import SandboxConnector
from sandbox_store import Store
from trueup.channel.serve import answer


@cache
def store() -> Store:
    return Store(boto3.client("dynamodb"), os.environ["SANDBOX_TABLE"])


def operate(event: dict[str, Any]) -> dict[str, Any]:
    """The contract's operations, and those of the shop's owner, `sandbox.…`."""
    if is_administrative(event):
        return administer(Admin(store()), event)
    return answer(SandboxConnector(store()), event)
