"""Random callers, rights, replays and lies against a node, beside a model of what each may.

Nobody ever runs what is not registered, sees what is not his, or moves data of a dataset that is
not granted; and whoever may do something can. ``SOAK=N`` in the environment tries N examples.
"""

from __future__ import annotations

import copy
import json
import os
import random
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pennsieve_agent.aws.node_client import NodeClient
from pennsieve_agent.aws.node_proof import proof_of
from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.errors import AgentError, Forbidden
from pennsieve_agent.node import relay
from tests.node.cloud import ACCOUNT, ADMIN, GATEWAY
from tests.node.own_world import READ_KEY, SECRET, WRITE_KEY, Pennsieve, identity_body
from tests.node.owned import (
    DATASET,
    IMAGE,
    OTHER_DATASET,
    OTHER_WORKFLOW,
    WORKFLOW,
    Owned,
    grant,
    owned,
    start,
    user,
    version,
)
from tests.node.world import Reply, World

EXAMPLES = int(os.environ.get("SOAK", "25"))
WORKFLOWS, VERSIONS, DATASETS = (WORKFLOW, OTHER_WORKFLOW), ("v1", "v2"), (DATASET, OTHER_DATASET)
ELSEWHERE = "999999999999"
ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader"
PEOPLE = {
    "owner": user("owner"),
    "bob": user("bob"),
    "eve": user("eve", ELSEWHERE),
    "one": f"{ROLE}/one",
    "two": f"{ROLE}/two",
    "ada": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Lab_1/ada",
    "ben": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Lab_1/ben",
}
WHOSE = {name: name for name in PEOPLE} | {"two": "one"}
"""Sessions of one role see each other's runs; people of single sign-on do not."""
SHARES: dict[str, set[str]] = {
    user("bob"): {"bob"},
    ACCOUNT: {"bob", "one", "two", "ada", "ben"},
    ELSEWHERE: {"eve"},
    f"arn:aws:iam::{ACCOUNT}:role/lab/Reader": {"one", "two"},
    f"{ROLE}/one": {"one", "two"},
    f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Lab_1/ada": {"ada", "ben"},
}


class Platform(Pennsieve):
    """Pennsieve with two datasets; a package's id begins with the letter of its dataset."""

    moved: list[tuple[str, str]]

    def _data(self, request: urllib.request.Request, dataset: str, path: str) -> Reply:
        if dataset not in DATASETS:
            return super()._data(request, dataset, path)
        assert isinstance(request.data, bytes)
        for package in json.loads(request.data).get("nodeIds", ()):
            if not package.startswith(f"N:package:{dataset[-1]}"):
                return super()._data(request, "another", path)
            self.moved.append((dataset, package))
        return super()._data(request, DATASET, path)


@dataclass
class Model:
    """What is so, as the owner said."""

    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    grants: dict[tuple[str, str], str] = field(default_factory=dict)
    shares: dict[str, set[str]] = field(default_factory=dict)
    identities: set[str] = field(default_factory=set)
    runs: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def may_use(self, name: str) -> set[str]:
        if name == "owner":
            return set(WORKFLOWS)
        return {w for arn, rows in self.shares.items() if name in SHARES[arn] for w in rows}

    def may_start(self, name: str, asked: dict[str, Any]) -> bool:
        workflow, version_name = asked["workflow"], asked["version"]
        content = self.versions.get((workflow, version_name))
        access = self.grants.get((workflow, asked["dataset"]), "")
        needed = {"read", "read-write"} if content == 0 else {"read-write"}
        return (
            workflow in self.may_use(name)
            and content is not None
            and access in needed
            and workflow in self.identities
        )

    def sees(self, name: str, run: str) -> bool:
        return name == "owner" or WHOSE[self.runs[run][0]] == WHOSE[name]


