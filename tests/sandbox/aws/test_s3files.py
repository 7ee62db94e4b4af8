"""The emulated S3 Files: its refusals, its delays, and who wins a conflict."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.sandbox.aws.s3files import file_systems
from pennsieve_agent.sandbox.aws.s3files.synchronize import NotThere
from tests.sandbox.aws.account import NUMBER, Cloud, allow, service_trust
from tests.sandbox.aws.files import BUCKET, file_system, make_bucket, make_role


@pytest.fixture
def enter(cloud: Cloud) -> Callable[..., Path]:
    """Enter an access point of a file system, as a mount does."""

    def go(system: str, path: str, **root: Any) -> Path:
        point = file_systems.AccessPoint("", "", system, "", {}, {"path": path, **root})
        known = file_systems.s3files_backends[NUMBER]["us-east-1"].file_system(system)
        return cloud.services.files.enter(known, NUMBER, point)

    return go


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_bucket_without_versions_and_a_wrong_role_are_refused(cloud: Cloud) -> None:
    s3 = make_bucket(cloud, versioned=False)
    files, wanted = cloud.owner.client("s3files"), {"bucket": f"arn:aws:s3:::{BUCKET}"}
    role = make_role(cloud)
    with pytest.raises(ClientError, match="Versioning is not enabled") as refused:
        files.create_file_system(**wanted, roleArn=role)
    assert code_of(refused) == "ValidationException"
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    other = cloud.role("other", service_trust("s3.amazonaws.com"), allow())
    with pytest.raises(ClientError, match="cannot assume"):
        files.create_file_system(**wanted, roleArn=other)
    with pytest.raises(ClientError) as missing:
        files.create_file_system(bucket="arn:aws:s3:::nowhere", roleArn=role)
    assert code_of(missing) == "ResourceNotFoundException"
    assert files.create_file_system(**wanted, roleArn=role)["status"] == "available"


def test_access_points_are_limited_and_keep_a_file_system(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, system = cloud.owner.client("s3files"), file_system(cloud)["fileSystemId"]
    monkeypatch.setattr(file_systems, "MOST_ACCESS_POINTS", 2)
    points = [files.create_access_point(fileSystemId=system, clientToken=t) for t in "aab"]
    assert points[0]["accessPointId"] == points[1]["accessPointId"]  # the token is the same
    assert points[2]["accessPointArn"].endswith(
        f"{system}/access-point/{points[2]['accessPointId']}"
    )
    with pytest.raises(ClientError) as full:
        files.create_access_point(fileSystemId=system)
    assert code_of(full) == "ServiceQuotaExceededException"
    with pytest.raises(ClientError) as attached:
        files.delete_file_system(fileSystemId=system)
    assert code_of(attached) == "ConflictException"
    listed = files.list_access_points(fileSystemId=system)["accessPoints"]
    for point in listed:
        files.delete_access_point(accessPointId=point["accessPointId"])
    for target in files.list_mount_targets(fileSystemId=system)["mountTargets"]:
        files.delete_mount_target(mountTargetId=target["mountTargetId"])
    files.delete_file_system(fileSystemId=system)
    assert files.list_file_systems()["fileSystems"] == []


def test_objects_are_files_with_the_owner_and_mode_of_their_metadata(
    cloud: Cloud, enter: Callable[..., Path]
) -> None:
    system, s3 = file_system(cloud)["fileSystemId"], cloud.owner.client("s3")
    owner = {"file-owner": str(os.getuid()), "file-group": str(os.getgid())}
    for key, mode, body in (
        ("files/runs/r/", "0040750", b""),
        ("files/runs/r/a.txt", "0100640", b"abc"),
        ("files/runs/r/link", "0120777", b"a.txt"),
        ("files/runs/r/x//y", "0100640", b"no path"),
    ):
        s3.put_object(
            Bucket=BUCKET, Key=key, Body=body, Metadata={**owner, "file-permissions": mode}
        )
    s3.put_object(Bucket=BUCKET, Key="files/runs/r/plain/b.txt", Body=b"b")
    folder = enter(system, "/runs/r")
    assert folder.stat().st_mode & 0o777 == 0o750
    assert (folder / "a.txt").stat().st_mode & 0o777 == 0o640
    assert (folder / "link").read_text() == "abc"
    assert (folder / "plain/b.txt").stat().st_mode & 0o777 == 0o644
    assert sorted(p.name for p in folder.iterdir()) == ["a.txt", "link", "plain"]


def test_what_is_new_in_a_known_folder_is_seen_late_and_a_fresh_folder_is_complete(
    cloud: Cloud, enter: Callable[..., Path]
) -> None:
    system, s3, files = (
        file_system(cloud)["fileSystemId"],
        cloud.owner.client("s3"),
        cloud.services.files,
    )
    s3.put_object(Bucket=BUCKET, Key="files/runs/old/a", Body=b"")
    enter(system, "/runs/old")
    files.import_seconds = 30.0
    for name in ("data/1", "data/deep/2"):
        s3.put_object(Bucket=BUCKET, Key=f"files/runs/new/{name}", Body=b"x")
    with pytest.raises(NotThere, match="/runs/new"):
        enter(system, "/runs/new")
    files.now = lambda: time.time() + 31
    s3.put_object(Bucket=BUCKET, Key="files/runs/new/data/3", Body=b"x")
    files.now = lambda: time.time() + 31
    data = enter(system, "/runs/new") / "data"
    assert sorted(p.name for p in data.rglob("*")) == ["1", "2", "3", "deep"]
    made = {"ownerUid": os.getuid(), "ownerGid": os.getgid(), "permissions": "0700"}
    assert enter(system, "/layers", creationPermissions=made).is_dir()


def test_a_file_reaches_the_bucket_a_minute_after_its_last_change(
    cloud: Cloud, enter: Callable[..., Path]
) -> None:
    made = {"ownerUid": os.getuid(), "ownerGid": os.getgid(), "permissions": "0700"}
    system, s3, files = (
        file_system(cloud)["fileSystemId"],
        cloud.owner.client("s3"),
        cloud.services.files,
    )
    known = file_systems.s3files_backends[NUMBER]["us-east-1"].file_system(system)
    folder = enter(system, "/runs/r", creationPermissions=made)
    (folder / "a.txt").write_text("1")
    (folder / "link").symlink_to("a.txt")
    files.tick(known, NUMBER)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    assert files.pending(known)
    files.now = lambda: time.time() + 61
    files.tick(known, NUMBER)
    keys = [row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == ["files/runs/", "files/runs/r/", "files/runs/r/a.txt", "files/runs/r/link"]
    told = s3.head_object(Bucket=BUCKET, Key="files/runs/r/a.txt")["Metadata"]
    assert told["file-owner"] == str(os.getuid())
    assert told["file-permissions"].startswith("0100")
    assert not files.pending(known)
    (folder / "a.txt").unlink()
    files.tick(known, NUMBER)
    assert [row["Key"] for row in s3.list_object_versions(Bucket=BUCKET)["DeleteMarkers"]] == [
        "files/runs/r/a.txt"
    ]


def test_a_file_that_vanishes_while_files_are_copied_is_left_out(
    cloud: Cloud, enter: Callable[..., Path]
) -> None:
    made = {"ownerUid": os.getuid(), "ownerGid": os.getgid(), "permissions": "0700"}
    system, s3 = file_system(cloud)["fileSystemId"], cloud.owner.client("s3")
    known = file_systems.s3files_backends[NUMBER]["us-east-1"].file_system(system)
    folder = enter(system, "/runs/r", creationPermissions=made)
    for name in "abc":
        (folder / name).write_text(name)

    def now() -> float:
        """Asked of each file after it was seen: then a program removes another one."""
        if all((folder / name).exists() for name in "abc"):
            (folder / "b").unlink()
        return time.time() + 61

    cloud.services.files.now = now
    cloud.services.files.tick(known, NUMBER)
    keys = {row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert {key for key in keys if not key.endswith("/")} == {"files/runs/r/a", "files/runs/r/c"}


def test_the_bucket_wins_and_what_was_changed_is_lost_and_found(
    cloud: Cloud, enter: Callable[..., Path]
) -> None:
    system, s3, files = (
        file_system(cloud)["fileSystemId"],
        cloud.owner.client("s3"),
        cloud.services.files,
    )
    known = file_systems.s3files_backends[NUMBER]["us-east-1"].file_system(system)
    for name in ("report", "gone"):
        s3.put_object(Bucket=BUCKET, Key=f"files/runs/r/{name}", Body=b"first")
    folder = enter(system, "/runs/r")
    for name in ("report", "gone"):
        (folder / name).write_text("mine, which is newer")
    s3.put_object(Bucket=BUCKET, Key="files/runs/r/report", Body=b"theirs")
    s3.delete_object(Bucket=BUCKET, Key="files/runs/r/gone")
    files.tick(known, NUMBER)
    assert (folder / "report").read_text() == "theirs"
    assert not (folder / "gone").exists()
    (lost,) = (files.root / system).glob(".s3files-lost+found-*")
    assert sorted(p.name.partition("_")[2] for p in lost.iterdir()) == ["gone", "report"]
    files.now = lambda: time.time() + 61
    files.tick(known, NUMBER)  # what is lost is never copied
    keys = [row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == ["files/runs/", "files/runs/r/", "files/runs/r/report"]


def test_one_import_rule_is_for_the_root(cloud: Cloud) -> None:
    files, system = cloud.owner.client("s3files"), file_system(cloud)["fileSystemId"]
    rule = {"prefix": "", "trigger": "ON_FILE_ACCESS", "sizeLessThan": 0}
    wanted = {"fileSystemId": system, "expirationDataRules": [{"daysAfterLastAccess": 1}]}
    with pytest.raises(ClientError, match="root directory"):
        files.put_synchronization_configuration(
            **wanted, importDataRules=[{**rule, "prefix": "runs/"}]
        )
    files.put_synchronization_configuration(**wanted, importDataRules=[rule])
    with pytest.raises(ClientError, match="latest version is 1"):
        files.put_synchronization_configuration(**wanted, importDataRules=[rule])
    assert json.dumps(rule) in json.dumps(
        files.get_synchronization_configuration(fileSystemId=system)
    )


def test_what_has_not_changed_is_not_looked_at_again(
    cloud: Cloud, enter: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it happens under the lock that every request of the account waits for."""
    system = file_system(cloud)["fileSystemId"]
    s3 = cloud.owner.client("s3")
    for number in range(20):
        s3.put_object(Bucket=BUCKET, Key=f"files/run/{number}", Body=b"x")
    assert len(list(enter(system, "/run").iterdir())) == 20
    asked: list[str] = []
    inner = cloud.services.files.may

    def may(role: str, ask: Ask) -> bool:
        asked.append(ask.action)
        return inner(role, ask)

    monkeypatch.setattr(cloud.services.files, "may", may)
    s3.put_object(Bucket=BUCKET, Key="files/run/0", Body=b"changed")
    assert (enter(system, "/run") / "0").read_bytes() == b"changed"
    assert asked == ["s3:ListBucket", "s3:GetObject"]
