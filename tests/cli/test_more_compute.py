"""Commands for compute nodes beyond the journey: the good way, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pennsieve_agent.sandbox.host.administration import administration
from tests.cli.conftest import Lab
from tests.cli.harness import Agent
from tests.cli.test_bad_input import RUN, refused
from tests.contract.test_sandbox import until

pytestmark = pytest.mark.usefixtures("nodes")
NODE = "theirs"


@pytest.fixture
def vera(nodes: Lab, agent: Agent) -> Agent:
    """Somebody who is a member, and a viewer of the datasets."""
    with administration(nodes.box.data) as people:
        people.make_key("vera@example.org", profile="vera", workspace=None)
    return Agent({**agent.environ, "PENNSIEVE_PROFILE": "vera"})


@pytest.fixture
def shared(agent: Agent) -> Iterator[None]:
    """The node is open to the workspace, and private again after."""
    assert agent("compute", "share", NODE, "--workspace").code == 0
    yield
    for words in (("--workspace",), ("--user", "vera"), ("--user", "grace")):
        assert agent("compute", "unshare", NODE, *words).code == 0


def test_a_paused_node_starts_nothing(agent: Agent) -> None:
    assert agent("compute", "pause", NODE).out == f"Compute node '{NODE}' is paused\n"
    try:
        refused(agent(*RUN, "--node", NODE), 2, "is paused")
    finally:
        resumed = agent("compute", "resume", NODE, "--json")
    assert resumed.document["status"] == "enabled"
    refused(agent("compute", "pause", "nope"), 2, "no compute node is called 'nope'")


def test_a_node_is_renamed(agent: Agent) -> None:
    renamed = agent("compute", "rename", NODE, "lab", "--description", "The lab's", "--json")
    assert renamed.document["name"] == "lab"
    assert renamed.document["description"] == "The lab's"
    assert agent("compute", "rename", "lab", NODE).code == 0
    refused(agent("compute", "rename", NODE, " "), 2, "empty")


def test_shares_survive_a_change_of_scope(agent: Agent) -> None:
    assert agent("compute", "share", NODE, "--user", "grace").code == 0
    opened = agent("compute", "share", NODE, "--workspace", "--json").document
    assert opened["access"] == "workspace"
    assert [who["email"] for who in opened["shared_with"]] == ["grace@example.org"]
    closed = agent("compute", "unshare", NODE, "--workspace", "--json").document
    assert closed["access"] == "shared"
    assert [who["name"] for who in closed["shared_with"]] == ["Grace Hopper"]
    shown = agent("compute", "show", NODE)
    assert "its owner and those below" in shown.out
    assert "grace@example.org" in shown.out
    assert agent("compute", "unshare", NODE, "--user", "grace@example.org").code == 0
    assert agent("compute", "show", NODE, "--json").document["access"] == "private"


def test_a_team_gets_a_node(agent: Agent) -> None:
    given = agent("compute", "share", NODE, "--team", "Publ", "--json").document
    assert [(who["type"], who["name"]) for who in given["shared_with"]] == [("team", "Publishers")]
    taken = agent("compute", "unshare", NODE, "--team", "Publishers", "--json").document
    assert taken["shared_with"] == []


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "with whom?"),
        (("--workspace", "--user", "grace"), "with whom?"),
        (("--user", "nobody@example.org"), "no member is called"),
        (("--team", "nope"), "no team is called"),
    ],
)
def test_a_share_names_one_known_party(agent: Agent, words: tuple[str, ...], part: str) -> None:
    refused(agent("compute", "share", NODE, *words), 2, part)
    refused(agent("compute", "unshare", NODE, *words), 2, part)


@pytest.mark.usefixtures("shared")
def test_only_the_owner_manages_a_node(vera: Agent) -> None:
    # The errors of what is not allowed carry the platform's own address, and a hint.
    for words in (
        ("compute", "share", NODE, "--user", "edith"),
        ("compute", "secret", "set", NODE, "TOKEN", "--stdin", "--shared"),
        ("compute", "pause", NODE),
    ):
        result = vera(*words, answers="value\n")
        assert result.code == 4, (words, result.err)
        assert result.out == ""


def test_secrets_are_set_listed_and_removed_and_never_shown(agent: Agent) -> None:
    value = "v4lue-of-a-secret"
    results = [
        agent("compute", "secret", "set", NODE, "MINE", answers=f"{value}\n", terminal=True),
        agent("compute", "secret", "set", NODE, "OURS", "--shared", "--stdin", answers=value),
        agent("compute", "secret", "list", NODE),
        agent("compute", "secret", "list", NODE, "--json"),
        agent("compute", "secret", "remove", NODE, "MINE", answers="y\n", terminal=True),
        agent("compute", "secret", "remove", NODE, "OURS", "--shared", "--yes"),
    ]
    assert [result.code for result in results] == [0] * 6, [result.err for result in results]
    assert not [r for r in results if value in r.out + r.err]
    assert results[2].out.splitlines()[1:] == ["MINE\tyour runs", "OURS\teverybody's runs"]
    assert results[3].document[1] == {"name": "OURS", "shared": True}
    assert agent("compute", "secret", "list", NODE, "--json").document == []


def test_secrets_that_cannot_be(agent: Agent) -> None:
    set_ = ("compute", "secret", "set", NODE)
    refused(agent(*set_, "DATASET_ID", "--stdin", answers="x"), 2, "platform sets itself")
    refused(agent(*set_, "9LIVES", "--stdin", answers="x"), 2, "not allowed")
    refused(agent(*set_, "EMPTY", "--stdin", answers="\n"), 2, "empty")
    refused(agent(*set_, "TOKEN"), 2, "not a terminal", "--stdin")
    refused(agent("compute", "secret", "remove", NODE, "NOPE", "--yes"), 2, "no secret of yours")


def test_the_code_a_node_may_run(nodes: Lab, agent: Agent) -> None:
    url = nodes.url
    begun = agent("compute", "code", "allow", NODE, nodes.url)
    assert begun.code == 0, begun.err
    assert "only what is listed" in begun.out
    assert agent("compute", "code", "list", NODE).out.splitlines() == ["CODE", url]
    # The last entry goes only when somebody says so: then everything may run again.
    refused(agent("compute", "code", "disallow", NODE, "word-count"), 2, "every workflow", "--yes")
    kept = agent("compute", "code", "disallow", NODE, "word-count", answers="n\n", terminal=True)
    assert "nothing was changed" in kept.err
    assert agent("compute", "code", "list", NODE, "--json").document["allowed"] == [url]
    gone = agent("compute", "code", "disallow", NODE, "word-count", "--yes", "--json").document
    assert gone["everything"] is True
    assert "code of every workflow" in agent("compute", "code", "list", NODE).err
    refused(agent("compute", "code", "allow", NODE, "nope"), 2, "no application is called 'nope'")
    refused(agent("compute", "code", "disallow", NODE, "nope"), 2, "has no list")


def test_layers_are_made_and_deleted(agent: Agent) -> None:
    made = agent("compute", "layer", "create", NODE, "atlas", "--description", "Allen atlas")
    assert made.code == 0, made.err
    (layer,) = agent("compute", "layer", "list", NODE, "--json").document
    assert (layer["name"], layer["type"], layer["description"]) == ("atlas", "data", "Allen atlas")
    refused(agent("compute", "layer", "create", NODE, "atlas"), 1, "atlas")
    refused(agent("compute", "layer", "delete", NODE, "atlas"), 2, "--yes")
    assert agent("compute", "layer", "delete", NODE, "atlas", "--yes").code == 0
    assert agent("compute", "layer", "list", NODE, "--json").document == []
    refused(agent("compute", "layer", "create", NODE, "Atlas"), 2, "name of a layer")
    refused(agent("compute", "layer", "delete", NODE, "nope", "--yes"), 2, "has no layer 'nope'")
    refused(agent("compute", "layer", "create", NODE, "a", "--type", "x"), 2, "python-env")


def test_what_there_is_to_choose_from(agent: Agent) -> None:
    tiers = agent("compute", "list", "--gpu-types", "--json").document
    prices = [tier["usd_per_hour"] for tier in tiers]
    assert prices == sorted(prices)
    assert prices[0] > 0
    assert "NVIDIA" in agent("compute", "list", "--gpu-types").out
    (account,) = agent("aws", "list", "--registered", "--json").document
    assert account["aws_account"] == "123456789012"
    assert account["usable_here"] is True
    assert "external" not in str(account)
    assert "123456789012\t" in agent("aws", "list", "--registered").out


def is_enabled(agent: Agent) -> bool:
    status: str = agent("compute", "show", NODE, "--json").document["status"]
    return status == "enabled"


def test_a_node_is_upgraded_and_configured(agent: Agent) -> None:
    upgraded = agent("compute", "upgrade", NODE, "--to", "v9.9.9", "--yes", "--json")
    assert (upgraded.code, upgraded.document["name"]) == (0, NODE), upgraded.err
    assert until(lambda: is_enabled(agent)), "one change ends before the next is asked for"
    assert agent("compute", "show", NODE, "--json").document["version"] == "v9.9.9"
    refused(agent("compute", "configure", NODE), 2, "Upgrade compute node", "--yes")
    configured = agent("compute", "configure", NODE, "--gpu-tier", "small", "--max-gpus", "1")
    assert configured.out == (
        f"Compute node '{NODE}': Pennsieve changes its machines, which takes some minutes\n"
    ), configured.err
    assert until(lambda: is_enabled(agent))
    refused(agent("compute", "configure", NODE, "--gpu-tier", "huge"), 2, "small, medium")
    refused(agent("compute", "upgrade", NODE, "--to", "v9"), 2, "--yes")
    refused(agent("compute", "upgrade", "nope"), 2, "no compute node is called")