class Trial:
    """One node, and what chance does to it."""

    def __init__(self, node: Owned, seed: int) -> None:
        self.node, self.chance, self.model = node, random.Random(seed), Model()  # noqa: S311 - chance, no secret
        self.clients = {name: self._client(name) for name in PEOPLE}
        self.platform = Platform(clock=node.world.clock)
        self.platform.moved = []
        self.platform.keys = {READ_KEY: f"{SECRET}1", WRITE_KEY: f"{SECRET}1"}
        node.world.open_url = self.platform.open_url  # type: ignore[method-assign]

    def _client(self, name: str) -> NodeClient:
        return self.node.caller(name, PEOPLE[name], owner=name == "owner")

    def pick(self, *choices: Any) -> Any:
        return self.chance.choice(choices)

    def ask(self, name: str, *what: Any, **more: Any) -> Any:
        """An answer, or the refusal; a clock that is off is refused, or a ticket was shown."""
        try:
            return self.clients[name].ask(*what, **more)
        except AgentError as error:
            return error

    def is_off(self, answer: Any, name: str) -> bool:
        off = abs(self.node.skews.get(name, 0)) > 300
        return off and isinstance(answer, Forbidden) and "clock" in answer.message

    def furnish(self) -> None:
        """Enough for runs to begin."""
        for workflow in WORKFLOWS:
            path = f"/workflows/{workflow}"
            self.ask("owner", "PUT", f"{path}/identity", body=identity_body())
            self.model.identities.add(workflow)
            for number, name in enumerate(VERSIONS):
                body = document(workflow, name, number)
                self.ask("owner", "PUT", f"{path}/versions/{name}", body=body)
                self.model.versions[workflow, name] = number
            for dataset in DATASETS:
                grant(self.clients["owner"], workflow, dataset, "read-write")
                self.model.grants[workflow, dataset] = "read-write"
        self.share()

    # What the owner does -------------------------------------------------------------------

    def register(self) -> None:
        workflow, name, content = self.pick(*WORKFLOWS), self.pick(*VERSIONS), self.pick(0, 1)
        path = f"/workflows/{workflow}/versions/{name}"
        answer = self.ask("owner", "PUT", path, body=document(workflow, name, content))
        known = self.model.versions.setdefault((workflow, name), content)
        assert isinstance(answer, AgentError) == (known != content)

    def unregister(self) -> None:
        workflow, name = self.pick(*WORKFLOWS), self.pick(*VERSIONS)
        self.ask("owner", "DELETE", f"/workflows/{workflow}/versions/{name}")
        was = self.model.versions.pop((workflow, name), None)
        if was is not None and not any(key[0] == workflow for key in self.model.versions):
            for dataset in DATASETS:
                self.model.grants.pop((workflow, dataset), None)
        if not any(key[0] == workflow for key in self.model.versions):
            self.model.identities.discard(workflow)

    def grant(self) -> None:
        workflow, dataset = self.pick(*WORKFLOWS), self.pick(*DATASETS)
        access = self.pick("read", "read-write", "")
        if access:
            grant(self.clients["owner"], workflow, dataset, access)
            self.model.grants[workflow, dataset] = access
        else:
            self.ask("owner", "DELETE", "/grants", {"workflow": workflow, "dataset": dataset})
            self.model.grants.pop((workflow, dataset), None)

    def share(self) -> None:
        arn = self.pick(*SHARES)
        rows = {workflow for workflow in WORKFLOWS if self.chance.random() < 2 / 3}
        one = {other for other in SHARES if other != arn and SHARES[other] == SHARES[arn]}
        for other in one:  # a role's ARN and one of its session's are the same share
            self.model.shares.pop(other, None)
        if rows:
            self.ask("owner", "PUT", "/shares", body={"arn": arn, "workflows": sorted(rows)})
            self.model.shares[arn] = rows
        else:
            self.ask("owner", "DELETE", "/shares", {"arn": arn})
            self.model.shares.pop(arn, None)

    def identify(self) -> None:
        workflow = self.pick(*WORKFLOWS)
        path = f"/workflows/{workflow}/identity"
        if self.pick("put", "put", ""):
            self.ask("owner", "PUT", path, body=identity_body())
            self.model.identities.add(workflow)
        else:
            self.ask("owner", "DELETE", path)
            self.model.identities.discard(workflow)

    # What anybody does ---------------------------------------------------------------------

    def run(self) -> None:
        name = self.pick("owner", "owner", *PEOPLE)
        again = self.pick(*self.model.runs, *["", ""] * (1 + len(self.model.runs)))
        asked = start(
            workflow=self.pick(*WORKFLOWS),
            version=self.pick(*VERSIONS, *VERSIONS, "v3"),
            dataset=self.pick(*DATASETS),
            packages=[self.pick("N:package:d1", "N:package:e1")],
            targets={},
        )
        asked["id"] = again or asked["id"]
        if again and self.pick("same", ""):
            asked = copy.deepcopy(self.model.runs[again][1])
        answer = self.ask(name, "POST", "/runs", body=asked)
        if self.is_off(answer, name):
            return
        if again:
            same = asked == self.model.runs[again][1] and self.model.sees(name, again)
            let_in = bool(self.model.may_use(name))
            assert isinstance(answer, AgentError) != (same and let_in), answer
            return
        assert isinstance(answer, AgentError) != self.model.may_start(name, asked), answer
        if not isinstance(answer, AgentError):
            assert answer["created"]
            self.model.runs[asked["id"]] = (name, asked)
            self.work()

    def look(self) -> None:
        name = self.pick(*PEOPLE)
        answer = self.ask(name, "GET", "/runs", {"limit": "200"})
        if self.is_off(answer, name):
            return
        if not self.model.may_use(name):
            assert isinstance(answer, Forbidden)
            return
        shown = {row["id"] for row in answer["runs"]}
        assert shown == {run for run in self.model.runs if self.model.sees(name, run)}
        workflows = {row["id"] for row in self.ask(name, "GET", "/workflows")["workflows"]}
        assert workflows <= self.model.may_use(name)

    def touch(self) -> None:
        if not self.model.runs:
            return
        name, run = self.pick(*PEOPLE), self.pick(*self.model.runs)
        method, path = self.pick(
            *(("GET", path) for path in ("", "/files", "/outputs", "/logs")), ("POST", "/cancel")
        )
        answer = self.ask(name, method, f"/runs/{run}{path}")
        if self.is_off(answer, name) or (method == "POST" and self.model.sees(name, run)):
            return
        may = bool(self.model.may_use(name)) and self.model.sees(name, run)
        assert isinstance(answer, AgentError) != may, answer

    # Lies ----------------------------------------------------------------------------------

    def replay(self) -> None:
        """A recorded call once more: as it was, elsewhere, or with another content."""
        if not self.node.cloud.calls:
            return
        event = copy.deepcopy(self.pick(*self.node.cloud.calls[-20:]))
        was_admins = event["person"]["name"] == "owner"
        how = self.pick("same", "elsewhere", "changed", "ticket")
        function = ADMIN if was_admins else GATEWAY
        if how == "elsewhere":
            function = GATEWAY if was_admins else ADMIN
        elif how == "changed":
            event |= {"path": "/grants", "method": "PUT", "body": {"workflow": WORKFLOW}}
        elif how == "ticket":
            event.pop("proof", None)
            event["ticket"] = self.pick("0" * 64, uuid.uuid4().hex, "", 5)
        if "ticket" in event and how in {"same", "changed"}:
            self.node.world.clock += 901  # a ticket that ended
        before = dict(self.node.world.items)
        answer = self.node.cloud.functions[function](event)
        assert answer["status"] == 401, (how, answer)
        changed = {key for key, item in self.node.world.items.items() if before.get(key) != item}
        assert not changed, (how, changed)

    def forge(self) -> None:
        """A proof that was never used, for another function or request, or in another name."""
        name = self.pick(*PEOPLE)
        event = {"protocol": 1, "id": uuid.uuid4().hex, "method": "GET", "path": "/runs"}
        event |= {"query": {}, "person": {"name": name, "email": ""}}
        number = f"AKIA{name.upper():0<16}"
        secret = self.node.cloud.keys[number].secret
        lie = self.pick("function", "path", "id", "secret", "token")
        keys = SigningKeys(number, "guessed" if lie == "secret" else secret, "")
        function, signed = GATEWAY, dict(event)
        if lie == "function":
            function = ADMIN
        elif lie == "path":
            event["path"] = "/secrets"
        elif lie == "id":
            event["id"] = uuid.uuid4().hex
        proof = proof_of(keys, function, signed, self.node.cloud.url, self.node.world.now())
        if lie == "token":
            proof["x-amz-security-token"] = "stolen"
        answer = self.node.cloud.functions[GATEWAY](event | {"proof": proof})
        assert answer["status"] == 401, (lie, answer)

    def move(self) -> None:
        """A transfer job, or a step that pretends to be one, asks for files."""
        if not self.model.runs:
            return
        run, reads = self.pick(*self.model.runs), "/packages/download-manifest"
        own = self.model.runs[run][1]["dataset"]
        dataset = self.pick(own, own, own, *DATASETS, "N:dataset:x")
        package = self.pick(f"N:package:{own[-1]}1", "N:package:d1", "N:package:e1")
        path = self.pick(reads, reads, reads, "/upload/manifest", "/datasets", "/user")
        event = {"run": run, "method": "POST", "path": path, "query": {"dataset_id": dataset}}
        event |= {"body": {"nodeIds": [package]}}
        before = len(self.platform.asked)
        self.platform.clock = self.node.world.clock
        answer = relay.handle({"relay": event}, self.node.world.node())
        asked = self.model.runs[run][1]
        access = self.model.grants.get((asked["workflow"], asked["dataset"]), "")
        allowed = access and (path == reads or access == "read-write")
        if answer["status"] == 200:
            assert allowed
            assert dataset == asked["dataset"]
            assert package.startswith(f"N:package:{dataset[-1]}")
        if not allowed or dataset != asked["dataset"]:
            assert len(self.platform.asked) == before

    # Time ----------------------------------------------------------------------------------

    def wait(self) -> None:
        self.node.world.clock += self.pick(1, 60, 1000)

    def skew(self) -> None:
        name = self.pick(*(name for name in PEOPLE if name != "owner"))
        self.node.skews[name] = self.pick(0, 0, 250, -250, 600, -600)

    def work(self) -> None:
        """The reconciler and Batch get on."""
        world = self.node.world
        while world.events:
            world.deliver(world.events.pop(0))
        check_jobs(world, self.model)
        for job in world.ready()[:1]:
            world.begin(job)
            world.end(job, "SUCCEEDED", code=0)


