"""AWS keys in the keychain: verified before they are kept, used, forgotten, and never shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from tests.aws.emulator import NUMBER, emulated
from tests.aws.test_session import ERROR, IDENTITY, answering
from tests.cli.harness import Agent, Result
from tests.settings.test_keychain import Memory

KEY, SECRET, TOKEN = "AKIAABCDEFGHIJKLMNOP", "hidden-word/1", "hidden-token"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with emulated() as address:
        yield address


@pytest.fixture
def chain() -> Memory:
    backend = Memory()
    keyring.set_keyring(backend)
    return backend


def agent(home: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Agent:
    # botocore reads the process's own environment.
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return Agent({"HOME": str(home)})


@pytest.fixture
def typist(url: str, clean_machine: Path, monkeypatch: pytest.MonkeyPatch) -> Agent:
    return agent(clean_machine, url, monkeypatch)


def check_no_secret(home: Path, *results: Result) -> None:
    for result in results:
        assert SECRET not in result.out + result.err
        assert TOKEN not in result.out + result.err
    for path in home.rglob("*"):
        assert not path.is_file() or SECRET not in path.read_text(errors="replace")


def test_keys_live_in_the_keychain_and_nowhere_else(
    typist: Agent, chain: Memory, clean_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = typist("aws", "add", "lab", answers=f"{KEY}\n{SECRET}\n", terminal=True)
    assert added.code == 0, added.err
    assert f"Kept AWS keys 'lab' of account {NUMBER}" in added.out
    assert len(chain.kept) == 2
    assert SECRET in chain.kept["pennsieve", "aws-keys:lab"]
    assert SECRET not in chain.kept["pennsieve", "aws-keys"]
    listed = typist("aws", "list")
    assert listed.out == f"NAME\tACCOUNT\tKIND\nlab\t{NUMBER}\tkeychain\n"
    monkeypatch.setenv("AWS_PROFILE", "another")
    tested = typist("aws", "test", "lab", "--json")
    assert tested.document["aws_account"] == NUMBER
    assert tested.document["source"] == "the system's keychain, profile lab"
    kept = dict(chain.kept)
    for line, answers in (("aws add second --stdin", f"{KEY}\n{SECRET}\n"), ("aws remove lab", "")):
        plan = typist(*line.split(), "--dry-run", answers=answers)
        assert (plan.code, plan.out[:6], chain.kept) == (0, "Would ", kept), plan.err
    assert typist("aws", "remove", "nothing", "--dry-run").code == 2
    removed = typist("aws", "remove", "lab")
    assert removed.code == 0
    assert chain.kept == {}
    again = typist("aws", "remove", "lab")
    assert again.code == 2
    check_no_secret(clean_machine, added, listed, tested, removed, again)


def test_keys_from_standard_input_are_sent_with_their_token(
    chain: Memory, clean_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = IDENTITY.format(arn="arn:aws:iam::111122223333:user/ada")
    with answering(body, "200 OK") as (address, requests):
        typist = agent(clean_machine, address, monkeypatch)
        temporary = f"ASIA{KEY[4:]}"
        added = typist(
            *("aws", "add", "lab", "--stdin", "--json"), answers=f"{temporary}\n{SECRET}\n{TOKEN}\n"
        )
        assert added.document["aws_account"] == "111122223333"
        assert TOKEN.encode() in requests[0]
        assert SECRET.encode() not in requests[0]
        no_token = typist("aws", "add", "x", "--stdin", answers=f"{temporary}\n{SECRET}\n")
        assert (no_token.code, len(requests)) == (2, 1)
    check_no_secret(clean_machine, added, no_token)
    assert len(chain.kept) == 2


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        ("200 OK", IDENTITY.format(arn="arn:aws:iam::111122223333:root"), "root user's keys"),
        (
            "403 Forbidden",
            ERROR.format(code="InvalidClientTokenId", message="The security token is invalid"),
            "AWS does not accept these credentials",
        ),
    ],
)
def test_root_keys_and_wrong_keys_are_not_kept(
    chain: Memory,
    clean_machine: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    body: str,
    why: str,
) -> None:
    with answering(body, status) as (address, _):
        typist = agent(clean_machine, address, monkeypatch)
        added = typist("aws", "add", "lab", "--stdin", answers=f"{KEY}\n{SECRET}\n")
    assert added.code == 1
    assert why in added.err
    assert chain.kept == {}
    check_no_secret(clean_machine, added)


def test_without_a_keychain_it_says_what_to_do_instead(typist: Agent, clean_machine: Path) -> None:
    refused = typist("aws", "add", "lab", "--stdin", answers=f"{KEY}\n{SECRET}\n")
    assert refused.code == 1
    assert "no keychain can be reached from here to keep AWS keys in" in refused.err
    assert "aws sso login" in refused.err
    assert typist("aws", "list").code == 0
    check_no_secret(clean_machine, refused)


@pytest.mark.usefixtures("chain")
def test_profiles_of_aws_come_first_and_sso_is_preferred(
    typist: Agent, clean_machine: Path
) -> None:
    (clean_machine / ".aws").mkdir()
    (clean_machine / ".aws" / "config").write_text(
        "[profile work]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = r\n"
        "[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.org/start\n"
        "[profile jump]\nrole_arn = arn:aws:iam::444455556666:role/r\nsource_profile = old\n"
    )
    (clean_machine / ".aws" / "credentials").write_text(
        f"[old]\naws_access_key_id = {KEY}\naws_secret_access_key = not-{SECRET}\n"
    )
    assert typist("aws", "add", "mine", "--stdin", answers=f"{KEY}\n{SECRET}\n").code == 0
    listed = typist("aws", "list")
    assert [line.split("\t") for line in listed.out.splitlines()[1:]] == [
        ["work", "111122223333", "sso"],
        ["jump", "444455556666", "role"],
        ["mine", NUMBER, "keychain"],
        ["old", "-", "static keys"],
    ]
    assert "prefer single sign-on" in listed.err
    assert SECRET not in listed.out + listed.err
    taken = typist("aws", "add", "old", "--stdin", answers=f"{KEY}\n{SECRET}\n")
    assert taken.code == 2
    assert "would come first" in taken.err
    assert typist("aws", "test", "old", "--json").document["source"].startswith("the AWS credentia")


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65])
def test_names_that_cannot_be(typist: Agent, name: str) -> None:
    assert typist("aws", "add", name, "--stdin", answers=f"{KEY}\n{SECRET}\n").code == 2


def test_nothing_of_that_name_anywhere(typist: Agent, chain: Memory) -> None:
    missing = typist("aws", "test", "nobody")
    assert missing.code == 2
    assert typist("aws", "test", "nobody", "--json").document["error"]["code"] == "not_found"
    assert "there is no AWS profile called 'nobody'" in missing.err
    chain.kept["pennsieve", "aws-keys:odd"] = '["hidden-word/1"]'
    odd = typist("aws", "test", "odd")
    assert "was not written by this program" in odd.err
    assert SECRET not in odd.err


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("words", [("aws", "test"), ("aws", "add", "lab", "--stdin")])
def test_a_wrong_setting_is_named_by_every_command(
    words: tuple[str, ...], clean_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    for name, value, message in (
        ("AWS_ENDPOINT_URL", "localhost:4566", "AWS_ENDPOINT_URL 'localhost:4566' is not an addr"),
        ("AWS_REGION", "cn-north-1", "region cn-north-1 is in AWS China"),
    ):
        monkeypatch.setenv(name, value)
        done = Agent({"HOME": str(clean_machine)})(*words, answers=f"{KEY}\n{SECRET}\n")
        assert (done.code, done.out) == (1, "")
        assert f"error: {message}" in done.err
        assert f"where: {name}" in done.err
        monkeypatch.delenv(name)
