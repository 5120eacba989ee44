"""Puts the connector together from the environment, once per warm Lambda."""

import os
from functools import cache

import boto3

from drop_connector import FileConnector


@cache
def connector() -> FileConnector:
    return FileConnector(boto3.client("s3"), os.environ["DROP_BUCKET"])