def document(workflow: str, name: str, content: int) -> dict[str, Any]:
    """One of two contents of a version; the first only reads."""
    made = version(name, workflow, target="Pennsieve Dataset" if content else "")
    made["steps"][1]["image"] = image(workflow, name, content)
    return made


def image(workflow: str, name: str, content: int) -> str:
    return f"{IMAGE[:-3]}{workflow[-1]}{name[-1]}{content}"


def check_jobs(world: World, model: Model) -> None:
    """What ran was registered for the run that it belongs to."""
    known = {image(w, v, content) for w in WORKFLOWS for v in VERSIONS for content in (0, 1)}
    for job in world.jobs.values():
        run = job.name[:36]
        assert run in model.runs
        container = job.definition["containerProperties"]
        if "-work-" in job.name:
            asked = model.runs[run][1]
            begun = f"{asked['workflow'][-1]}{asked['version'][-1]}"
            assert container["image"] in known
            assert container["image"][-3:-1] == begun
    for key, data in world.objects.items():
        if key.startswith("runs/"):
            task = json.loads(data)
            run = task["run"]
            if task["kind"] != "clean":
                assert task["dataset"] == model.runs[run][1]["dataset"]


@pytest.fixture(scope="module")
def cloud_node() -> Iterator[Owned]:
    with owned() as node:
        yield node


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.target],
)
@given(st.integers(0, 2**32))
def test_nobody_ever_does_what_he_may_not(cloud_node: Owned, seed: int) -> None:
    cloud_node.renew()
    trial = Trial(cloud_node, seed)
    trial.furnish()
    actions = (
        *(trial.register, trial.unregister, trial.grant, trial.grant, trial.share, trial.share),
        *(trial.identify, trial.run, trial.run, trial.run, trial.look, trial.touch, trial.replay),
        *(trial.forge, trial.move, trial.move, trial.move, trial.wait, trial.skew, trial.work),
    )
    for _ in range(60):
        trial.pick(*actions)()
    check_jobs(cloud_node.world, trial.model)
    moved = {dataset for dataset, _ in trial.platform.moved}
    assert moved <= {asked["dataset"] for _, asked in trial.model.runs.values()}
