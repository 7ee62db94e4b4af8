"""What goes where, and how it is encrypted on its way: of one node, by its template. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.account.rights.statement_sentences import listing
from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.node.api.routes_runs import LINK_SECONDS

TLS = "TLS"
SIGNED = "TLS, and AWS checks the caller's signature"


@dataclass(frozen=True, slots=True)
class Flow:
    """``what`` goes from ``start`` to ``to``, ``how`` it is protected, ``note`` what to know."""

    what: str
    start: str
    to: str
    how: str
    note: str = ""


def flows(spec: NodeSpec, template: Mapping[str, Any]) -> tuple[Flow, ...]:
    """Everything that goes into a node, within it, and out of it."""
    return (
        *_of_people(spec),
        *_of_pennsieve(spec),
        *_of_jobs(spec, template),
        *_of_builds(spec, template),
    )


def _of_people(spec: NodeSpec) -> Iterator[Flow]:
    names = spec.names
    yield Flow(
        "requests: runs with parameters, names of input files, secrets that are set",
        "the user's machine",
        f"AWS Lambda, {names.gateway} or {names.admin}",
        SIGNED,
        "not by way of Pennsieve; the functions have no address, and each call is logged",
    )
    yield Flow(
        "logs of runs",
        "the node's bucket",
        "the user's machine",
        TLS,
        f"by links that anybody who has one can use for {LINK_SECONDS // 60} minutes",
    )
    if spec.settings.monthly_budget:
        yield Flow(
            "warnings of the budget: sums of money, the node's id, AWS account and region",
            f"AWS Lambda, {names.reconciler}, by Amazon SNS, {names.budget_topic}",
            "the e-mail addresses that have confirmed that they want them",
            "TLS as far as Amazon SNS; then as e-mail is",
            "no name of a run, a file or a person",
        )
    yield Flow(
        _mailed(spec),
        f"AWS Lambda, {names.reconciler}, by Amazon SNS, {names.mail_topic}",
        "the e-mail addresses that people named with --mail and confirmed to AWS",
        "TLS as far as Amazon SNS; then as e-mail is",
        "only for runs that were started with --mail; to the address that was named there",
    )


def _mailed(spec: NodeSpec) -> str:
    if spec.settings.mode is Mode.COMPLIANT:
        return "ends of runs: the run's id, how it ended, time, cost; no name, no reason"
    return "ends of runs: names of the run, workflow and subjects, why it failed, time, cost"


def _of_pennsieve(spec: NodeSpec) -> Iterator[Flow]:
    names = spec.names
    yield Flow(
        "the AWS account's number, and the name of a role that does not exist",
        "the machine of who registers",
        f"Pennsieve ({spec.api})",
        TLS,
        "once; by the name Pennsieve gets no rights",
    )
    yield Flow(
        "sign-ins of workflows, ids of datasets and packages, lists of files",
        f"AWS Lambda, {names.relay} and {names.reconciler}",
        f"Pennsieve ({spec.api}, {spec.api2}) and its sign-in",
        TLS,
        "over the internet in every mode: the functions are outside the node's network. Pennsieve "
        "is not told of runs",
    )
    by = f"by AWS Lambda, {names.transfer}, which is outside the node's network, where a "
    by += "run's files are small enough, else by transfer jobs inside it"
    yield Flow("input files", "Pennsieve's buckets in Amazon S3", "the node's files", TLS,
               f"{by}; with links that Pennsieve signs for one file")  # fmt: skip
    yield Flow("results", "the node's files", "Pennsieve's buckets in Amazon S3", TLS,
               f"{by}; into the dataset that is granted to the workflow")  # fmt: skip


def _of_jobs(spec: NodeSpec, template: Mapping[str, Any]) -> Iterator[Flow]:
    yield Flow(
        "results of small runs, on their way",
        f"the node's files, by AWS Lambda, {spec.names.transfer_files}",
        f"the node's bucket, and AWS Lambda, {spec.names.transfer}",
        TLS,
        "as one archive, which is deleted with the run's other objects",
    )
    yield Flow("files of the run", "the node's files", "jobs of the run", TLS,
               "mounted by access points; unencrypted mounts are refused")  # fmt: skip
    yield Flow(
        "what programs print",
        "jobs",
        "CloudWatch Logs",
        TLS,
        "as it is printed: a program that prints data or secrets has them in the log group. Known "
        "secrets are masked only for who reads a log by the node",
    )
    yield Flow("secrets and keys that a step declares", "AWS", "the step's job", TLS,
               "as environment variables, which its program can read")  # fmt: skip
    yield Flow("container images", "Amazon ECR", "jobs", TLS, "programs, no data")
    yield Flow("whatever a program sends", "jobs", _reach(spec, template), "as the program does",
               _reach_note(spec, template))  # fmt: skip


def _of_builds(spec: NodeSpec, template: Mapping[str, Any]) -> Iterator[Flow]:
    """Of images that the node builds, where ``workflow add --build node`` asks for it."""
    if "Builder" not in template["Resources"]:
        return
    yield Flow(
        "code of a workflow, and what its Dockerfile fetches",
        "the node's bucket, and any address of the internet",
        f"AWS CodeBuild, project {spec.names.builder}",
        TLS,
        "outside the node's network in every mode: a build has no file of a run, no secret and no "
        "key",
    )
    yield Flow(
        "the image that was built, and what its build printed",
        f"AWS CodeBuild, project {spec.names.builder}",
        f"Amazon ECR, repository {spec.names.workflow_images}; CloudWatch Logs",
        TLS,
    )


def _reach(spec: NodeSpec, template: Mapping[str, Any]) -> str:
    resources = template["Resources"]
    types = {body["Type"] for body in resources.values()}
    if spec.settings.network:
        return f"what your network {spec.settings.network.vpc_id} lets it reach"
    if types & {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway"}:
        return "any address of the internet, by ports 80 and 443"
    endpoints = (b for b in resources.values() if b["Type"] == "AWS::EC2::VPCEndpoint")
    services = sorted(str(b["Properties"]["ServiceName"]).split(".", 3)[-1] for b in endpoints)
    return f"these services of AWS: {listing(services)}"


def _reach_note(spec: NodeSpec, template: Mapping[str, Any]) -> str:
    types = {body["Type"] for body in template["Resources"].values()}
    notes = ["nothing comes in from outside"]
    if spec.settings.network or "AWS::EC2::InternetGateway" in types:
        return notes[0]
    if any(type_.startswith("AWS::Route53Resolver::Firewall") for type_ in types):
        notes.append("names of other hosts are not resolved")
    else:
        notes.append("DNS is open: a program can send data out in the names that it looks up")
    endpoints = {
        str(body["Properties"]["ServiceName"]).rpartition(".")[2]
        for body in template["Resources"].values()
        if body["Type"] == "AWS::EC2::VPCEndpoint" and "PolicyDocument" not in body["Properties"]
    }
    if endpoints:
        which = listing(sorted(endpoints))
        notes.append(f"endpoints without a policy let everything of these services pass: {which}")
    return "; ".join(notes)
