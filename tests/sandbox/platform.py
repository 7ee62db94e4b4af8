"""A platform in this process: its three applications, and people signed in to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.people.directory import NewKey, Person
from pennsieve_agent.sandbox.host import surfaces
from pennsieve_agent.sandbox.host.surfaces import Settings
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.authorizers import Callback
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme, Surface


def client(app: Surface) -> httpx.Client:
    transport = httpx.WSGITransport(app=app)
    return httpx.Client(transport=transport, base_url="http://sandbox")


def who(request: Request) -> Response:
    """Stands for any v2 route behind a gateway: tells whom the gateway let in."""
    return Response(200, {"user": request.caller.user_id, "run": request.caller.run_id})


PROBES = [
    Route("GET", "/probe/user", Scheme.USER, who),
    Route("GET", "/probe/workspace", Scheme.WORKSPACE, who),
    Route("GET", "/probe/dataset", Scheme.DATASET, who),
    Route("GET", "/probe/manifest", Scheme.MANIFEST, who),
]


@dataclass
class Session:
    """A person's key, signed in."""

    user_int_id: int
    user_id: str
    key: NewKey
    tokens: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['AccessToken']}"}


class Platform:
    def __init__(
        self,
        world: World,
        files: DatasetFiles,
        settings: Settings | None = None,
        callback: Callback | None = None,
    ) -> None:
        self.world = world
        self.files = files
        made = surfaces.build(world, files, settings or Settings(), PROBES, callback)
        self.v1, self.v2, self.cognito = client(made.v1), client(made.v2), client(made.sign_in)
        self.config = self.v1.get("/authentication/cognito-config").json()
        owner, self.workspace = directory.owner(world.store)
        self.ada = self.session(owner)

    def initiate(self, body: object, operation: str = "InitiateAuth") -> httpx.Response:
        headers = {
            "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        return self.cognito.post("/", headers=headers, content=json.dumps(body))

    def sign_in(self, key: str, secret: str) -> httpx.Response:
        return self.initiate(
            {
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": self.config["tokenPool"]["appClientId"],
                "AuthParameters": {"USERNAME": key, "PASSWORD": secret},
            }
        )

    def session(self, user: int) -> Session:
        key = directory.create_key(self.world.store, user, self.workspace, "test", self.world.now())
        row = self.world.store.row("SELECT node_id FROM users WHERE int_id = ?", (user,))
        assert row is not None
        tokens = self.sign_in(key.key, key.secret).json()["AuthenticationResult"]
        return Session(user, row["node_id"], key, tokens)

    def person(self, name: str, role: int = directory.MEMBER) -> Session:
        person = Person(f"{name}@example.org", name, "Test", role)
        return self.session(
            directory.add_person(self.world.store, self.workspace, person, self.world.now())
        )

    def integration_session(self, webhook: int) -> Session:
        """The user of an integration, signed in with a key of its own."""
        row = self.world.store.row("SELECT integration_user FROM webhooks WHERE id = ?", (webhook,))
        assert row is not None
        return self.session(row["integration_user"])

    @property
    def ada_workspace_id(self) -> str:
        row = self.world.store.row(
            "SELECT node_id FROM workspaces WHERE int_id = ?", (self.workspace,)
        )
        assert row is not None
        return str(row["node_id"])

    def dataset(self, name: str, *paths: str) -> str:
        """A dataset with files; answers its id."""
        folder = self.world.datasets / name
        folder.mkdir(exist_ok=True)
        for path in paths:
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(path)
        self.files.sync()
        row = self.world.store.row("SELECT node_id FROM datasets WHERE name = ?", (name,))
        assert row is not None
        return str(row["node_id"])

    def get(self, path: str, session: Session | None = None, **query: Any) -> httpx.Response:
        return self.v1.get(path, params=query, headers=(session or self.ada).bearer)

    def send(
        self, method: str, path: str, body: object = None, session: Session | None = None
    ) -> httpx.Response:
        return self.v1.request(method, path, json=body, headers=(session or self.ada).bearer)

    def share(self, dataset_id: str, session: Session, role: str) -> httpx.Response:
        path = f"/datasets/{dataset_id}/collaborators/users"
        return self.send("PUT", path, {"id": session.user_id, "role": role})


def error(response: httpx.Response) -> tuple[int, str]:
    """Status and type of a refusal of v1's common handler."""
    found = response.json()
    assert found["code"] == response.status_code
    return response.status_code, str(found["type"])
