"""What the hosted platform dangerously allows is refused, unless it was asked for."""

from __future__ import annotations

import pytest

from pennsieve_agent.sandbox.host import faults
from tests.sandbox.compute.lab import ADA, BEN, REPO, Lab


@pytest.mark.parametrize("unsafe", [False, True])
def test_dangerous_requests(lab: Lab, *, unsafe: bool) -> None:
    faults.remember(lab.world.store, faults.parse("unsafe", None) if unsafe else None)
    account = lab.account()
    first = {"source": {"type": "github", "url": REPO, "tag": "v1"}, "release": {}}
    assert lab.client(ADA).post("/applications/store", json=first).status_code == 202
    stranger = lab.client(BEN)

    node = stranger.post("/compute/resources/compute-nodes", json={"accountId": account})
    source = {"type": "github", "url": REPO, "tag": "v2"}
    version = stranger.post("/applications/store", json={"source": source, "release": {}})

    assert (node.status_code, version.status_code) == ((202, 202) if unsafe else (403, 403))
    mine = lab.client(ADA).post("/applications/store", json={"source": source, "release": {}})
    assert mine.status_code == 202
