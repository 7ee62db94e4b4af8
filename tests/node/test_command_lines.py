"""The command line of a step on a node: registered, filled for a run, and handed to AWS Batch."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.step_files import data_path, step_folder
from pennsieve_agent.errors import Invalid
from tests.node.owned import WORKFLOW, Owned, start, version

PARTICIPANT = {"words": ["{input}", "{output}", "{level}", "[", "-p", "{who...}", "]"]}
WHO = [{"name": "who", "type": "string", "default": ""}]


def two_levels() -> dict[str, Any]:
    """A version whose second step goes on with the output of the first."""
    document = version("two")
    first = document["steps"][1]
    first |= {"command": {**PARTICIPANT, "bids": "participant"}, "parameters": WHO}
    line = {"words": ["{input}", "{output}", "{level}"], "bids": "group", "continues": first["id"]}
    second = {**first, "id": "group", "dependsOn": [first["id"]], "command": line}
    last = {**document["steps"][2], "dependsOn": ["group"]}
    document["steps"] = [document["steps"][0], first, second, last]
    return document


def put(node: Owned, document: dict[str, Any]) -> None:
    node.owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/{document['version']}", body=document)


def test_two_levels_are_filled_for_a_run(node: Owned) -> None:
    owner = node.furnish()
    document = two_levels()
    put(node, document)
    source, first = document["steps"][0]["id"], document["steps"][1]["id"]
    owner.ask("POST", "/runs", body=start(version="two", parameters={first: {"who": "1 2"}}))
    node.world.deliver(node.world.events.pop(0))
    definitions = node.world.definitions.values()
    commands = [row["containerProperties"].get("command") for row in definitions]
    place = data_path(step_folder(source))
    expected = [
        [place, data_path(step_folder(first)), "participant", "-p", "1", "2"],
        [place, data_path(step_folder("group")), "group"],
    ]
    for words in expected:
        assert words in commands


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ({"words": ["{nothing}"]}, "reads {nothing}, which is neither a parameter nor"),
        ({"words": "x"}, "must be a list of words"),
        ({"words": []}, "has no words"),
        ({"words": ["x", "["]}, "has a [ without a ]"),
        ({"words": ["{level}"], "bids": "session"}, "has a level of BIDS Apps other than"),
        ({"words": ["x"], "continues": "in"}, "goes on with a step that runs no code"),
        ({"words": ["x"], "continues": "elsewhere"}, "must come after 'elsewhere' alone"),
        ("x", "must be a list of words"),
    ],
)
def test_what_a_node_does_not_register(node: Owned, command: Any, why: str) -> None:
    document = version()
    document["steps"][1]["command"] = command
    with pytest.raises(Invalid) as refusal:
        put(node, document)
    assert why in str(refusal.value)


def test_values_that_make_it_too_long(node: Owned) -> None:
    owner = node.furnish()
    put(node, two_levels())
    first = two_levels()["steps"][1]["id"]
    parameters = {first: {"who": "x" * 9000}}
    with pytest.raises(Invalid, match=r"the command line of step .* can have 8192"):
        owner.ask("POST", "/runs", body=start(version="two", parameters=parameters))
