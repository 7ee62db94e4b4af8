"""An emulated account on a port, its owner's clients, and roles with policies."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.sandbox.aws import account as aws
from pennsieve_agent.sandbox.aws.batch.containers import Container, Machine
from pennsieve_agent.sandbox.aws.batch.jobs import Ended, Unstartable
from pennsieve_agent.sandbox.aws.functions.functions import Handler
from pennsieve_agent.sandbox.aws.rights.role_sessions import Keys, session
from pennsieve_agent.sandbox.aws.services import Extras
from pennsieve_agent.sandbox.host.ports import Listener, bind
from tests.aws.emulator import reset_moto

OWNER = Keys("AKIAOWNEROWNEROWNER1", "owner", "", 0)
REGION = "us-east-1"
NUMBER = "123456789012"


def service_trust(*services: str) -> dict[str, Any]:
    """A trust policy for services of AWS, of this account only."""
    return _document(
        Principal={"Service": list(services)},
        Action="sts:AssumeRole",
        Condition={"StringEquals": {"aws:SourceAccount": NUMBER}},
    )


def allow(*pairs: tuple[str, str]) -> dict[str, Any]:
    """A policy that allows these actions on these resources."""
    statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in pairs]
    return {"Version": "2012-10-17", "Statement": statements}


def _document(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


class Stage:
    """A machine whose containers do what their command says; ``held`` ones wait to be stopped."""

    def __init__(self) -> None:
        self.containers: list[Container] = []
        self.held = threading.Semaphore(0)
        self.ready: dict[str, Callable[[Container], None]] = {}

    def run(self, container: Container, log: Callable[[str], None], stop: threading.Event) -> Ended:
        self.containers.append(container)
        match container.command:
            case ("say", *words):
                for word in words:
                    log(word)
            case ("exit", code, *reason):
                return Ended(int(code), reason=" ".join(reason))
            case ("fail", reason):
                raise Unstartable(reason)
            case ("hold",):
                self.held.release()
                stop.wait(20)
                return Ended(137)
            case ("do", name):
                self.ready[name](container)
            case _:
                raise AssertionError(f"there is no such act: {container.command}")
        return Ended(0)


class Cloud:
    """An emulated account."""

    def __init__(
        self,
        url: str,
        asked: list[tuple[str, Ask]],
        code: dict[str, Handler],
        stage: Stage,
        account: aws.Account,
    ) -> None:
        self.url = url
        self.stage = stage
        self.services = account.services
        self.asked = asked
        self.code = code
        self.owner = session(OWNER, REGION, url)

    def role(
        self, name: str, trust: Mapping[str, Any], policy: Mapping[str, Any], boundary: str = ""
    ) -> str:
        """A role with an inline policy; its ARN."""
        iam = self.owner.client("iam")
        limits = {"PermissionsBoundary": boundary} if boundary else {}
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), **limits)
        if policy["Statement"]:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        return str(made["Role"]["Arn"])

    def assume(self, role: str) -> Any:
        """A session of a role, as its owner may take it."""
        found = self.owner.client("sts").assume_role(RoleArn=role, RoleSessionName="test")
        keys = found["Credentials"]
        given = Keys(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], 0)
        return session(given, REGION, self.url)

    def function(self, name: str, role: str, handler: Handler, **options: Any) -> None:
        """A function that runs a piece of this process."""
        self.code[f"code.{name}"] = handler
        self.owner.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler=f"code.{name}",
            Code={"ZipFile": b"PK\x05\x06" + b"\0" * 18},
            **options,
        )


@contextmanager
def open_cloud(
    data: Path, machine: Machine | None = None, code: dict[str, Handler] | None = None
) -> Iterator[Cloud]:
    """An emulated account, empty at first; its jobs are acted, unless a machine is given.

    ``code`` is what its functions run.
    """
    data.mkdir(exist_ok=True)
    reset_moto()
    boto3.DEFAULT_SESSION = None
    asked: list[tuple[str, Ask]] = []
    code = {} if code is None else code
    (taken,) = bind([0])
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    stage = Stage()
    extras = Extras(code.get, machine or stage, lambda role, ask: asked.append((role, ask)))
    account = aws.Account(data, url, (OWNER.access_key, OWNER.secret), extras)
    listener = Listener(taken, account)
    listener.start()
    try:
        account.load()
        yield Cloud(url, asked, code, stage, account)
    finally:
        account.stop()
        listener.close()
