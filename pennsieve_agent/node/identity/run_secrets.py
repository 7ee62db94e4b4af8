"""What is secret of one run, from its start to its end: one object of Secrets Manager each.

Not in Parameter Store, as what stands for long is (:mod:`.node_secrets`): that takes few writes a
second (AWS Systems Manager User Guide, "Changing Parameter Store throughput",
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-throughput.html), and
many runs may start at once. An object costs 0.40 USD a month by the hour, so a run of an hour
0.0006 USD. It is encrypted with the node's key where there is one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.node import Node, aws_code

MOST_BYTES = 65_536
"""What one object of Secrets Manager holds (AWS Secrets Manager, "Quotas")."""
_NOT_FOUND = {"ResourceNotFoundException", "InvalidRequestException"}


class RunSecrets:
    """The secrets of the runs of one node, by a run's scope."""

    def __init__(self, node: Node) -> None:
        self._client = node.client("secretsmanager")
        self._settings = node.settings

    def read(self, scope: str) -> tuple[str, dict[str, str]]:
        """The ARN and the values of a scope; empty when it has none."""
        try:
            answer = self._client.get_secret_value(SecretId=self._settings.secret_prefix + scope)
        except Exception as error:
            if aws_code(error) in _NOT_FOUND:
                return "", {}
            raise
        values: dict[str, str] = json.loads(answer["SecretString"])
        return str(answer["ARN"]), values

    def merge(self, scope: str, more: Mapping[str, str]) -> str:
        """Set some, while others stay; the ARN of the object.

        What is there already is not written again: an object takes about 100 versions a day (AWS
        Secrets Manager, "Quotas",
        https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).

        Raises:
            ValueError: there is no room for them.

        """
        arn, values = self.read(scope)
        text = json.dumps({**values, **more})
        if len(text.encode()) > MOST_BYTES:
            raise ValueError("the secrets together are larger than 64 KB")
        if arn and {**values, **more} == values:
            return arn
        if arn:
            self._client.put_secret_value(SecretId=arn, SecretString=text)
            return arn
        own: dict[str, Any] = {"KmsKeyId": self._settings.key} if self._settings.key else {}
        created = self._client.create_secret(
            Name=self._settings.secret_prefix + scope,
            SecretString=text,
            Tags=[{"Key": "pennsieve:token", "Value": self._settings.token}],
            **own,
        )
        return str(created["ARN"])

    def remove(self, scope: str) -> None:
        """Remove all of a scope. May be repeated."""
        arn, _ = self.read(scope)
        if arn:
            # At once: the name could not be used again during a recovery window.
            self._client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
