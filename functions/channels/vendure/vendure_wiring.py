"""Puts the connector together from the environment, once per warm Lambda."""

import os
from functools import cache

import boto3

from vendure_addresses import GuardedTransport
from vendure_connector import VendureConnector
from vendure_secrets import Secrets


@cache
def connector() -> VendureConnector:
    loopback = os.environ.get("ALLOW_LOOPBACK") == "1"
    client = boto3.client("secretsmanager")
    return VendureConnector(Secrets(client), GuardedTransport(allow_loopback=loopback), loopback)
