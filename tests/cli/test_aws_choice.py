"""Several AWS credentials are there: the command asks which, or takes the usual one and says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.emulator import NUMBER, emulated
from tests.cli.harness import Agent

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden-word"}
TWO = "[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = hidden-word\n"
DEFAULT = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = hidden-word\n"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with emulated() as address:
        yield address


class Machine:
    def __init__(self, home: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.patch = monkeypatch
        self.environ = {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}
        self.set({"AWS_ENDPOINT_URL": endpoint, "AWS_MAX_ATTEMPTS": "1"})

    def set(self, variables: dict[str, str]) -> None:
        self.environ |= variables
        for name, value in variables.items():
            self.patch.setenv(name, value)  # botocore reads the process's own

    def profiles(self, text: str) -> None:
        (self.home / ".aws").mkdir()
        (self.home / ".aws" / "credentials").write_text(text)

    @property
    def agent(self) -> Agent:
        return Agent(self.environ)


@pytest.fixture
def machine(url: str, clean_machine: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(clean_machine, url, monkeypatch)


def test_on_a_terminal_it_asks(machine: Machine) -> None:
    machine.profiles(DEFAULT + TWO)
    machine.set(KEYS)
    asked = machine.agent("aws", "test", answers="work\n", terminal=True)
    assert asked.code == 0, asked.err
    assert asked.err.splitlines()[:4] == [
        "There are several AWS credentials here, the best kind first:",
        "  1. (environment)",
        "  2. default        static keys",
        "  3. work           static keys",
    ]
    assert "--aws-profile work" in asked.err
    assert "the AWS credentials file, profile work" in asked.out
    first = machine.agent("aws", "test", answers="\n", terminal=True)
    assert "(the environment variables)" in first.out
    second = machine.agent("aws", "test", answers="4\n2\n", terminal=True)
    assert "there is no '4' in the list" in second.err
    assert "profile default" in second.out
    wrong = machine.agent("aws", "test", answers="a\nb\nc\n", terminal=True)
    assert (wrong.code, wrong.out) == (2, "")


def test_in_a_pipe_it_takes_what_awss_tools_take_and_says_so(machine: Machine) -> None:
    machine.profiles(DEFAULT + TWO)
    piped = machine.agent("aws", "test", "--json")
    assert piped.err == (
        "using AWS credentials default; others are: work; choose with: --aws-profile NAME\n"
    )
    assert piped.document["aws_account"] == NUMBER


def test_in_a_pipe_without_a_usual_one_it_takes_none(machine: Machine) -> None:
    machine.profiles(TWO + TWO.replace("work", "play"))
    refused = machine.agent("aws", "test")
    assert refused.code == 2
    assert "which AWS credentials? there are: play, work" in refused.err
    assert "--aws-profile NAME" in refused.err


def test_the_only_ones_are_taken(machine: Machine) -> None:
    machine.profiles(TWO)
    alone = machine.agent("aws", "test", terminal=True)
    assert "profile work" in alone.out
    assert "using AWS credentials work, as there are no others" in alone.err
    assert machine.agent("aws", "list").out == "NAME\tACCOUNT\tKIND\nwork\t-\tstatic keys\n"


def test_the_usual_ones_alone_need_no_word(machine: Machine) -> None:
    machine.profiles(DEFAULT)
    alone = machine.agent("aws", "test", terminal=True)
    assert (alone.code, alone.err) == (0, "")


@pytest.mark.parametrize("how", ["flag", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_nothing_is_asked_of_who_chose(machine: Machine, how: str) -> None:
    machine.profiles(DEFAULT + TWO)
    if how != "flag":
        machine.set({how: "work"})
    words = ["work"] if how == "flag" else []
    quiet = machine.agent("aws", "test", *words, terminal=True)
    assert (quiet.code, quiet.err) == (0, "")


def test_a_role_that_wants_an_mfa_code_is_not_asked_for_in_a_pipe(machine: Machine) -> None:
    machine.profiles(TWO)
    (machine.home / ".aws" / "config").write_text(
        "[profile admin]\nrole_arn = arn:aws:iam::111122223333:role/admin\nsource_profile = work\n"
        "mfa_serial = arn:aws:iam::111122223333:mfa/ada\n"
    )
    refused = machine.agent("aws", "test", "admin")
    assert refused.code == 1
    assert "asks for the code of an MFA device, and this is not a terminal" in refused.err
    assert "aws configure export-credentials --profile admin" in refused.err
