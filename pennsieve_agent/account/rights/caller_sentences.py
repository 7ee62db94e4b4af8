"""What a node's two functions let their callers do, in sentences; with names, where it is known.

A sentence for each request that the functions answer: ``tests/account/test_caller_words.py``
compares both tables with the routes of :mod:`pennsieve_agent.node.gateway` and
:mod:`pennsieve_agent.node.admin`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.account.rights.statement_sentences import listing

Table = Mapping[tuple[str, str], str]

BOTH: Table = {
    ("GET", "/health"): "see the node's state, mode and queues",
    ("GET", "/workflows"): "list {theirs}, with their datasets",
    ("GET", "/workflows/{}/versions/{*}"): "read {theirs}: images, commands and parameters",
    ("POST", "/runs"): (
        "start runs of {theirs}, with parameters and resources of their choice, on each dataset "
        "that is granted to the workflow, also where they may not see it on Pennsieve"
    ),
    ("POST", "/checks"): "ask what prevents a run of {theirs}: budget, queues, machines, keys",
    ("GET", "/runs"): "list {runs}",
    ("GET", "/runs/{}"): "see everything about {runs}, and what they cost",
    ("GET", "/runs/{}/files"): "see the names of the input files of {runs}",
    ("GET", "/runs/{}/outputs"): "see the names of the results of {runs}",
    ("GET", "/runs/{}/logs"): "read the logs of {runs}, in which known secrets are masked",
    ("GET", "/runs/{}/archive"): "download the whole log of {runs}",
    ("POST", "/runs/{}/cancel"): "cancel {runs}",
    ("GET", "/mail"): "see whether an e-mail address gets mails of the node",
    ("POST", "/mail"): "have AWS ask an e-mail address whether it wants mails about runs",
    ("GET", "/secrets"): "list the names of {secrets}; values are never shown",
    ("PATCH", "/secrets"): "set {secrets}, which their runs get",
    ("DELETE", "/secrets"): "delete {secrets}",
}
"""What both functions answer: users for what is theirs, the owner for everything."""
OWNER: Table = {
    ("PUT", "/workflows/{}/versions/{*}"): "register any program as a version of a workflow",
    ("DELETE", "/workflows/{}/versions/{*}"): "take a version off the node",
    ("DELETE", "/workflows/{}"): "take a workflow off the node, with its grants and keys",
    ("PUT", "/workflows/{}/identity"): "store the keys with which a workflow uses Pennsieve",
    ("GET", "/workflows/{}/identity"): "see whose the keys of a workflow are; keys are never shown",
    ("DELETE", "/workflows/{}/identity"): "delete the keys of a workflow",
    ("PUT", "/grants"): "let a workflow read a dataset, or read and write it",
    ("DELETE", "/grants"): "take a dataset from a workflow, which ends its runs on it",
    ("GET", "/grants"): "list which workflow may use which dataset",
    ("PUT", "/shares"): "let AWS identities run workflows, once AWS lets them call gateway, too",
    ("DELETE", "/shares"): "stop that",
    ("GET", "/shares"): "list with whom the node is shared",
    ("POST", "/archives"): "upload code to the node's bucket",
}
"""What only ``admin`` answers."""
_USERS = {
    "theirs": "the workflows that are shared with them",
    "runs": "their own runs",
    "secrets": "their own secrets",
}
_OWNERS = {
    "theirs": "every workflow of the node",
    "runs": "every run",
    "secrets": "everybody's secrets, and those that all share",
}


@dataclass(frozen=True, slots=True)
class Registered:
    """What a node has: rows of its workflows, grants and shares, as ``admin`` answers them."""

    workflows: Sequence[Mapping[str, Any]] = ()
    grants: Sequence[Mapping[str, Any]] = ()
    shares: Sequence[Mapping[str, Any]] = ()


def users_can() -> list[str]:
    """What whoever may call ``gateway`` can do, and has a share."""
    return [words.format(**_USERS) for words in BOTH.values()]


def owners_can() -> list[str]:
    """What whoever may call ``admin`` can do: in effect everything that the node can."""
    everything = (
        "run any program with any workflow's keys and secrets: the right to invoke this function "
        "(lambda:InvokeFunction) is the node itself"
    )
    answered = (words.format(**_OWNERS) for words in (*BOTH.values(), *OWNER.values()))
    return [everything, *answered]


def by_name(registered: Registered) -> list[str]:
    """Who may run which workflow, and which datasets it reads and writes, by name."""
    names = {str(row["id"]): str(row["name"]) for row in registered.workflows}
    return [*_shared(registered, names), *_granted(registered, names)]


def datasets_of(workflows: Sequence[str], grants: Sequence[Mapping[str, Any]]) -> list[str]:
    """The datasets that any of some workflows may use, each with what may be done to it."""
    rows = [row for row in grants if row["workflow"] in workflows]
    return list(dict.fromkeys(map(_dataset, rows)))


def _shared(registered: Registered, names: Mapping[str, str]) -> Iterator[str]:
    for row in sorted(registered.shares, key=lambda row: str(row["arn"])):
        workflows = [f"'{names.get(str(w), str(w))}'" for w in row["workflows"]]
        yield f"{row['arn']} may run {listing(sorted(workflows))}"
    if not registered.shares:
        yield "only the owner may run anything"


def _granted(registered: Registered, names: Mapping[str, str]) -> Iterator[str]:
    for workflow, name in sorted(names.items(), key=lambda pair: (pair[1], pair[0])):
        datasets = sorted(datasets_of([workflow], registered.grants))
        yield f"workflow '{name}' may use {listing(datasets) or 'no dataset'}"


def _dataset(row: Mapping[str, Any]) -> str:
    name = f"'{row['datasetName']}' ({row['dataset']})" if row.get("datasetName") else None
    may = "read only" if row.get("access") == "read" else "read and write"
    return f"dataset {name or row['dataset']}, {may}"
