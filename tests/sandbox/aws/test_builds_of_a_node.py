"""The owner's requests about builds, as his machine asks them, on an emulated CodeBuild."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import boto3
import pytest

from pennsieve_agent.aws.builds import stop_builds
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.image_builds import BuildSize, BuildState
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import SourceError
from pennsieve_agent.node.api import routes_builds
from pennsieve_agent.node.api.request_handler import Problem, Request
from pennsieve_agent.node.node import Node, node_of
from pennsieve_agent.node.node_settings import NodeSettings, variable
from pennsieve_agent.node.records.callers import Caller
from pennsieve_agent.sandbox.aws.codebuild.builds import QUOTA
from pennsieve_agent.services.workflows.node_builds import BuildRequest, NodeBuilds, of_the_build
from tests.account.stack.specs import NAMES
from tests.aws.emulator import settings
from tests.sandbox.aws.account import OWNER, REGION, Cloud
from tests.sandbox.aws.builds import Bench, commands

ONE, TWO, OTHER = "a" * 64, "b" * 64, "d" * 64
REQUEST = BuildRequest("spikes", "https://github.com/lab/spikes", "c" * 40, BuildSize.LARGE)
OWN = OwnNode(NAMES.token, "my-compute", "", NAMES.account_id, REGION, "", "admin")


@dataclass
class Calls:
    """Requests of the owner's that reach the routes without Lambda between."""

    node: Node

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        assert admin
        who = Caller("arn:aws:iam::123456789012:user/ada", "123456789012")
        request = Request(self.node, method, path, dict(query or {}), body, who, {})
        for route in routes_builds.ROUTES:
            matched = route.path.fullmatch(path)
            if route.method == method and matched:
                status, document = route.action(request, *matched.groups())
                assert status == 200
                return dict(document)
        raise AssertionError(path)


def node(cloud: Cloud, **changes: str) -> Node:
    """A node whose settings are empty, but for these."""
    known = {"token": NAMES.token, "region": REGION, "endpoint": cloud.url}
    known |= {"builder": NAMES.builder, "bucket": NAMES.bucket, **changes}
    names = (field.name for field in fields(NodeSettings))
    environ = {variable(name): known.get(name, "") for name in names}
    session = boto3.session.Session(OWNER.access_key, OWNER.secret, region_name=REGION)
    return node_of(session, environ)


def builds_of(cloud: Cloud, *archives: str, **changes: str) -> NodeBuilds:
    """The builds of a node whose bucket has these archives."""
    s3 = cloud.owner.client("s3")
    for archive in archives:
        s3.put_object(Bucket=NAMES.bucket, Key=f"archives/{archive}.tar.gz", Body=b"code")
    return NodeBuilds(OWN, Calls(node(cloud, **changes)), lambda _: None)


def test_a_build_is_followed_and_its_failing_line_told(cloud: Cloud, tmp_path: Path) -> None:
    Bench(cloud, tmp_path, Source=commands("echo one", "echo 'ERROR: no such file'; exit 3"))
    builds = builds_of(cloud, ONE, TWO, OTHER)
    started = builds.start(ONE, REQUEST)
    assert (started.archive, started.name, started.size) == (ONE, "spikes", BuildSize.LARGE)
    assert builds.start(ONE, REQUEST).id == started.id  # it is under way
    lines: list[str] = []
    ended = builds.follow(started, lines.append)
    assert [line for line in lines if of_the_build(line)] == ["one", "ERROR: no such file"]
    assert lines == builds.lines(started.id)
    assert (ended.state, ended.problem) == (BuildState.FAILED, "exit status 3")
    assert ended.cost == 0.02
    with pytest.raises(SourceError, match="on node 'my-compute': ERROR: no such file") as failed:
        builds.check(ended)
    assert f"pennsieve workflow build logs {ended.id}" in str(failed.value.hint)
    again = builds.start(ONE, REQUEST)
    assert again.id != started.id
    assert [build.id for build in builds.newest()] == [again.id, started.id]
    assert builds.newest("https://github.com/lab/other") == []
    builds.follow(again, lines.append)


