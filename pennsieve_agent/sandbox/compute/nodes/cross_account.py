"""The platform's own steps in a customer's AWS account, over the emulated AWS's real protocols."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pennsieve_agent.sandbox.aws import platform_key
from pennsieve_agent.sandbox.compute.nodes import trust_check
from pennsieve_agent.sandbox.compute.nodes.role_policy import ROLE_PREFIX
from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID

_REGION = "us-east-1"


class Refused(Exception):  # noqa: N818 - a verdict, which becomes a node's state
    """The account does not let the platform do what it must; the text says why."""


class CustomerAccount:
    """One AWS account, used through its role (``contracts/resources.md`` 1.8, 1.9)."""

    def __init__(self, endpoint: str, account_id: str, role_name: str) -> None:
        self._endpoint = endpoint
        self._account_id = account_id
        self._role_name = role_name

    def assume(self) -> dict[str, str]:
        """Assume the role; answers the credentials as boto3's arguments.

        The hosted platform never sends an external id (1.8).

        Raises:
            Refused: there is no such role, its name or path is not one the platform can assume,
                or its trust policy does not let the platform in.
            botocore's errors: the emulated AWS does not answer.

        """
        arn = f"arn:aws:iam::{self._account_id}:role/{self._role_name}"
        if not self._role_name.startswith(ROLE_PREFIX):
            raise Refused(f"the platform may only assume roles called {ROLE_PREFIX}*, not {arn}")
        policy = self._trust_policy(arn)
        if why := trust_check.refusal(policy):
            raise Refused(f"{arn} cannot be assumed: {why}")
        sts = _client("sts", self._endpoint, _REGION, platform_key.KEYS)
        try:
            answer = sts.assume_role(RoleArn=arn, RoleSessionName="pennsieve")
        finally:
            sts.close()
        keys = answer["Credentials"]
        return {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }

    def invoke(
        self, keys: dict[str, str], function: str, region: str, event: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Call a function with the assumed role's credentials, and wait for its answer.

        Raises:
            Refused: it may not be called, it failed, or what it answers is not an object.

        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - heavy

        client = _client("lambda", self._endpoint, region, keys)
        try:
            answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
            reply = json.loads(answer["Payload"].read() or b"null")
        except (ClientError, BotoCoreError, ValueError) as error:
            raise Refused(f"function {function} cannot be called: {error}") from error
        finally:
            client.close()
        if answer.get("FunctionError"):
            words = reply.get("errorMessage") if isinstance(reply, dict) else reply
            raise Refused(f"function {function} failed: {words}")
        if not isinstance(reply, dict):
            raise Refused(f"function {function} gave no answer")
        return reply

    def enter(self, keys: dict[str, str], region: str) -> Access:
        """The account for who holds an assumed role's keys."""
        return Access(self._endpoint, region, keys, self._from_inside)

    def _trust_policy(self, arn: str) -> dict[str, Any]:
        """The role's trust policy, read as AWS itself would: from inside the account."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - heavy

        client = _client("iam", self._endpoint, _REGION, platform_key.KEYS)
        client.meta.events.register("before-sign.iam", self._from_inside)
        try:
            role = client.get_role(RoleName=self._role_name)["Role"]
        except ClientError as error:
            raise Refused(f"{arn} cannot be read: {error}") from error
        finally:
            client.close()
        if role["Arn"] != arn:
            raise Refused(f"the role must have the path /: it is {role['Arn']}")
        policy: dict[str, Any] = role["AssumeRolePolicyDocument"]
        return policy

    def _from_inside(self, request: Any, **_: Any) -> None:
        # The emulated AWS takes the account from this header; AWS looks into the account itself.
        request.headers["x-moto-account-id"] = self._account_id


class Access:
    """Clients of boto3 in an account, one for each service."""

    def __init__(
        self, endpoint: str, region: str, keys: dict[str, str], inside: Callable[..., None]
    ) -> None:
        self._endpoint = endpoint
        self._region = region
        self._keys = keys
        self._inside = inside
        self._clients: dict[tuple[str, bool], Any] = {}

    def __call__(self, service: str) -> Any:
        """A client with the role's keys."""
        return self._client(service, own=False)

    def sandbox(self, service: str) -> Any:
        """A client for what the sandbox itself does in the account."""
        return self._client(service, own=True)

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def _client(self, service: str, *, own: bool) -> Any:
        if (service, own) not in self._clients:
            keys = platform_key.KEYS if own else self._keys
            client = _client(service, self._endpoint, self._region, keys)
            if own:
                client.meta.events.register(f"before-sign.{service}", self._inside)
            self._clients[service, own] = client
        return self._clients[service, own]


def platform_client(service: str, endpoint: str) -> Any:
    """A client of boto3 in the platform's own account."""
    return account_client(service, endpoint, PLATFORM_ACCOUNT_ID)


def account_client(service: str, endpoint: str, account: str, region: str = _REGION) -> Any:
    """A client of boto3 for what the sandbox itself does in an account."""
    client = _client(service, endpoint, region, platform_key.KEYS)

    def inside(request: Any, **_: Any) -> None:
        request.headers["x-moto-account-id"] = account

    client.meta.events.register("before-sign", inside)
    return client


def _client(service: str, endpoint: str, region: str, keys: dict[str, str]) -> Any:
    import boto3  # noqa: PLC0415 - heavy
    from botocore.config import Config  # noqa: PLC0415 - heavy

    session = boto3.session.Session(region_name=region)
    quick = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
    return session.client(service, endpoint_url=endpoint, config=quick, **keys)
