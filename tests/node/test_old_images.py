"""Images of workflows go when no version and no run of 90 days names them, by the node's clock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.node.owned import DIGEST, IMAGE, WORKFLOW, Owned, version

DAY = 86_400
NAMED, DROPPED, BUILT, NEW = (
    DIGEST,
    "sha256:" + "b" * 64,
    "sha256:" + "c" * 64,
    "sha256:" + "d" * 64,
)


def of(digest: str, name: str) -> dict[str, Any]:
    """A version whose step is an image."""
    steps = version(name)["steps"]
    steps[1]["image"] = IMAGE.replace(DIGEST, digest)
    return version(name, steps=steps)


def register(node: Owned, name: str, digest: str) -> None:
    node.owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/{name}", body=of(digest, name))


def test_an_image_goes_90_days_after_the_last_version_that_named_it(node: Owned) -> None:
    world = node.world
    world.pushed = {digest: world.now() for digest in (NAMED, DROPPED, BUILT)}
    register(node, "v1", NAMED)
    register(node, "v2", DROPPED)
    world.clock += 89 * DAY
    node.owner.ask("DELETE", f"/workflows/{WORKFLOW}/versions/v2")
    assert set(world.pushed) == {NAMED, DROPPED, BUILT}
    world.clock += 2 * DAY  # what was never registered is 91 days old
    world.pushed[NEW] = world.now()
    register(node, "v3", NAMED)
    assert set(world.pushed) == {NAMED, DROPPED, NEW}
    world.clock += 89 * DAY  # the last run of what was removed is 91 days old at least
    register(node, "v4", NEW)
    assert set(world.pushed) == {NAMED, NEW}
    world.clock += 91 * DAY
    node.owner.ask("DELETE", f"/workflows/{WORKFLOW}")
    assert set(world.pushed) == {NAMED, NEW}
    world.clock += 91 * DAY
    register(node, "v1", NAMED)
    assert set(world.pushed) == {NAMED}


@pytest.mark.parametrize("call", ["describe_images", "batch_delete_image"])
def test_what_aws_refuses_is_tried_again_and_hinders_nothing(node: Owned, call: str) -> None:
    world = node.world
    world.pushed = {BUILT: world.now() - 91 * DAY}
    world.throttled = {f"images.{call}"}
    register(node, "v1", NAMED)
    assert set(world.pushed) == {BUILT}
    world.throttled = set()
    register(node, "v2", NAMED)
    assert world.pushed == {}
