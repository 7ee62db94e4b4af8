"""What the emulated account is after a restart, and how little is written down for it."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

from pennsieve_agent.sandbox.aws.account import JOURNAL_FILE
from pennsieve_agent.sandbox.aws.functions.functions import Handler
from pennsieve_agent.sandbox.aws.functions.waiting_events import WaitingEvents
from pennsieve_agent.sandbox.aws.journal_compaction import MOST_UNDONE
from pennsieve_agent.sandbox.aws.request_journal import Journal
from pennsieve_agent.sandbox.aws.services import STATE_FILE
from pennsieve_agent.sandbox.aws.stack_events import pace
from pennsieve_agent.sandbox.host.store import Store
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, allow, open_cloud, service_trust
from tests.sandbox.aws.files import BUCKET, file_system, make_bucket
from tests.sandbox.compute.lab import wait_for

TABLE = "journal"
PATIENCE = 10


def lines(data: Path) -> int:
    return (data / JOURNAL_FILE).read_text().count("\n")


def make_table(cloud: Cloud) -> None:
    cloud.owner.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def key(number: int) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"RUN#{number}"}, "sk": {"S": "RUN"}}


def found(cloud: Cloud) -> dict[str, Any]:
    items = cloud.owner.client("dynamodb").scan(TableName=TABLE)["Items"]
    return {item["pk"]["S"]: item["record"]["S"] for item in items}


def test_items_are_kept_as_they_are(tmp_path: Path) -> None:
    with open_cloud(tmp_path) as cloud:
        make_table(cloud)
        table, before = cloud.owner.client("dynamodb"), lines(tmp_path)
        for number in range(4):
            item = {**key(number), "record": {"S": "new"}}
            table.put_item(TableName=TABLE, Item=item)
        table.update_item(
            TableName=TABLE,
            Key=key(0),
            UpdateExpression="SET #r = :r",
            ExpressionAttributeNames={"#r": "record"},
            ExpressionAttributeValues={":r": {"S": "changed"}},
        )
        table.delete_item(TableName=TABLE, Key=key(1))
        table.transact_write_items(
            TransactItems=[
                {"Delete": {"TableName": TABLE, "Key": key(2)}},
                {"Put": {"TableName": TABLE, "Item": {**key(9), "record": {"S": "both"}}}},
            ]
        )
        assert lines(tmp_path) == before
    with open_cloud(tmp_path) as cloud:
        assert found(cloud) == {"RUN#0": "changed", "RUN#3": "new", "RUN#9": "both"}
        table = cloud.owner.client("dynamodb")
        table.delete_table(TableName=TABLE)
        make_table(cloud)
    with open_cloud(tmp_path) as cloud:
        assert found(cloud) == {}


def test_what_a_run_made_and_took_away_leaves_no_trace(tmp_path: Path) -> None:
    with open_cloud(tmp_path) as cloud:
        batch, files = cloud.owner.client("batch"), cloud.owner.client("s3files")
        s3, events = cloud.owner.client("s3"), cloud.owner.client("events")
        system = file_system(cloud)["fileSystemId"]
        s3.create_bucket(Bucket="node-bucket")
        s3.put_object(Bucket="node-bucket", Key="code/x.zip", Body=b"code")
        events.put_rule(Name="schedule", ScheduleExpression="rate(5 minutes)", State="DISABLED")
        before, kept = lines(tmp_path), ""
        for run in range(3):
            events.enable_rule(Name="schedule")
            point = files.create_access_point(fileSystemId=system, clientToken=f"run-{run}")
            register(batch, f"run-{run}")
            for _ in range(2):
                s3.put_object(Bucket="node-bucket", Key=f"runs/{run}/a.json", Body=b"{}")
            if run < 2:
                batch.deregister_job_definition(jobDefinition=f"run-{run}:1")
                files.delete_access_point(accessPointId=point["accessPointId"])
                s3.delete_object(Bucket="node-bucket", Key=f"runs/{run}/a.json")
                events.disable_rule(Name="schedule")
            kept = point["accessPointId"]
        assert lines(tmp_path) > before + 15
    with open_cloud(tmp_path) as cloud:
        assert lines(tmp_path) == before + 4  # one rule, one access point, definition and object
        files = cloud.owner.client("s3files")
        points = files.list_access_points(fileSystemId=system)["accessPoints"]
        assert [point["accessPointId"] for point in points] == [kept]
        listed = cloud.owner.client("s3").list_objects_v2(Bucket="node-bucket")["Contents"]
        assert [each["Key"] for each in listed] == ["code/x.zip", "runs/2/a.json"]
        assert cloud.owner.client("events").describe_rule(Name="schedule")["State"] == "ENABLED"
        definitions = cloud.owner.client("batch").describe_job_definitions()["jobDefinitions"]
        assert [each["jobDefinitionName"] for each in definitions] == ["run-2"]


PART = b"x" * 5 * 1024**2


def _purge(s3: Any, bucket: str, prefix: str) -> None:
    """Delete all versions, as the node does at the end of a run."""
    rows = s3.list_object_versions(Bucket=bucket, Prefix=prefix)["Versions"]
    objects = [{"Key": row["Key"], "VersionId": row["VersionId"]} for row in rows]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})


def test_the_files_of_ended_runs_leave_the_journal(tmp_path: Path) -> None:
    journal = tmp_path / JOURNAL_FILE
    with open_cloud(tmp_path) as cloud:
        s3 = make_bucket(cloud)
        s3.put_object(Bucket=BUCKET, Key="code/x.zip", Body=b"code")
        s3.put_object(Bucket=BUCKET, Key="files/runs/2/s/data/a", Body=b"of a run that goes on")
        for _ in range(2):
            s3.put_object(Bucket=BUCKET, Key="files/runs/1/s/data/a", Body=PART)
        s3.put_object(Bucket=BUCKET, Key="files/runs/1/s/data/b", Body=PART)
        _purge(s3, BUCKET, "files/runs/1/")
        assert journal.stat().st_size > 3 * len(PART)
    with open_cloud(tmp_path) as cloud:
        assert journal.stat().st_size < 100_000
        s3 = cloud.owner.client("s3")
        keys = [row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
        assert keys == ["code/x.zip", "files/runs/2/s/data/a"]
        _purge(s3, BUCKET, "")  # as a removal does: of code and files together
    with open_cloud(tmp_path) as cloud:
        assert b"files/runs/" not in journal.read_bytes().partition(b"delete")[0]
        assert "Contents" not in cloud.owner.client("s3").list_objects_v2(Bucket=BUCKET)


def test_a_journal_of_which_much_is_undone_is_written_anew_at_once(tmp_path: Path) -> None:
    journal = tmp_path / JOURNAL_FILE
    with open_cloud(tmp_path) as cloud:
        s3 = make_bucket(cloud)
        for number in range(MOST_UNDONE // len(PART) + 1):
            s3.put_object(Bucket=BUCKET, Key=f"files/runs/1/{number}", Body=PART)
        assert journal.stat().st_size > MOST_UNDONE
        _purge(s3, BUCKET, "files/runs/1/")
        assert journal.stat().st_size < 100_000
        s3.put_object(Bucket=BUCKET, Key="files/runs/2/a", Body=b"a")
    with open_cloud(tmp_path) as cloud:
        listed = cloud.owner.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
        assert [row["Key"] for row in listed] == ["files/runs/2/a"]


def test_uploads_in_parts_outlive_it(tmp_path: Path) -> None:
    """Those that were cut off go on; the parts of what is deleted are forgotten."""
    where, parts = {"Bucket": "node-bucket", "Key": "runs/1/whole.tar"}, []
    cut = {**where, "Key": "files/cut.bin"}
    gone = {**where, "Key": "runs/1/gone.tar"}
    with open_cloud(tmp_path) as cloud:
        s3 = cloud.owner.client("s3")
        s3.create_bucket(Bucket="node-bucket")
        upload = s3.create_multipart_upload(**cut)["UploadId"]
        first = s3.upload_part(**cut, UploadId=upload, PartNumber=1, Body=PART)
        parts.append({"PartNumber": 1, "ETag": first["ETag"]})
        for place in (where, gone):
            _upload(s3, place)
        before = lines(tmp_path)
        s3.delete_object(**gone)
    with open_cloud(tmp_path) as cloud:
        assert lines(tmp_path) == before - 4
        s3 = cloud.owner.client("s3")
        assert s3.get_object(**where)["Body"].read() == PART + b"y"
        last = s3.upload_part(**cut, UploadId=upload, PartNumber=2, Body=b"z")
        parts.append({"PartNumber": 2, "ETag": last["ETag"]})
        s3.complete_multipart_upload(**cut, UploadId=upload, MultipartUpload={"Parts": parts})
        assert s3.get_object(**cut)["Body"].read() == PART + b"z"
        assert {row["Key"] for row in s3.list_objects_v2(Bucket="node-bucket")["Contents"]} == {
            cut["Key"],
            where["Key"],
        }


def _upload(s3: Any, place: dict[str, str]) -> None:
    upload = s3.create_multipart_upload(**place)["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=body)["ETag"],
        }
        for number, body in enumerate((PART, b"y"), 1)
    ]
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": parts})


def register(batch: Any, name: str) -> None:
    batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        containerProperties={
            "image": "x",
            "resourceRequirements": [
                {"type": "VCPU", "value": "1"},
                {"type": "MEMORY", "value": "2048"},
            ],
        },
    )


def test_a_stack_is_ready_after_a_restart(tmp_path: Path) -> None:
    """However long its creation took: it is not created once more."""
    groups = {
        name: {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/{name}"}}
        for name in ("First", "Second")
    }
    body = json.dumps({"Resources": groups})

    def status(cloud: Cloud) -> str:
        stacks = cloud.owner.client("cloudformation").describe_stacks(StackName="groups")["Stacks"]
        return str(stacks[0]["StackStatus"])

    pace(3600)
    try:
        with open_cloud(tmp_path) as cloud:
            client = cloud.owner.client("cloudformation")
            client.create_stack(StackName="groups", TemplateBody=body)
            assert status(cloud) == "CREATE_IN_PROGRESS"
        with open_cloud(tmp_path) as cloud:
            assert status(cloud) == "CREATE_COMPLETE"
    finally:
        pace(0)


def test_a_stack_whose_template_went_by_a_bucket_follows_the_ports(tmp_path: Path) -> None:
    """As every node's does: what its functions are told has the sandbox's present addresses."""
    old, new = "http://127.0.0.1:8", "http://127.0.0.1:12345"
    address = {"Type": "String", "Name": "address", "Value": f"{old}/v1"}
    body = json.dumps({"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": address}}})
    place = {"Bucket": "templates", "Key": "code/1.template.json"}

    def told(cloud: Cloud) -> str:
        answer = cloud.owner.client("ssm").get_parameter(Name="address")
        return str(answer["Parameter"]["Value"])

    with open_cloud(tmp_path) as cloud:
        s3 = cloud.owner.client("s3")
        s3.create_bucket(Bucket="templates")
        s3.put_bucket_versioning(Bucket="templates", VersioningConfiguration={"Status": "Enabled"})
        version = s3.put_object(**place, Body=body.encode())["VersionId"]
        cloud.owner.client("cloudformation").create_stack(
            StackName="long",
            TemplateURL=f"https://templates.s3.{REGION}.amazonaws.com/{place['Key']}",
        )
        s3.delete_object(**place, VersionId=version)
        assert told(cloud) == f"{old}/v1"
    Journal(tmp_path / JOURNAL_FILE).translate({old: new})
    with open_cloud(tmp_path) as cloud:
        assert told(cloud) == f"{new}/v1"
        assert "Versions" not in cloud.owner.client("s3").list_object_versions(Bucket="templates")


def test_events_of_functions_outlive_it(tmp_path: Path) -> None:
    """What waited is handled; what ran has failed, as where a function's environment ends."""
    began, release = threading.Semaphore(0), threading.Event()
    heard: list[Any] = []
    code: dict[str, Handler] = {"code.told": lambda event, _: heard.append(event)}

    def hold(_event: Any, _given: Any) -> None:
        began.release()
        release.wait(PATIENCE)

    before, after = tmp_path / "before", tmp_path / "after"
    with open_cloud(before) as cloud:
        functions = cloud.owner.client("lambda")
        told = f"arn:aws:lambda:{REGION}:{NUMBER}:function:told"
        role = cloud.role(
            "worker", service_trust("lambda.amazonaws.com"), allow(("lambda:InvokeFunction", told))
        )
        cloud.function("told", role, code["code.told"])
        for name, retries in (("again", 2), ("once", 0)):
            cloud.function(name, role, hold, Timeout=PATIENCE)
            functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
            functions.put_function_event_invoke_config(
                FunctionName=name,
                MaximumRetryAttempts=retries,
                DestinationConfig={"OnFailure": {"Destination": told}},
            )
            functions.invoke(FunctionName=name, InvocationType="Event", Payload=b'"ran"')
            assert began.acquire(timeout=PATIENCE)
        functions.invoke(FunctionName="once", InvocationType="Event", Payload=b'"waited"')
        shutil.copytree(before, after)  # as it is when the machine stops
        release.set()
    heard.clear()  # of the first one, whose calls may have been cut off as it closed

    code["code.again"] = lambda event, _: heard.append(f"again {event}")
    code["code.once"] = lambda event, _: heard.append(f"once {event}")
    with open_cloud(after, code=code):
        wait_for(lambda: len(heard) == 3)
    (failure,) = (record for record in heard if isinstance(record, dict))
    assert failure["requestPayload"] == "ran"
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert sorted(text for text in heard if text != failure) == ["again ran", "once waited"]
    store = Store(after / STATE_FILE, [])
    assert list(WaitingEvents(store).left()) == []
    store.close()
