"""The official client, as it is on PyPI, does not notice that this is a sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.cli.conftest import Lab

# A process of its own: the client brings a boto3 session, warnings of its own and no close().
COMMON = """
import json, os, sys
from pennsieve.direct import new_client, new_client_from_config
{make}
try:
    {ask}
finally:
    client.close()
print(json.dumps(found))
"""
FROM_CONFIG = 'client = new_client_from_config(os.environ["CONFIG"], "sandbox")'
FROM_ENVIRONMENT = "client = new_client()"


def official(box: Lab, make: str, ask: str) -> Any:
    """What the client finds out, with its sign-in pointed at the sandbox as AWS's own tools are."""
    values = box.box.profile_values()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(box.root),
        "CONFIG": str(box.box.data / "config.ini"),
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": box.state.aws,
        "PENNSIEVE_API_KEY": values["api_token"],
        "PENNSIEVE_API_SECRET": values["api_secret"],
        "PENNSIEVE_API_HOST": box.state.api,
        "PENNSIEVE_API2_HOST": box.state.api2,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [sys.executable, "-c", COMMON.format(make=make, ask=ask)],
        env=environ,
        cwd=box.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_it_signs_in_with_a_profile_and_reads_a_dataset(box: Lab) -> None:
    found = official(
        box,
        FROM_CONFIG,
        """
    me = client.get("/user")
    listed = client.get("/datasets")
    page = client.get("/datasets/paginated", params={"query": "Mouse"})
    dataset = client.get("/datasets/" + page["datasets"][0]["content"]["id"])
    packages = client.get("/datasets/" + dataset["content"]["id"] + "/packages")
    found = {"me": me["email"], "listed": [each["content"]["name"] for each in listed],
             "name": dataset["content"]["name"], "role": dataset["role"],
             "children": [each["content"]["name"] for each in dataset["children"]],
             "packages": [each["content"]["name"] for each in packages["packages"]]}
""",
    )
    assert found["me"] == "ada@example.org"
    assert found["name"] == "Mouse EEG"
    assert found["name"] in found["listed"]
    assert found["role"] == "owner"
    assert {"raw", "notes.md"} <= set(found["children"])
    assert {"raw", "a.txt", "deep", "b.txt", "notes.md"} <= set(found["packages"])


def test_it_signs_in_from_the_environment_and_asks_both_hosts(box: Lab) -> None:
    found = official(
        box,
        FROM_ENVIRONMENT,
        """
    session = client._api_session_provider.get_api_session()
    nodes = client.get(client.api2_host + "/compute/resources/compute-nodes",
                       params={"organization_id": session.organization_node_id})
    made = client.post("/datasets", json={"name": "made by the official client", "properties": []})
    here = "/datasets/" + made["content"]["id"]
    changed = client.put(here, json={"description": "changed"})
    client.delete(here)
    found = {"workspace": session.organization_node_id,
             "nodes": {n["name"]: n["status"] for n in nodes},
             "soon": session.is_almost_expired(), "changed": changed["content"]["description"],
             "gone": client.get(here)}
""",
    )
    assert found["workspace"].startswith("N:organization:")
    # The checks of other tests may have left a node of theirs behind.
    assert found["nodes"]["my-compute"] == "Enabled"
    assert found["soon"] is False
    assert found["changed"] == "changed"
    assert found["gone"] is None  # it logs a 404, and answers nothing
