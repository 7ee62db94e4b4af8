"""Prepares the people, datasets and keys that the checks need, and removes them.

Everything that is made here is made over the platform's own API, with the caller's key, and is
removed at the end: a dataset, and two integrations. An integration has a user and a key of its own
(``contracts/core.md`` 6.3), so the one that is enabled on the dataset is the viewer, and the other
one is a member of the workspace without a role there.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.contract.check import Asker
from pennsieve_agent.contract.session import Known, Tokens, find_pool, sign_in
from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.errors import PlatformError
from pennsieve_agent.platform.http.raw import RawClient, RawRequest

PREFIX = "contract-"
"""The names of throw-away datasets begin with it."""
_FORGED = (
    "Bearer eyJhbGciOiJSUzI1NiJ9."
    "eyJ0b2tlbl91c2UiOiJhY2Nlc3MiLCJleHAiOjQxMDI0NDQ4MDB9."
    "bm90LWEtc2lnbmF0dXJl"
)
"""A token that nobody signed: its claims are right and its end is in the year 2100."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What only a sandbox's own machine can do; all of it may be missing.

    ``fill`` puts files into a dataset of this name (``raw/a.csv``, ``raw/b.txt``, ``notes.md``).
    ``expire`` makes an expired token of a valid one.
    """

    fill: Callable[[str], None] | None = None
    expire: Callable[[str], str] | None = None


def hosted(client: RawClient, hosts: Hosts, key: ApiKey) -> Known:
    """The values for checks that only read: the workspace's ids, and its first dataset if any.

    Raises:
        NotSignedIn: the key was refused.
        PlatformError, Unreachable: no usable answer.

    """
    known, tokens = _signed_in(client, hosts, key)
    del tokens
    page = _call(client, known, "GET", "/datasets/paginated?limit=1")
    for dataset in page.get("datasets", []):
        known.values["dataset"] = str(dataset["content"]["id"])
    return known


@contextlib.contextmanager
def staged(client: RawClient, hosts: Hosts, key: ApiKey, workshop: Workshop) -> Iterator[Known]:
    """Make all that the checks need, and remove it in the end; raises as :func:`hosted`."""
    known, tokens = _signed_in(client, hosts, key)
    if workshop.expire is not None:
        known.credentials[Asker.EXPIRED] = f"Bearer {workshop.expire(tokens.access)}"
    word = secrets.token_hex(4)
    name = f"{PREFIX}{word}"
    known.values |= {"dataset_name": name, "dataset_word": word}
    with contextlib.ExitStack() as stack:
        created = _call(client, known, "POST", "/datasets", {"name": name, "properties": []})
        known.values["dataset"] = dataset = str(created["content"]["id"])
        stack.callback(_remove, client, known, f"/datasets/{dataset}")
        if workshop.fill is not None:
            workshop.fill(name)
        for asker in (Asker.VIEWER, Asker.STRANGER):
            number = _person(client, known, asker)
            stack.callback(_remove, client, known, f"/webhooks/{number}")
            if asker is Asker.VIEWER:
                _call(client, known, "PUT", f"/datasets/{dataset}/webhook/{number}")
        yield known


def _signed_in(client: RawClient, hosts: Hosts, key: ApiKey) -> tuple[Known, Tokens]:
    pool = find_pool(client, hosts)
    tokens = sign_in(client, pool, key)
    known = Known(hosts, pool[0])
    known.credentials = {
        Asker.OWNER: f"Bearer {tokens.access}",
        Asker.ID_TOKEN: f"Bearer {tokens.identity}",
        Asker.FORGED: _FORGED,
        Asker.DEAD_RUN: f"Callback workflow-service:{uuid.uuid4()}:{'0' * 64}",
    }
    me = _call(client, known, "GET", "/user")
    known.values = {
        "workspace": str(tokens.claims["custom:organization_node_id"]),
        "user": str(me["id"]),
        "nowhere": str(uuid.uuid4()),
        "aws_account": str(10**11 + secrets.randbelow(9 * 10**11)),
    }
    return known, tokens


def _person(client: RawClient, known: Known, asker: Asker) -> int:
    """Make an integration and sign in as its user; answers the integration's number."""
    name = asker.name.lower()
    body = {
        "apiUrl": "https://example.org/contract",
        "description": "made by a check of the contract",
        "secret": "not used",
        "displayName": f"Contract {name} {known.values['dataset_word']}",
        "hasAccess": False,
        "isPrivate": True,
        "isDefault": False,
    }
    webhook = _call(client, known, "POST", "/webhooks", body)
    key = ApiKey(str(webhook["tokenSecret"]["key"]), str(webhook["tokenSecret"]["secret"]))
    tokens = sign_in(client, find_pool(client, known.hosts), key)
    known.credentials[asker] = f"Bearer {tokens.access}"
    me = _call(client, known, "GET", "/user", asker=asker)
    known.values |= {f"{name}_key": key.key, f"{name}_secret": key.secret, name: str(me["id"])}
    return int(webhook["id"])


def _call(
    client: RawClient,
    known: Known,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    asker: Asker = Asker.OWNER,
) -> dict[str, Any]:
    """The JSON object that v1 answers.

    Raises:
        PlatformError: it answers anything else.

    """
    url = f"{known.hosts.api.rstrip('/')}{path}"
    headers = {"Authorization": known.credentials[asker], "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    answer = client.send(RawRequest(method, url, headers, content))
    try:
        reply = json.loads(answer.body)
    except ValueError:
        reply = None
    if not isinstance(reply, dict) or answer.status >= 400:  # noqa: PLR2004 - the first refusal
        raise PlatformError(
            f"the checks cannot begin: {method} {path.partition('?')[0]} answered {answer.status}",
            where=url.partition("?")[0],
            hint="see whether this is Pennsieve, and what the key may do, with: pennsieve whoami",
            status=answer.status,
        )
    return reply


def _remove(client: RawClient, known: Known, path: str) -> None:
    """Remove what was made; what was removed already is ignored."""
    url = f"{known.hosts.api.rstrip('/')}{path}"
    client.send(RawRequest("DELETE", url, {"Authorization": known.credentials[Asker.OWNER]}))
