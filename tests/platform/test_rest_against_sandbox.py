"""The client's smaller resources against the sandbox's own routes."""

from __future__ import annotations

import httpx
import pytest

from pennsieve_agent.domain.identity import ApiKey, Hosts
from pennsieve_agent.domain.transfers import StorageKeys
from pennsieve_agent.errors import NotFound
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.sandbox.host.config_file import read_profile
from tests.platform.test_against_sandbox import platform, world
from tests.sandbox.upload.client import storage
from tests.sandbox.upload.conftest import Box, box

__all__ = ["box", "platform", "world"]


def test_the_github_account_is_disconnected(platform: Platform) -> None:
    account = platform.github.account()
    assert account is not None
    assert account.username
    platform.github.disconnect()
    assert platform.github.account() is None


def test_no_repositories(platform: Platform) -> None:
    assert platform.github.repositories().total == 0
    assert platform.github.installations() == ()
    with pytest.raises(NotFound):
        platform.github.repository("acme", "edf")


def test_invitations_come_and_go(platform: Platform) -> None:
    here = platform.workspace_id()
    platform.people.invite(here, "edsger@example.org", "Edsger", "Dijkstra", "editor")
    (invitation,) = platform.invitations.list(here)
    assert (invitation.email, invitation.name) == ("edsger@example.org", "Edsger Dijkstra")
    platform.invitations.resend(here, invitation.id)
    platform.invitations.cancel(here, invitation.id)
    assert platform.invitations.list(here) == []
    with pytest.raises(NotFound):
        platform.invitations.cancel(here, invitation.id)


def test_a_members_role_is_changed(platform: Platform) -> None:
    here = platform.workspace_id()
    member = platform.people.by_email(here, "grace@example.org")
    assert member is not None
    assert member.role == "manager"
    platform.people.set_role(here, member.id, "editor")
    changed = platform.people.by_email(here, "grace@example.org")
    assert changed is not None
    assert changed.role == "editor"


def test_statuses(platform: Platform) -> None:
    found = platform.datasets.statuses(platform.workspace_id())
    assert found[0].name == "NO_STATUS"
    assert found[0].in_use


def test_what_is_deleted_is_in_the_trash(platform: Platform) -> None:
    (dataset,) = platform.datasets.list()
    assert list(platform.trash.list(dataset.id)) == []
    (file,) = (f for f in platform.datasets.files(dataset.id) if f.path == "a.csv")
    platform.packages.delete([file.package_id])
    (found,) = platform.trash.list(dataset.id)
    assert (found.id, found.name, found.is_folder) == (file.package_id, "a.csv", False)


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


def test_no_legacy_applications(platform: Platform) -> None:
    assert platform.legacy.list(platform.workspace_id()) == []
