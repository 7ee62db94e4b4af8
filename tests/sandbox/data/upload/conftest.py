"""A real sandbox on real ports in this process, and people who are signed in to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from pennsieve_agent.sandbox.data import tables
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.host import server, surfaces
from pennsieve_agent.sandbox.host.config_file import read_profile
from pennsieve_agent.sandbox.host.state import SandboxState
from pennsieve_agent.sandbox.host.store import Store

LIMIT_SECONDS = 20.0


@dataclass(frozen=True)
class Box:
    """A running sandbox."""

    state: SandboxState

    def sign_in(self, key: str, secret: str) -> dict[str, str]:
        config = httpx.get(f"{self.state.api}/authentication/cognito-config").json()
        answer = httpx.post(
            self.state.aws,
            headers={
                "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
                "Content-Type": "application/x-amz-json-1.1",
            },
            json={
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": config["tokenPool"]["appClientId"],
                "AuthParameters": {"USERNAME": key, "PASSWORD": secret},
            },
        )
        token = answer.json()["AuthenticationResult"]["AccessToken"]
        return {"Authorization": f"Bearer {token}"}

    def owner(self) -> dict[str, str]:
        values = read_profile(self.state.data)
        return self.sign_in(values["api_token"], values["api_secret"])

    def store(self) -> Store:
        return Store(self.state.data / server.DATABASE_FILE, [tables.SCHEMA])

    def member(self, name: str, dataset_id: str, role: str) -> dict[str, str]:
        """A person with a role on a dataset, signed in."""
        store = self.store()
        try:
            _, workspace = directory.owner(store)
            person = directory.Person(f"{name}@example.org", name, "Test", directory.MEMBER)
            user = directory.add_person(store, workspace, person, 0.0)
            if role:
                store.execute(
                    "INSERT INTO collaborators SELECT int_id, 'user', ?, ? FROM datasets"
                    " WHERE node_id = ?",
                    (user, role, dataset_id),
                )
            key = directory.create_key(store, user, workspace, "test", 0.0)
        finally:
            store.close()
        return self.sign_in(key.key, key.secret)

    def dataset(self, name: str) -> str:
        (self.state.data / "datasets" / name).mkdir(parents=True, exist_ok=True)
        found = httpx.get(f"{self.state.api}/datasets/paginated", headers=self.owner()).json()
        (dataset_id,) = [
            each["content"]["id"] for each in found["datasets"] if each["content"]["name"] == name
        ]
        return str(dataset_id)


class Running:
    """A sandbox served by a thread, until it is closed."""

    def __init__(self, data: Path, **settings: Any) -> None:
        self._stop = threading.Event()
        ready = threading.Event()
        found: list[SandboxState] = []

        def on_ready(state: SandboxState) -> None:
            found.append(state)
            ready.set()

        self._thread = threading.Thread(
            target=server.serve,
            args=(data, 0, surfaces.Settings(engine="process", **settings)),
            kwargs={"on_ready": on_ready, "stop": self._stop},
        )
        self._thread.start()
        assert ready.wait(LIMIT_SECONDS)
        self.box = Box(found[0])

    def close(self) -> None:
        self._stop.set()
        self._thread.join(LIMIT_SECONDS)
        assert not self._thread.is_alive()


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    running = Running(tmp_path_factory.mktemp("box"), import_seconds=0.05)
    yield running.box
    running.close()
