"""What a node says of mails, and what the user is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pennsieve_agent.domain.mail import MailStatus, MailTo, address_problem
from pennsieve_agent.errors import AgentError, Conflict, NodeError, NodeOlder
from pennsieve_agent.services.runs.run_mail import ask_address, mail_of
from tests.fakes.run_node import NODE

ADA = "ada@example.org"


@dataclass
class Calls:
    """A node that answers, or refuses."""

    answer: Mapping[str, Any] | AgentError
    methods: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, *_: Any, **__: Any) -> Mapping[str, Any]:
        assert path == "/mail"
        self.methods.append(method)
        if isinstance(self.answer, AgentError):
            raise self.answer
        return self.answer


def refusal(code: str) -> Conflict:
    error = Conflict("compute node 'my-node': so many addresses", status=409)
    error.answer = {"code": code}
    return error


def test_who_only_looks_asks_nobody() -> None:
    calls = Calls({"status": "none"})
    assert mail_of(NODE, calls, ADA) == MailTo(ADA, MailStatus.NONE)
    assert calls.methods == ["GET"]
    assert mail_of(NODE, calls, "") is None
    assert calls.methods == ["GET"]
    assert mail_of(NODE, Calls({"status": "new word"}), ADA) == MailTo(ADA)


@pytest.mark.parametrize("status", [MailStatus.PENDING, MailStatus.CONFIRMED])
def test_an_address_that_was_asked_is_not_asked_again(status: MailStatus) -> None:
    calls = Calls({})
    assert ask_address(NODE, calls, MailTo(ADA, status)) == MailTo(ADA, status)
    assert calls.methods == []
    calls = Calls({"status": "pending"})
    assert ask_address(NODE, calls, MailTo(ADA, MailStatus.NONE)).status is MailStatus.PENDING
    assert calls.methods == ["POST"]


@pytest.mark.parametrize("error", [NodeOlder("it does not know this request"), refusal("no-mail")])
def test_an_older_node_is_to_be_updated_by_who_can(error: AgentError) -> None:
    for admin, hint in ((NODE.admin, "update it with"), ("", "ask its owner")):
        with pytest.raises(NodeOlder, match="older than this program and sends no mails") as told:
            mail_of(replace(NODE, admin=admin), Calls(error), ADA)
        assert hint in str(told.value.hint)
        assert "pennsieve compute update my-node" in str(told.value.hint)


def test_a_node_with_all_the_addresses_it_can_have_says_what_to_do() -> None:
    with pytest.raises(NodeError, match="so many addresses") as told:
        ask_address(NODE, Calls(refusal("too-many-addresses")), MailTo(ADA, MailStatus.NONE))
    assert "without --mail" in str(told.value.hint)


@pytest.mark.parametrize(
    "address", ["ada@example.org", "a.b+c@sub.example.co", "o'neil@lab-1.example.org"]
)
def test_addresses(address: str) -> None:
    assert address_problem(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        *("", "ada", "@example.org", "ada@", "ada@lab", "ada@@example.org", "a b@example.org"),
        *(".ada@example.org", "ada@example..org", "ada@-x.org", "ada@example.org\n", "é@x.org"),
        f"{'a' * 65}@example.org",
        f"ada@{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 63}.org",
    ],
)
def test_what_is_no_address(address: str) -> None:
    assert address_problem(address)
