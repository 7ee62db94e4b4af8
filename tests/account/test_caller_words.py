"""The words about a node's functions are about what these answer, and about all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.rights.caller_sentences import (
    BOTH,
    OWNER,
    Registered,
    Table,
    by_name,
    owners_can,
    users_can,
)
from pennsieve_agent.account.rights.isolation_sentences import rests_on_ids
from pennsieve_agent.account.rights.officer_sections import NOT_THERE, sections
from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, administrator
from pennsieve_agent.account.rights.role_documents import roles_of
from pennsieve_agent.account.spec.node_spec import Mode
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide
from pennsieve_agent.node.api import routes_admin, routes_mail, routes_node, routes_runs
from pennsieve_agent.node.api.request_handler import Route, route
from pennsieve_agent.node.identity.workflow_registry import READ, WRITE
from tests.account.stack.specs import NAMES, node

SPEC = node(Mode.SECURE)
ROLES = roles_of(SPEC)
D = "N:dataset:11111111-0000"


def requests(routes: tuple[Route, ...]) -> set[tuple[str, str]]:
    return {(known.method, known.path.pattern) for known in routes}


def told(table: Table) -> set[tuple[str, str]]:
    return {
        (known.method, known.path.pattern)
        for known in (route(*key, lambda *_: (200, None)) for key in table)
    }


def test_each_request_that_is_answered_has_a_sentence_and_no_other() -> None:
    assert told(BOTH) == requests((*routes_node.ROUTES, *routes_runs.ROUTES, *routes_mail.ROUTES))
    assert told(OWNER) == requests(routes_admin.ROUTES)
    assert len(users_can()) == len(BOTH)
    assert len(owners_can()) == len(BOTH) + len(OWNER) + 1
    assert not any("{" in line for line in (*users_can(), *owners_can()))


def test_workflows_and_datasets_are_named() -> None:
    registered = Registered(
        [{"id": "w1", "name": "spikes"}, {"id": "w2", "name": "sort"}],
        [
            {"workflow": "w1", "dataset": D, "datasetName": "Mouse", "access": WRITE},
            {"workflow": "w1", "dataset": "N:dataset:2", "datasetName": "", "access": READ},
        ],
        [{"arn": "arn:aws:iam::222233334444:user/grace", "workflows": ["w1", "w2"]}],
    )
    assert by_name(registered) == [
        "arn:aws:iam::222233334444:user/grace may run 'sort' and 'spikes'",
        "workflow 'sort' may use no dataset",
        (
            f"workflow 'spikes' may use dataset 'Mouse' ({D}), read and write and dataset "
            "N:dataset:2, read only"
        ),
    ]
    assert by_name(Registered())[0] == "only the owner may run anything"
    assert sections(ROLES, None)[2].lines == (NOT_THERE,)


def test_what_rests_on_ids_is_told_of_the_roles_of_jobs_alone() -> None:
    lines = rests_on_ids(ROLES)
    assert {line.split()[1] for line in lines} == {f"{NAMES.job_role}:", f"{NAMES.mover_role}:"}
    text = "\n".join(lines)
    assert "the id of its access point" in text
    assert "as any active run of the node" in text
    assert "any active run's files in the bucket" in text
    assert all("cannot list any of these" in line for line in lines)


@pytest.mark.parametrize("prefix", ["files/runs/", "files/runs", "runs/", "runs", "files/", ""])
def test_no_role_lists_the_runs_of_a_bucket(prefix: str) -> None:
    """A role that moves files lists those of a run whose id it knows; it finds no other run."""
    mover = next(role for role in ROLES if role.name == NAMES.mover_role)

    def lists(prefix: str) -> Verdict:
        ask = Ask("s3:ListBucket", f"arn:aws:s3:::{NAMES.bucket}", {"s3:prefix": prefix})
        return decide(ask, mover.permissions)

    assert lists(prefix) is not Verdict.ALLOWED
    assert lists("files/runs/0b9ad7b4-2f1c/") is lists("runs/0b9ad7b4-2f1c/stop") is Verdict.ALLOWED


def test_a_role_that_may_list_ids_is_told_so() -> None:
    job = next(role for role in ROLES if role.name == NAMES.job_role)
    lists: dict[str, Any] = {
        "Statement": {
            "Effect": "Allow",
            "Action": "s3files:ListAccessPoints",
            "Resource": "*",
        }
    }
    lines = rests_on_ids([replace(job, permissions=(*job.permissions, lists))])
    assert all("it can list ids by s3files:ListAccessPoints" in line for line in lines)
    assert len(lines) == len(rests_on_ids([job])) > 0
    assert rests_on_ids([replace(job, permissions=())]) == ()


@pytest.mark.parametrize(
    ("resource", "service", "is_one"),
    [
        ("*", "lambda.amazonaws.com", True),
        ("arn:aws:iam::555566667777:role/*", "lambda.amazonaws.com", True),
        ("arn:aws:iam::555566667777:role/node-*", "lambda.amazonaws.com", False),
        ("*", "vpc-flow-logs.amazonaws.com", False),
    ],
)
def test_whoever_may_pass_any_role_is_an_administrator(
    resource: str, service: str, *, is_one: bool
) -> None:
    passes = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": resource,
        "Condition": {"StringEquals": {"iam:PassedToService": service}},
    }
    role = RoleDocuments("r", {}, ({"Statement": [passes]},))
    assert bool(administrator(role)) is is_one
    assert administrator(replace(role, boundary={"Statement": []})) == ""
    assert not any(administrator(own) for own in ROLES)
