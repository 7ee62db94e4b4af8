"""The services of AWS that a node's code calls, in memory; each call goes by the world."""

from __future__ import annotations

import fnmatch
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.node.world import World


class Refusal(Exception):  # noqa: N818 - as AWS calls it
    """AWS says no, as botocore says it."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}, **more}


@dataclass
class Job:
    id: str
    name: str
    after: list[str]
    definition: dict[str, Any]
    queue: str
    status: str = "SUBMITTED"
    reason: str = ""
    code: int | None = None
    started: float = 0.0
    stopped: float = 0.0
    ran: int = 0
    stream: str = ""
    container_reason: str = ""
    attempts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.status in {"SUCCEEDED", "FAILED"}


@dataclass
class _Client:
    world: World

    def _do(self, name: str, effect: Callable[[], Any]) -> Any:
        return self.world.call(f"{type(self).__name__.lower()}.{name}", effect)


class Table(_Client):
    def get_item(self, *, Key: Any, **_: Any) -> Any:  # noqa: N803 - boto3's names
        def effect() -> Any:
            found = self.world.items.get((Key["pk"]["S"], Key["sk"]["S"]))
            return {"Item": found} if found else {}

        return self._do("get_item", effect)

    def put_item(self, *, Item: Any, **more: Any) -> Any:  # noqa: N803
        return self._do("put_item", lambda: self._put(Item, more))

    def _put(self, item: dict[str, Any], more: dict[str, Any]) -> Any:
        key = (item["pk"]["S"], item["sk"]["S"])
        _check(self.world.items.get(key), more)
        if item_size(item) > MOST_ITEM_BYTES:
            raise Refusal("ValidationException")
        self.world.items[key] = item
        return {}

    def update_item(self, *, Key: Any, UpdateExpression: str, **more: Any) -> Any:  # noqa: N803
        key = (Key["pk"]["S"], Key["sk"]["S"])

        def effect() -> Any:
            item = dict(self.world.items.get(key, Key))
            _check(self.world.items.get(key), more)
            values, names = more["ExpressionAttributeValues"], more.get(_NAMES, {})
            change, _, removed = UpdateExpression.partition(" REMOVE ")
            for part in change.removeprefix("SET ").split(", "):
                name, value = part.split(" = ")
                item[names.get(name, name)] = values[value]
            item.pop(removed, None)
            self.world.items[key] = item
            return {}

        return self._do("update_item", effect)

    def delete_item(self, *, Key: Any, **more: Any) -> Any:  # noqa: N803
        key = (Key["pk"]["S"], Key["sk"]["S"])

        def effect() -> Any:
            _check(self.world.items.get(key), more)
            self.world.items.pop(key, None)
            return {}

        return self._do("delete_item", effect)

    def query(
        self,
        *,
        ExpressionAttributeValues: Any,  # noqa: N803
        KeyConditionExpression: str,  # noqa: N803
        ScanIndexForward: bool = True,  # noqa: N803
        **_: Any,
    ) -> Any:
        values = {name: row["S"] for name, row in ExpressionAttributeValues.items()}
        conditions: dict[str, Callable[[str], bool]] = {
            "pk = :pk": lambda _: True,
            "pk = :pk AND begins_with(sk, :p)": lambda sk: sk.startswith(values[":p"]),
            "pk = :pk AND sk < :b": lambda sk: sk < values[":b"],
            "pk = :pk AND sk BETWEEN :first AND :last": lambda sk: (
                values[":first"] <= sk <= values[":last"]
            ),
        }
        fits = conditions[KeyConditionExpression]

        def effect() -> Any:
            keys = [key for key in self.world.items if key[0] == values[":pk"] and fits(key[1])]
            keys.sort(reverse=not ScanIndexForward)
            return {"Items": [self.world.items[key] for key in keys]}

        return self._do("query", effect)


_NAMES = "ExpressionAttributeNames"
MOST_ITEM_BYTES = 400 * 1024
LEAST_PART = 5 * 1024 * 1024


def item_size(item: dict[str, Any]) -> int:
    """The bytes of an item (Amazon DynamoDB, "Item sizes and formats")."""
    values = [value for row in item.values() for value in row.values()]
    texts = [*item, *(str(value) for value in values if not isinstance(value, bytes))]
    data = [value for value in values if isinstance(value, bytes)]
    return sum(len(text.encode()) for text in texts) + sum(map(len, data))


def _check(old: dict[str, Any] | None, more: dict[str, Any]) -> None:
    """Refuse what is written only where a condition holds that does not.

    Of conditions it knows comparisons, joined by ``AND`` or by ``OR``.
    """
    values, names = more.get("ExpressionAttributeValues", {}), more.get(_NAMES, {})

    def holds(part: str) -> bool:
        if function := re.fullmatch(r"(attribute_(?:not_)?exists)\((\w+)\)", part):
            return (function[2] in (old or {})) is (function[1] == "attribute_exists")
        name, sign, value = part.split(" ")
        (found,) = (old or {}).get(names.get(name, name), {"": None}).values()
        (other,) = values[value].values()
        if found is None:
            return False
        if sign == "=":
            return bool(found == other)
        return float(found) < float(other) or (sign == "<=" and float(found) == float(other))

    condition = more.get("ConditionExpression", "")
    either = any if " OR " in condition else all
    if condition and not either(map(holds, re.split(" AND | OR ", condition))):
        raise Refusal("ConditionalCheckFailedException")


class Batch(_Client):
    def register_job_definition(self, **given: Any) -> Any:
        def effect() -> Any:
            arn = f"{given['jobDefinitionName']}:{len(self.world.definitions) + 1}"
            if self.world.refuses_meters and "ecsProperties" in given:
                raise Refusal("ClientException")
            self.world.definitions[arn] = {"containerProperties": _as_one(given), **given}
            return {"jobDefinitionArn": arn}

        return self._do("register_job_definition", effect)

    def describe_job_definitions(self, *, jobDefinitionName: str, **_: Any) -> Any:  # noqa: N803
        arns = [a for a in self.world.definitions if a.rpartition(":")[0] == jobDefinitionName]
        rows = [{"jobDefinitionArn": arn} for arn in arns]
        return self._do("describe_job_definitions", lambda: {"jobDefinitions": rows})

    def deregister_job_definition(self, *, jobDefinition: str) -> Any:  # noqa: N803
        pop = self.world.definitions.pop
        return self._do("deregister_job_definition", lambda: pop(jobDefinition, None))

    def submit_job(self, *, dependsOn: Any, **given: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            number = f"job-{len(self.world.jobs) + 1}"
            after = [each["jobId"] for each in dependsOn]
            if len(after) > self.world.most_parents:
                raise Refusal("ClientException")
            assert all(after), "a job that Batch does not know"
            definition = self.world.definitions[given["jobDefinition"]]
            made = Job(number, given["jobName"], after, definition, given["jobQueue"])
            self.world.jobs[number] = made
            return {"jobId": number}

        return self._do("submit_job", effect)

    def list_jobs(self, *, jobQueue: str, filters: Any, **_: Any) -> Any:  # noqa: N803
        (name,) = filters[0]["values"]
        rows = [
            {"jobId": job.id, "jobName": job.name}
            for job in self.world.jobs.values()
            if fnmatch.fnmatchcase(job.name, name) and job.queue == jobQueue
        ]
        return self._do("list_jobs", lambda: {"jobSummaryList": rows})

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_jobs"
        return SimpleNamespace(paginate=lambda **given: [self.list_jobs(**given)])

    def describe_jobs(self, *, jobs: list[str]) -> Any:
        assert len(jobs) <= 100

        def effect() -> Any:
            return {"jobs": [_row(self.world.jobs[i]) for i in jobs if i in self.world.jobs]}

        return self._do("describe_jobs", effect)

    def terminate_job(self, *, jobId: str, reason: str) -> Any:  # noqa: N803
        def effect() -> Any:
            job = self.world.jobs[jobId]
            if not job.ended:
                self.world.end(job, "FAILED", reason, 137 if job.started else None)
            return {}

        return self._do("terminate_job", effect)

    def describe_compute_environments(self, **_: Any) -> Any:
        rows = [
            {"computeEnvironmentName": name, "status": "VALID", "state": "ENABLED", **row}
            for name, row in {"q-fargate": {}, "q-spot": {}, **self.world.environments}.items()
        ]
        return self._do("describe_compute_environments", lambda: {"computeEnvironments": rows})


def _as_one(given: dict[str, Any]) -> dict[str, Any]:
    """The container of a step with what its task has, as it would be without a meter."""
    (task,) = given.get("ecsProperties", {}).get("taskProperties", [{}])
    step, *others = task.get("containers", [{}])
    rows = [row for one in (step, *others) for row in one.get("resourceRequirements", ())]
    sums: dict[str, float] = {}
    for row in rows:
        sums[row["type"]] = sums.get(row["type"], 0) + float(row["value"])
    requirements = [{"type": kind, "value": f"{value:g}"} for kind, value in sums.items()]
    above = {name: value for name, value in task.items() if name != "containers"}
    role = {"jobRoleArn": above.pop("taskRoleArn")} if "taskRoleArn" in above else {}
    return {**above, **role, **step, "resourceRequirements": requirements}


def _row(job: Job) -> dict[str, Any]:
    """A job as it is described: a metered one has its containers by name."""
    row = _plain_row(job)
    if "ecsProperties" not in job.definition:
        return row

    def task(container: dict[str, Any]) -> list[dict[str, Any]]:
        meter = {"name": "meter"} | ({"logStreamName": meter_of(job)} if job.started else {})
        return [{"containers": [{"name": "default", **container}, meter]}]

    ended = [{**one, "taskProperties": task(one.get("container", {}))} for one in job.attempts]
    attempts = [{name: one[name] for name in one if name != "container"} for one in ended]
    return {
        **{name: value for name, value in row.items() if name != "container"},
        "attempts": attempts,
        "ecsProperties": {"taskProperties": task(row["container"])},
    }


def meter_of(job: Job) -> str:
    """The log stream of the meter of a job's last attempt."""
    return job.stream.replace("run/", "meter/", 1).replace("/default/", "/meter/", 1)


