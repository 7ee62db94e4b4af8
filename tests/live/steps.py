"""What a live test does, step by step, and who asks."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from pennsieve_agent.contract.session import Tokens, find_pool, sign_in
from pennsieve_agent.domain.profile import ApiKey, Profile
from pennsieve_agent.errors import AgentError
from pennsieve_agent.platform.http.raw import RawAnswer, RawClient, RawRequest

T = TypeVar("T")
REFUSED = frozenset({401, 403, 404})


def say(text: str) -> None:
    """A line for who watches."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """A line about why nothing is done."""
    sys.stderr.write(f"{text}\n")


class StepError(Exception):
    """A step did not do what it should; the text says what came."""


@dataclass
class Person:
    """Who asks: a key that signed in."""

    client: RawClient
    profile: Profile
    key: ApiKey
    tokens: Tokens

    def ask(
        self, method: str, path: str, body: object = None, *, v2: bool = False, **query: str
    ) -> RawAnswer:
        """One request, once."""
        host = self.profile.hosts.api2 if v2 else self.profile.hosts.api
        url = f"{host.rstrip('/')}{path}{'?' if query else ''}{urlencode(query)}"
        headers = {"Authorization": f"Bearer {self.tokens.access}"}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        return self.client.send(RawRequest(method, url, headers, content))

    def get(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """The JSON of an answer that must be a good one."""
        answer = self.ask(method, path, body, **more)
        if not 200 <= answer.status < 300:
            raise StepError(f"{method} {path} answered {answer.status}")
        return json.loads(answer.body) if answer.body else None

    def again(self) -> Person:
        """The same person with a new token: api2 remembers decisions for 300 s by token."""
        return enter(self.client, self.profile, self.key)


class Report:
    """Says what is done, and counts what did not work."""

    def __init__(self) -> None:
        self.worked = 0
        self.problems: list[str] = []

    def step(self, title: str, action: Callable[[], T]) -> T:
        """Do one thing, and say whether it worked."""
        try:
            found = action()
        except (StepError, AgentError, OSError, KeyError, ValueError, TypeError) as error:
            text = getattr(error, "message", "") or str(error)
            self.problems.append(title)
            say(f"✗ {title}: {type(error).__name__}: {text}")
            raise StepError(title) from None
        self.worked += 1
        say(f"✓ {title}")
        return found

    def last(self, title: str, action: Callable[[], object]) -> None:
        """Remove something; what cannot be removed is told and stops nothing."""
        with contextlib.suppress(StepError):
            self.step(title, action)


def enter(client: RawClient, profile: Profile, key: ApiKey) -> Person:
    """Sign in with a key."""
    return Person(client, profile, key, sign_in(client, find_pool(client, profile.hosts), key))


def expect_refusal(answer: RawAnswer, what: str) -> None:
    """See that somebody may not do something."""
    if answer.status not in REFUSED:
        raise StepError(f"{what} answered {answer.status}, and should have been refused")
