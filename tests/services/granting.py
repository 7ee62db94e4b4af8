"""People with machines, nodes and datasets, who grant workflows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3

from pennsieve_agent.domain.datasets import Dataset
from pennsieve_agent.domain.profile import ApiKey, Identity
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.node.identity import workflow_credentials
from pennsieve_agent.node.identity.workflow_credentials import Kind
from pennsieve_agent.node.identity.workflow_registry import Registry
from pennsieve_agent.node.identity.workflow_session import Signed
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.services.grants.identity_context import IdentityContext
from pennsieve_agent.settings.workflow_identities import WorkflowIdentities
from pennsieve_agent.settings.workflow_keys import WorkflowKeys
from tests.fakes.own_node import TestNode, own_node
from tests.platform.test_against_sandbox import HOSTS, URLS
from tests.services.pennsieve import PennsieveWorld
from tests.settings.keychains import MemoryKeychain

READS = Workflow("11111111-0000-4000-8000-000000000001", "spike-rate", "", steps=())
WRITES = replace(
    READS,
    uuid="11111111-0000-4000-8000-000000000002",
    name="spike-sort",
    steps=(Step("out", StepKind.TARGET, target_type="Pennsieve Dataset"),),
)


@dataclass
class Machine:
    """A person at a machine. Its keychain may be taken away."""

    world: GrantWorld
    platform: Platform
    who: Identity
    home: Path
    nodes: list[TestNode]
    keychain: MemoryKeychain = field(default_factory=MemoryKeychain)
    notes: list[str] = field(default_factory=list)

    @property
    def desk(self) -> IdentityContext:
        pennsieve, workspace = self.world.pennsieve, self.who.workspace.id
        return IdentityContext(
            platform=self.platform,
            me=self.who.user,
            nodes=[node.client for node in self.nodes],
            store=WorkflowIdentities.beside(
                self.home / "config.ini", HOSTS.api, workspace, self.who.user.id
            ),
            keys=WorkflowKeys(self.keychain, f"{HOSTS.api} {workspace}"),
            connect=pennsieve.connect,
            note=self.notes.append,
            now=pennsieve.clock.now,
            sleep=pennsieve.clock.sleep,
        )

    def dataset(self, dataset_id: str) -> Dataset:
        return self.platform.datasets.get(dataset_id)

    def key(self, number: int) -> ApiKey | None:
        return self.desk.keys.get(number)


class GrantWorld:
    """A Pennsieve, an emulated AWS, and whoever uses them."""

    def __init__(self, pennsieve: PennsieveWorld, url: str, home: Path) -> None:
        self.pennsieve = pennsieve
        self._url = url
        self._home = home
        self._clients: dict[str, Any] = {}

    def ada(self, *nodes: TestNode) -> Machine:
        """The owner of the workspace and its datasets."""
        platform, who = self.pennsieve.sign_in(self.pennsieve.owner)
        return Machine(self, platform, who, self._home / "ada", list(nodes))

    def member(self, name: str, *nodes: TestNode) -> Machine:
        """Another member, on a machine of their own."""
        platform, who = self.pennsieve.person(name)
        return Machine(self, platform, who, self._home / name, list(nodes))

    def node(self, name: str, token: str) -> TestNode:
        made = own_node(name, token, HOSTS, self.client, self.pennsieve.clock.now)
        made.node.open_url = self.pennsieve.open_url
        return made

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name="us-east-1",
                endpoint_url=self._url,
                aws_access_key_id="AKIAEXAMPLE",
                aws_secret_access_key="hidden-word",
            )
        return self._clients[service]

    def users(self) -> list[str]:
        """The integrations that there are, by name."""
        rows = self.pennsieve.store.rows("SELECT display_name FROM webhooks ORDER BY id")
        return [str(row["display_name"]) for row in rows]

    def reaches(self, node: TestNode, workflow: Workflow, kind: Kind, dataset: str) -> int:
        """HTTP's status when a node's function, just started, asks for a dataset's files."""
        node.node.memory.clear()
        token = Signed(node.node, workflow.uuid, kind, workflow.name).token()
        with self.pennsieve.network_client() as client:
            answer = client.post(
                f"{URLS.api2}/packages/download-manifest",
                params={"dataset_id": dataset},
                json={"nodeIds": self.root_ids(dataset)},
                headers={"Authorization": f"Bearer {token}"},
            )
        return answer.status_code

    def root_ids(self, dataset: str) -> list[str]:
        rows = self.pennsieve.store.rows(
            "SELECT p.node_id FROM packages p JOIN datasets d ON d.int_id = p.dataset_int_id"
            " WHERE d.node_id = ?",
            (dataset,),
        )
        return [str(row["node_id"]) for row in rows]


def held(node: TestNode, workflow: Workflow) -> dict[str, Any]:
    """Whose keys a node has."""
    return workflow_credentials.shown(node.node, workflow.uuid)


def access(node: TestNode, workflow: Workflow, dataset: str) -> str:
    """What a node may do with a dataset for a workflow."""
    return Registry(node.node).access(workflow.uuid, dataset)


def stray_webhook(robot: Platform) -> int:
    """A webhook that a workflow's user makes for itself; private, so it alone sees it."""
    body = {
        "apiUrl": "https://x.invalid",
        "description": "d",
        "displayName": "stray",
        "secret": "nobody-keeps-it",
        "targetEvents": [],
        "hasAccess": False,
        "isPrivate": True,
        "isDefault": False,
    }
    return robot._v1.post_record("/webhooks", body).need_integer("id")
