"""A run's callback token at the real gateway of v2 (``contracts/workflows.md`` 5.5).

The node is given it; here it asks with it what a target would.
"""

from __future__ import annotations

import httpx
import pytest

from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.sandbox.compute.runs.run_states import RunStates
from pennsieve_agent.sandbox.host import surfaces
from pennsieve_agent.sandbox.http.routing import Surface
from tests.sandbox.compute.lab import Ready

MANIFEST = "/packages/download-manifest"


class Target:
    """What a target container of a run would do."""

    def __init__(self, ready: Ready) -> None:
        lab = ready.lab
        lab.acted.ends = ""
        self.run = ready.start()
        assert lab.acted.report(self.run, "STARTED") == 200
        self.states = RunStates(lab.world.store, lab.world.now)
        self.token = lab.acted.tokens[self.run]
        self.body = {"nodeIds": [ready.packages["c.txt"]]}
        parts = lab.parts
        made = surfaces.build(
            lab.world, lab.files, surfaces.Settings(), parts.routes, parts.callback
        )
        self.v1, self.v2 = (self._client(app) for app in (made.v1, made.v2))

    def _client(self, app: Surface) -> httpx.Client:
        transport = httpx.WSGITransport(app=app)
        credential = f"Callback workflow-service:{self.run}:{self.token}"
        headers = {"Authorization": credential}
        return httpx.Client(transport=transport, base_url="http://sandbox", headers=headers)

    def ask(self, dataset: str) -> tuple[int, object]:
        answer = self.v2.post(MANIFEST, params={"dataset_id": dataset}, json=self.body)
        return answer.status_code, answer.json()

    def close(self) -> None:
        self.v1.close()
        self.v2.close()


@pytest.mark.parametrize(
    "leave", [RunStatus.FINALIZING, RunStatus.CANCELING, RunStatus.SUCCEEDED, RunStatus.FAILED]
)
def test_it_is_good_while_the_run_is_started(ready: Ready, leave: RunStatus) -> None:
    target = Target(ready)
    status, body = target.ask(ready.dataset)
    assert status == 200, body
    assert target.v2.get(f"/compute/workflows/runs/{target.run}").status_code == 200
    assert target.states.force(target.run, leave, 0)
    assert target.ask(ready.dataset) == (403, {"message": "Forbidden"})
    target.close()


def test_it_is_good_for_the_runs_dataset_only(ready: Ready) -> None:
    other = ready.lab.dataset({"x.txt": "x"}, "Other")
    target = Target(ready)
    assert target.ask(other) == (403, {"message": "Forbidden"})
    assert target.v2.post(MANIFEST, json=target.body).status_code == 401  # no dataset_id
    assert target.ask(ready.dataset)[0] == 200
    target.close()


def test_it_is_nothing_to_v1(ready: Ready) -> None:
    target = Target(ready)
    assert target.v1.get("/user").status_code == 401
    target.close()
