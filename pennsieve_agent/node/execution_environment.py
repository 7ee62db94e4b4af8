"""What a Lambda execution environment keeps between invocations: a node with its clients.

A function's start has more of a processor than its calls have, and may come before the first of
them (AWS Lambda, "Lambda execution environment lifecycle"): so clients that are sure to be used are
made while the function's module is loaded.
"""

from __future__ import annotations

import functools
import os

from pennsieve_agent.node.node import Node, node_of


@functools.cache
def environment_node() -> Node:
    """The node of this environment, by its variables."""
    import boto3  # noqa: PLC0415 - slow, and not needed by who brings a session

    return node_of(boto3.session.Session(), os.environ)


def make_clients(*services: str) -> None:
    """Make clients of services of AWS, where this is a function's environment."""
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        for service in services:
            environment_node().client(service)
