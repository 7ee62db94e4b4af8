"""One folder for a security officer: the same for the same node, and readable without the program.

Pure: :func:`review_files` makes the text of each file. Nothing in them is of today, so that two
reviews can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pennsieve_agent.account.rights.data_at_rest import at_rest, not_yours
from pennsieve_agent.account.rights.data_flows import flows
from pennsieve_agent.account.rights.installer import installer_policies
from pennsieve_agent.account.rights.installer_sentences import what_remains
from pennsieve_agent.account.rights.officer_sections import Section
from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, describe
from pennsieve_agent.account.rights.review_pages import costs_page, data_page, plain, roles_page
from pennsieve_agent.account.rights.stack_rights import Place
from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.spec.spec_json import settings_json
from pennsieve_agent.account.stack.boundary import node_boundary
from pennsieve_agent.account.stack.costs import costs_of
from pennsieve_agent.account.stack.network_words import network_words
from pennsieve_agent.account.stack.stack_request import stack_request, turned_off

WRITTEN_BY = "pennsieve compute policy review"
INDEX = "review.json"
"""Says that a folder was written by this, and which files in it."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a review is made of. ``place`` is of who registers, ``version`` the program's."""

    spec: NodeSpec
    roles: Sequence[RoleDocuments]
    sections: Sequence[Section]
    place: Place
    first: str
    version: str


def review_files(review: Review) -> dict[str, str]:
    """Each file by its path in the folder."""
    files = {path: _json(document) for path, document in _documents(review)}
    template = stack_request(review.spec).template
    kept, moved = at_rest(review.spec, template), flows(review.spec, template)
    costs = costs_of(review.spec)
    files["permissions.md"] = roles_page(review.roles, review.sections)
    files["data.md"] = data_page(moved, kept, not_yours(kept), network_words(review.spec))
    files["costs.md"] = costs_page(costs, review.spec.settings)
    files["README.md"] = _readme(review, sorted(files))
    index = {
        "written_by": WRITTEN_BY,
        "version": review.version,
        "files": sorted([*files, INDEX]),
        "node": review.spec.node_name,
        "aws_account": review.spec.names.account_id,
        "region": review.spec.names.region,
        "settings": settings_json(review.spec.settings),
        "summary": list(_summary(review)),
        "roles": {role.name: describe(role).to_json() for role in review.roles},
        **{section.key: list(section.lines) for section in review.sections},
        "installer_can": list(what_remains(review.place)),
        "data_flows": [asdict(flow) for flow in moved],
        "network": list(network_words(review.spec)),
        "data_at_rest": [asdict(row) for row in kept],
        "not_by_your_key": list(not_yours(kept)),
        "costs": costs.to_json(),
    }
    return {INDEX: _json(index), **files}  # first: what was interrupted is known as ours


def _documents(review: Review) -> Iterator[tuple[str, Any]]:
    """The templates and policies, as AWS gets them."""
    spec = review.spec
    yield "templates/1-without-functions.json", stack_request(turned_off(spec)).template
    template = stack_request(spec).template
    yield "templates/2-whole.json", template
    boundary = node_boundary(review.place.names)
    if review.place.boundary == review.place.names.account_boundary_arn:
        yield "policies/boundary.json", boundary
    for number, policy in enumerate(installer_policies(review.place), 1):
        yield f"policies/installer-{number}.json", policy
    for role in review.roles:
        yield (
            f"policies/roles/{role.name}.json",
            {
                "trust_policy": role.trust,
                "permission_policies": list(role.permissions),
                "permissions_boundary": role.boundary or spec.settings.extras.boundary,
            },
        )
    for name, body in template["Resources"].items():
        properties = body.get("Properties", {})
        policies = [properties[key] for key in _POLICIES if key in properties]
        if policies and body["Type"] != "AWS::IAM::ManagedPolicy":
            yield f"policies/resources/{name}.json", policies[0]


_POLICIES = ("PolicyDocument", "FileSystemPolicy", "KeyPolicy")
"""Properties of resources that say who may do what to them."""


def _summary(review: Review) -> Iterator[str]:
    spec, costs = review.spec, costs_of(review.spec)
    yield review.first
    first = what_remains(review.place)[0]
    yield f"With policies/installer-*.json: {first[0].lower()}{first[1:]}"
    yield costs.brief
    boundary = spec.settings.extras.boundary
    if boundary:
        yield f"The boundary {boundary} of the roles is not in this folder where it is your own"
    else:
        yield (
            "Registered as things are, the boundary of the node's roles is a part of its stack, "
            "for whoever may change the stack to change. An administrator can make one beforehand "
            "that they cannot change: policies/boundary.json, with the policies of "
            "policies/installer-*.json for whoever registers"
        )
    yield (
        "Administrators of the AWS account can do everything that the node can: whoever may invoke "
        "its function admin, change its roles or read its bucket"
    )


def _readme(review: Review, paths: Iterable[str]) -> str:
    spec = review.spec
    lines = [
        f"# Review of compute node {plain(spec.node_name)}",
        "",
        (
            f"AWS account {spec.names.account_id}, {spec.names.region}, mode {spec.settings.mode}, "
            f"stack {spec.names.stack}, program version {review.version}."
        ),
        "",
        (
            "Made from the same template and policies that are sent to AWS; the same command "
            "writes the same files. Read from AWS: the account's number and zones, and the stack "
            "and boundary if they exist; from the node: what is registered on it. A node that is "
            "registered later has eight characters of its own in its names."
        ),
        "",
        "## In short",
        "",
        *(f"- {line}" for line in _summary(review)),
        "",
        "## What whoever registers nodes can do",
        "",
        *(f"- {line}" for line in what_remains(review.place)),
        "",
        "## What to read",
        "",
        *(f"- {path}: {about}" for path, about in _PAGES),
        f"- {INDEX}: all of these sentences for programs",
        *(f"- {path}" for path in paths if path.endswith(".json")),
        "",
    ]
    return "\n".join(lines)


_PAGES = (
    ("permissions.md", "users, owner, who may use what, what rests on ids, and each role"),
    ("data.md", "what goes where, encrypted how, kept how long; what no key of yours covers"),
    ("costs.md", "while nothing runs, and of runs"),
)


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
