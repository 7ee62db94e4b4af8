"""People with other roles: what the platform refuses them, and how the commands say so."""

from __future__ import annotations

import configparser

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.sandbox.aws.rights.role_sessions import Keys, session
from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent


@pytest.fixture
def data(lab: Lab) -> tuple[str, str]:
    return "--data", str(lab.box.data)


def profile_of(agent: Agent, email: str, data: tuple[str, str]) -> str:
    made = agent("sandbox", "user", "key", email, *data, "--json")
    assert made.code == 0, made.err
    assert "secret" not in made.out
    return str(made.document["profile"])


def test_people_are_added_and_get_keys(lab: Lab, agent: Agent, data: tuple[str, str]) -> None:
    added = agent("sandbox", "user", "add", "maria@example.org", "--name", "Maria G", *data)
    assert added.code == 0, added.err
    listed = agent("sandbox", "user", "list", "--json", *data).document
    assert {
        "email": "maria@example.org",
        "name": "Maria G",
        "role": "member",
        "workspace": "Sandbox",
    } in listed
    profile = profile_of(agent, "maria@example.org", data)
    who = agent("whoami", "--profile", profile, "--json").document
    assert who["user"]["email"] == "maria@example.org"
    config = (lab.box.data / "config.ini").read_text()
    secrets = [x.split("=")[1].strip() for x in config.splitlines() if "secret" in x]
    shown = agent("sandbox", "user", "key", "maria@example.org", *data)
    assert not any(secret in shown.out + shown.err for secret in secrets)
    again = agent("sandbox", "user", "add", "maria@example.org", *data)
    assert again.code == 2
    assert agent("sandbox", "user", "key", "nobody@example.org", *data).code == 2
    assert agent("sandbox", "user", "add", "not-an-address", *data).code == 2


@pytest.mark.usefixtures("ready")
def test_a_viewer_may_look_and_not_run(agent: Agent, data: tuple[str, str]) -> None:
    viewer = profile_of(agent, "vera@example.org", data)
    seen = agent("dataset", "files", DATASET, "--profile", viewer)
    assert seen.code == 0, seen.err
    words = ("--dataset", DATASET, "--access", "read", "--profile", viewer)
    refused = agent("dataset", "grant", "word-count", *words)
    assert (refused.code, "nothing was granted" in refused.err) == (2, True)
    before = len(agent("run", "list", "--json").document)
    started = agent("run", "start", "-w", "word-count", "-d", DATASET, "--profile", viewer)
    assert started.code in {2, 4}, started.err
    assert len(agent("run", "list", "--json").document) == before


@pytest.mark.usefixtures("ready")
def test_another_workspace_sees_nothing(agent: Agent, data: tuple[str, str]) -> None:
    stranger = profile_of(agent, "charles@example.org", data)
    assert agent("dataset", "list", "--json", "--profile", stranger).document == []
    assert agent("run", "list", "--json", "--profile", stranger).document == []
    assert agent("compute", "list", "--json", "--profile", stranger).document == []
    assert agent("workflow", "list", "--json", "--profile", stranger).document == []


def test_a_user_of_another_aws_account(lab: Lab, agent: Agent, data: tuple[str, str]) -> None:
    other = "999988887777"
    added = agent("sandbox", "user", "add", "guest", "--aws", "--account", other, *data)
    assert added.code == 0, added.err
    assert f"AWS profile 'guest' is a user of AWS account {other}" in added.out
    parser = configparser.ConfigParser(interpolation=None)
    parser.read([lab.box.data / "aws" / "credentials", lab.box.data / "aws" / "config"])
    found = parser["guest"]
    secret = found["aws_secret_access_key"]
    assert secret not in added.out + added.err
    assert parser["profile guest"]["endpoint_url"] == lab.state.aws
    guest = session(Keys(found["aws_access_key_id"], secret, "", 0), "us-east-1", lab.state.aws)
    who = guest.client("sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == (other, f"arn:aws:iam::{other}:user/guest")
    assert guest.client("lambda").list_functions()["Functions"] == []
    for words, said in (
        (("guest",), "there is an AWS profile 'guest' already"),
        (("default",), "'default' is not a name for an AWS profile"),
        (("more", "--account", "12"), "'12' is not an AWS account"),
    ):
        refused = agent("sandbox", "user", "add", "--aws", *words, *data)
        assert (refused.code, said in refused.err) == (2, True), refused.err


def test_who_has_no_key_of_the_sandbox_gets_nothing(lab: Lab) -> None:
    """Another user of this machine, who cannot read the sandbox's files."""
    stranger = session(Keys("AKIAQQQQQQQQQQQQQQQQ", "x", "", 0), "us-east-1", lab.state.aws)
    for service, call in (
        ("s3", "list_buckets"),
        ("lambda", "list_functions"),
        ("iam", "list_users"),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(stranger.client(service), call)()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
