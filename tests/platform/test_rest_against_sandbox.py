"""The client's smaller resources against the sandbox's own routes."""

from __future__ import annotations

import httpx
import pytest

from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.domain.transfers import StorageKeys
from pennsieve_agent.errors import NotFound
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.sandbox.data.github import connection
from pennsieve_agent.sandbox.host.config_file import read_profile
from pennsieve_agent.sandbox.host.world import World
from tests.platform.test_against_sandbox import platform, world
from tests.sandbox.data.upload.client import storage
from tests.sandbox.data.upload.conftest import Box, box

__all__ = ["box", "platform", "world"]


def connected(world: World, platform: Platform) -> None:
    """Connect the account, as the web application does."""
    row = world.store.row("SELECT int_id FROM users WHERE node_id = ?", (platform.user().id,))
    assert row is not None
    connection.connect(world.store, row["int_id"])


def test_the_github_account_is_disconnected(world: World, platform: Platform) -> None:
    assert platform.github.account() is None
    connected(world, platform)
    account = platform.github.account()
    assert account is not None
    assert account.username
    platform.github.disconnect()
    assert platform.github.account() is None


def test_no_repositories(world: World, platform: Platform) -> None:
    with pytest.raises(NotFound, match="GitHub account not found"):
        platform.github.repositories()
    connected(world, platform)
    assert platform.github.repositories().total == 0
    assert platform.github.installations() == ()
    with pytest.raises(NotFound):
        platform.github.repository("acme", "edf")


def test_an_asset_from_its_making_to_its_end(box: Box) -> None:
    dataset = box.dataset("client-assets")
    profile = read_profile(box.state.data)
    hosts = Hosts(box.state.api, box.state.api2, box.state.aws)
    with Platform(hosts, ApiKey(profile["api_token"], profile["api_secret"])) as client:
        assets = client.assets
        made = assets.create(dataset, "spikes", "parquet", properties={"rows": 3})
        put(box, made.keys, "t/a b.parquet", b"table")
        listed = assets.list(dataset)
        assert listed.assets == (made.asset,)
        assert listed.keys is not None
        address = listed.keys.address(made.asset, "t/a b.parquet")
        assert httpx.get(address).content == b"table"
        assets.change(dataset, made.asset.id, ready=True)
        found = assets.get(dataset, made.asset.id)
        assert (found.is_ready, found.properties) == (True, {"rows": 3})
        assets.delete(dataset, made.asset.id)
        with pytest.raises(NotFound):
            assets.get(dataset, made.asset.id)


def put(box: Box, keys: StorageKeys, path: str, content: bytes) -> None:
    found = {
        "accessKeyId": keys.access_key,
        "secretAccessKey": keys.secret,
        "sessionToken": keys.token,
        "region": keys.region,
    }
    with storage(box, found) as s3:
        s3.put_object(Bucket=keys.bucket, Key=f"{keys.prefix}/{path}", Body=content)