def _plain_row(job: Job) -> dict[str, Any]:
    container: dict[str, Any] = {} if job.code is None else {"exitCode": job.code}
    if job.started:
        container["logStreamName"] = job.stream
    if job.container_reason:
        container["reason"] = job.container_reason
    return {
        "jobId": job.id,
        "status": "RUNNABLE" if job.status == "SUBMITTED" else job.status,
        "statusReason": job.reason,
        "container": container,
        "attempts": job.attempts,
        "startedAt": int(job.started * 1000),
        "stoppedAt": int(job.stopped * 1000),
    }


class Files(_Client):
    def create_access_point(self, *, clientToken: str, rootDirectory: Any, **more: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            for arn, point in self.world.access_points.items():
                if point["token"] == clientToken:
                    return {"accessPointArn": arn}
            count = self.world.calls["files.create_access_point"]
            number = f"{len(self.world.calls):08x}{count:09x}"
            arn = f"{more['fileSystemId']}/access-point/fsap-{number}"
            assert len(rootDirectory["path"]) <= 100
            self.world.access_points[arn] = {
                "token": clientToken,
                "path": rootDirectory["path"],
                "uid": more["posixUser"]["uid"],
            }
            return {"accessPointArn": arn}

        return self._do("create_access_point", effect)

    def delete_access_point(self, *, accessPointId: str) -> Any:  # noqa: N803
        def effect() -> Any:
            if self.world.access_points.pop(accessPointId, None) is None:
                raise Refusal("ResourceNotFoundException")
            return {}

        return self._do("delete_access_point", effect)


class Bucket(_Client):
    def put_object(self, *, Key: str, Body: Any, **_: Any) -> Any:  # noqa: N803
        data = Body if isinstance(Body, bytes) else Body.read()
        return self._do("put_object", lambda: self.world.objects.__setitem__(Key, data))

    def create_multipart_upload(self, *, Key: str, **_: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            self.world.parts[Key] = {}
            return {"UploadId": Key}

        return self._do("create_multipart_upload", effect)

    def upload_part(self, *, UploadId: str, PartNumber: int, Body: Any, **_: Any) -> Any:  # noqa: N803
        data = Body.read()

        def effect() -> Any:
            if UploadId not in self.world.parts:
                raise Refusal("NoSuchUpload")
            self.world.parts[UploadId][PartNumber] = data
            return {"ETag": f"{PartNumber}-{len(data)}"}

        return self._do("upload_part", effect)

    def complete_multipart_upload(self, *, Key: str, UploadId: str, **given: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            if UploadId not in self.world.parts:
                raise Refusal("NoSuchUpload")
            parts = self.world.parts.pop(UploadId)
            rows = [parts[row["PartNumber"]] for row in given["MultipartUpload"]["Parts"]]
            if any(len(data) < LEAST_PART for data in rows[:-1]):
                raise Refusal("EntityTooSmall")
            self.world.objects[Key] = b"".join(rows)
            return {}

        return self._do("complete_multipart_upload", effect)

    def delete_objects(self, *, Delete: Any, **_: Any) -> Any:  # noqa: N803
        keys = [row["Key"] for row in Delete["Objects"]]
        if not 0 < len(keys) <= 1000:
            raise Refusal("MalformedXML")

        def effect() -> Any:
            for key in keys:
                self.world.objects.pop(key, None)
            return {}

        return self._do("delete_objects", effect)

    def get_object(self, *, Key: str, **_: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            if Key not in self.world.objects:
                raise Refusal("NoSuchKey")
            return {"Body": io.BytesIO(self.world.objects[Key])}

        return self._do("get_object", effect)

    def list_objects_v2(self, *, Prefix: str, **_: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            rows = [
                {"Key": key, "Size": len(data)}
                for key, data in sorted(self.world.objects.items())
                if key.startswith(Prefix)
            ]
            return {"Contents": rows} if rows else {}

        return self._do("list_objects_v2", effect)

    def head_object(self, *, Key: str, **_: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            if Key not in self.world.objects:
                raise Refusal("404")
            return {"ContentLength": len(self.world.objects[Key])}

        return self._do("head_object", effect)

    def generate_presigned_url(self, _: str, *, Params: Any, **__: Any) -> str:  # noqa: N803
        return f"https://signed/{Params['Key']}"


class Logs(_Client):
    def filter_log_events(self, *, logStreamNamePrefix: str, limit: int, **more: Any) -> Any:  # noqa: N803
        start, since = int(more.get("nextToken") or 0), int(more.get("startTime") or 0)
        rows = [
            {"logStreamName": stream, "timestamp": at, "message": text}
            for stream, at, text in sorted(self.world.lines, key=lambda row: row[1])
            if stream.startswith(logStreamNamePrefix) and at >= since
        ]
        page: dict[str, Any] = {"events": rows[start : start + limit]}
        if start + limit < len(rows):
            page["nextToken"] = str(start + limit)
        return self._do("filter_log_events", lambda: page)

    def create_log_stream(self, *, logGroupName: str, logStreamName: str) -> Any:  # noqa: N803
        del logGroupName

        def effect() -> Any:
            if logStreamName in self.world.streams:
                raise Refusal("ResourceAlreadyExistsException")
            self.world.streams.add(logStreamName)

        return self._do("create_log_stream", effect)

    def put_log_events(self, *, logStreamName: str, logEvents: Any, **_: Any) -> Any:  # noqa: N803
        rows = [(logStreamName, row["timestamp"], row["message"]) for row in logEvents]
        return self._do("put_log_events", lambda: self.world.lines.extend(rows))

    def get_log_events(self, *, logStreamName: str, limit: int, **more: Any) -> Any:  # noqa: N803
        since, until = int(more.get("startTime") or 0), int(more.get("endTime") or 10**15)
        rows = [
            {"timestamp": at, "message": text}
            for stream, at, text in self.world.lines
            if stream == logStreamName and since <= at < until
        ]
        most = min(limit, self.world.page)
        if more.get("startFromHead"):
            start = int(more.get("nextToken") or 0)
            page = rows[start : start + most]
        else:  # each page from the end has its lines by time, too
            end = int(more.get("nextToken") or len(rows))
            start = max(end - most, 0)
            page = rows[start:end]
        answer = {
            "events": page,
            "nextForwardToken": str(start + len(page)),
            "nextBackwardToken": str(start),
        }
        return self._do("get_log_events", lambda: answer)


class Rules(_Client):
    def enable_rule(self, **_: Any) -> Any:
        return self._do("enable_rule", lambda: setattr(self.world, "schedule", True))

    def disable_rule(self, **_: Any) -> Any:
        return self._do("disable_rule", lambda: setattr(self.world, "schedule", False))


class Functions(_Client):
    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> Any:  # noqa: N803
        assert InvocationType == "Event"
        event = json.loads(Payload)
        if FunctionName == self.world.settings.reconciler:
            return self._do("invoke", lambda: self.world.events.append(event))
        return self._do("invoke", lambda: self.world.called.append((FunctionName, event)))


class Secrets(_Client):
    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803
        def effect() -> Any:
            name = SecretId.removeprefix("arn:")
            if name not in self.world.secrets:
                raise Refusal("ResourceNotFoundException")
            return {"ARN": f"arn:{name}", "SecretString": self.world.secrets[name]}

        return self._do("get_secret_value", effect)

    def create_secret(self, *, Name: str, SecretString: str, **_: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            self._set(Name, SecretString)
            return {"ARN": f"arn:{Name}"}

        return self._do("create_secret", effect)

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> Any:  # noqa: N803
        name = SecretId.removeprefix("arn:")
        return self._do("put_secret_value", lambda: self._set(name, SecretString))

    def delete_secret(self, *, SecretId: str, **_: Any) -> Any:  # noqa: N803
        pop = self.world.secrets.pop
        return self._do("delete_secret", lambda: pop(SecretId.removeprefix("arn:"), None))

    def _set(self, name: str, text: str) -> Any:
        self.world.secrets[name] = text
        return {}


class Parameters(_Client):
    def put_parameter(self, *, Name: str, Value: str, **_: Any) -> Any:  # noqa: N803
        put = self.world.parameters.__setitem__
        return self._do("put_parameter", lambda: put(Name, Value))

    def get_parameter(self, *, Name: str, **_: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            if Name not in self.world.parameters:
                raise Refusal("ParameterNotFound")
            return {"Parameter": {"Value": self.world.parameters[Name]}}

        return self._do("get_parameter", effect)

    def get_parameters(self, *, Names: list[str], **_: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            here = self.world.parameters
            rows = [{"Name": name, "Value": here[name]} for name in Names if name in here]
            return {"Parameters": rows, "InvalidParameters": [n for n in Names if n not in here]}

        return self._do("get_parameters", effect)

    def delete_parameters(self, *, Names: list[str]) -> Any:  # noqa: N803
        def effect() -> Any:
            for name in Names:
                self.world.parameters.pop(name, None)
            return {}

        return self._do("delete_parameters", effect)


@dataclass
class Images(_Client):
    region: str

    def batch_get_image(self, *, imageIds: Any, **_: Any) -> Any:  # noqa: N803
        found = self.world.images.get(self.region, {}).get(imageIds[0]["imageTag"])
        rows = [{"imageId": {"imageDigest": found}}] if found else []
        return self._do("batch_get_image", lambda: {"images": rows})

    def describe_images(
        self,
        *,
        repositoryName: str,  # noqa: N803
        maxResults: int = 0,  # noqa: N803
        nextToken: str = "",  # noqa: N803
        imageIds: Any = (),  # noqa: N803
    ) -> Any:
        """Two on a page, however many are asked for; or those that are named."""
        assert repositoryName.endswith("/workflows")
        if imageIds:
            return self._do("describe_images", lambda: self._named(imageIds))
        assert maxResults == 1000
        rows, start = sorted(self.world.pushed.items()), int(nextToken or 0)
        page = [
            {"imageDigest": digest, "imagePushedAt": datetime.fromtimestamp(at, UTC)}
            for digest, at in rows[start : start + 2]
        ]
        more = {"nextToken": str(start + 2)} if start + 2 < len(rows) else {}
        return self._do("describe_images", lambda: {"imageDetails": page, **more})

    def _named(self, images: Any) -> Any:
        if any(image["imageDigest"] not in self.world.pushed for image in images):
            raise Refusal("ImageNotFoundException")
        return {"imageDetails": list(images)}

    def batch_delete_image(self, *, repositoryName: str, imageIds: Any) -> Any:  # noqa: N803
        assert repositoryName.endswith("/workflows")

        def effect() -> Any:
            for image in imageIds:
                self.world.pushed.pop(image["imageDigest"], None)
            return {"imageIds": imageIds, "failures": []}

        return self._do("batch_delete_image", effect)


class Quotas(_Client):
    """Service Quotas: values by code; of others there is none."""

    def get_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> Any:  # noqa: N803
        def effect() -> Any:
            if QuotaCode not in self.world.quotas:
                raise Refusal("NoSuchResourceException")
            value = self.world.quotas[QuotaCode]
            return {"Quota": {"ServiceCode": ServiceCode, "Value": value}}

        return self._do("get_service_quota", effect)


class Topics(_Client):
    """Amazon SNS: a subject has at most 99 ASCII characters and no line end ("Publish").

    ``world.addresses`` are the addresses of topics, each with its filter and whether it confirmed.
    """

    def publish(
        self,
        *,
        TopicArn: str,  # noqa: N803
        Subject: str,  # noqa: N803
        Message: str,  # noqa: N803
        MessageAttributes: Any = None,  # noqa: N803
    ) -> Any:
        assert re.fullmatch(r"[!-~][ -~]{0,98}", Subject), Subject
        told = (TopicArn, Subject, Message)
        to = {name: row["StringValue"] for name, row in (MessageAttributes or {}).items()}

        def effect() -> None:
            self.world.told.append(told)
            for address, (topic, policy, confirmed) in self.world.addresses.items():
                fits = all(to.get(name) in values for name, values in policy.items())
                if topic == TopicArn and confirmed and fits:
                    self.world.mailed.append((address, Subject, Message))

        return self._do("publish", effect)

    def subscribe(self, *, TopicArn: str, Protocol: str, Endpoint: str, Attributes: Any) -> Any:  # noqa: N803
        assert Protocol == "email"
        policy = json.loads(Attributes["FilterPolicy"])

        def effect() -> Any:
            assert self.world.addresses.setdefault(Endpoint, (TopicArn, policy, False))[1] == policy
            return {"SubscriptionArn": "pending confirmation"}

        return self._do("subscribe", effect)

    def list_subscriptions_by_topic(self, *, TopicArn: str, NextToken: str = "0") -> Any:  # noqa: N803
        rows = [
            {
                "Endpoint": address,
                "SubscriptionArn": f"{TopicArn}:1" if confirmed else "PendingConfirmation",
            }
            for address, (topic, _, confirmed) in self.world.addresses.items()
            if topic == TopicArn
        ]
        end = int(NextToken) + 100
        more = {"NextToken": str(end)} if len(rows) > end else {}
        page = {"Subscriptions": rows[int(NextToken) : end], **more}
        return self._do("list_subscriptions_by_topic", lambda: page)