def test_a_registry_that_is_asked_too_often_is_named(cloud: Cloud, tmp_path: Path) -> None:
    Bench(cloud, tmp_path, Source=commands("echo toomanyrequests: pull rate limit; false"))
    builds = builds_of(cloud, ONE, TWO, OTHER)
    ended = builds.follow(builds.start(ONE, REQUEST), lambda _: None)
    with pytest.raises(SourceError, match="too many requests") as failed:
        builds.check(ended)
    assert "public.ecr.aws/docker/library/" in str(failed.value.hint)


def test_a_stopped_build_and_one_out_of_time_are_said(cloud: Cloud, tmp_path: Path) -> None:
    Bench(cloud, tmp_path, Source=commands("sleep 100"), TimeoutInMinutes=5)
    builds = builds_of(cloud, ONE, TWO, OTHER)
    held = builds.start(ONE, REQUEST)
    builds.stop(held.id)
    ended = builds.follow(held, lambda _: None)
    with pytest.raises(SourceError, match="was stopped"):
        builds.check(ended)
    with pytest.raises(Problem, match="has ended"):
        builds.stop(held.id)
    cloud.services.codebuild.builds._minute = 0.05
    late = builds.follow(builds.start(TWO, REQUEST), lambda _: None)
    with pytest.raises(SourceError, match="ran out of time: Build has timed out") as failed:
        builds.check(late)
    assert "--build-size large" in str(failed.value.hint)


def test_builds_that_go_on_are_stopped_before_their_project_goes(
    cloud: Cloud, tmp_path: Path
) -> None:
    keys = tmp_path / "credentials"
    keys.write_text(
        f"[default]\naws_access_key_id = {OWNER.access_key}\n"
        f"aws_secret_access_key = {OWNER.secret}\n"
    )
    aws = Aws(settings(tmp_path, cloud.url, region=REGION))

    def wait(seconds: float) -> None:
        threading.Event().wait(seconds)

    assert stop_builds(aws, NAMES.builder, wait) == 0  # no project
    bench = Bench(cloud, tmp_path, Source=commands("sleep 100"))
    builds = builds_of(cloud, ONE, TWO)
    held = [builds.start(archive, REQUEST) for archive in (ONE, TWO)]
    assert stop_builds(aws, NAMES.builder, wait) == 2
    states = [bench.state(f"{NAMES.builder}:{build.id}")["buildStatus"] for build in held]
    assert states == ["STOPPED", "STOPPED"]
    assert stop_builds(aws, NAMES.builder, wait) == 0


def test_a_build_begins_with_the_newest_image_of_the_same_source(
    cloud: Cloud, tmp_path: Path
) -> None:
    bench = Bench(cloud, tmp_path, Source=commands("echo began with: $EARLIER"))
    builds = builds_of(cloud, ONE, TWO, OTHER)
    first = builds.follow(builds.start(ONE, REQUEST), lambda _: None)
    assert "began with: " in [line.rstrip() + " " for line in builds.lines(first.id)]
    second = builds.follow(builds.start(TWO, REQUEST), lambda _: None)
    assert f"began with: {ONE}" in builds.lines(second.id)
    other = BuildRequest("other", "local:other", "", BuildSize.SMALL)
    third = builds.follow(builds.start(OTHER, other), lambda _: None)
    assert f"began with: {ONE}" not in builds.lines(third.id)
    assert bench.state(f"{NAMES.builder}:{third.id}")["environment"]["computeType"].endswith(
        "SMALL"
    )


def test_what_the_node_refuses(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Bench(cloud, tmp_path, Source=commands("true"))
    builds = builds_of(cloud, ONE, TWO, OTHER)
    with pytest.raises(Problem, match="SHA-256"):
        builds.start("x", REQUEST)
    with pytest.raises(Problem, match="no longer has this code") as refused:
        builds.start("e" * 64, REQUEST)
    assert (refused.value.status, refused.value.code) == (404, "no-archive")
    for name in ("00000000-0000-0000-0000-000000000000", "none"):
        with pytest.raises(Problem, match="there is no build"):
            builds.get(name)
    monkeypatch.setenv(QUOTA, "0")
    with pytest.raises(Problem, match="Cannot have more than 0 builds in queue") as refused:
        builds.start(ONE, REQUEST)
    assert (refused.value.status, refused.value.code) == (409, "build-quota")
    with pytest.raises(Problem, match="mode compliant"):
        builds_of(cloud, builder="").newest()
