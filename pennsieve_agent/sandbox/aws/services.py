"""The services of the emulated account that moto lacks, and the check of every request's rights."""

from __future__ import annotations

import functools
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.iam_policies import Ask, Verdict
from pennsieve_agent.sandbox.aws import cbor, items
from pennsieve_agent.sandbox.aws.batch import batch, job_log
from pennsieve_agent.sandbox.aws.batch.batch import Batch, Works
from pennsieve_agent.sandbox.aws.batch.batch_api import BatchApi, room
from pennsieve_agent.sandbox.aws.batch.containers import (
    CREDENTIALS_PATH,
    Container,
    Dock,
    Machine,
)
from pennsieve_agent.sandbox.aws.batch.job_log import JobLog
from pennsieve_agent.sandbox.aws.batch.jobs import Ended, Job, Unstartable
from pennsieve_agent.sandbox.aws.batch.task_metadata import METADATA_PATH
from pennsieve_agent.sandbox.aws.batch.volumes import Volumes
from pennsieve_agent.sandbox.aws.bucket_regions import elsewhere
from pennsieve_agent.sandbox.aws.codebuild import build_records
from pennsieve_agent.sandbox.aws.functions import waiting_events
from pennsieve_agent.sandbox.aws.functions.dead_letters import DeadLetters
from pennsieve_agent.sandbox.aws.functions.events import Events, function_lets_in
from pennsieve_agent.sandbox.aws.functions.function_log import FunctionLog
from pennsieve_agent.sandbox.aws.functions.function_network import network_of
from pennsieve_agent.sandbox.aws.functions.functions import Functions, Handlers, Ready
from pennsieve_agent.sandbox.aws.items import Items
from pennsieve_agent.sandbox.aws.limits.function_quotas import account_settings
from pennsieve_agent.sandbox.aws.limits.request_check import RequestCheck
from pennsieve_agent.sandbox.aws.log_events import log_events
from pennsieve_agent.sandbox.aws.registry.image_scans import image_scan_findings
from pennsieve_agent.sandbox.aws.registry.registry import Record, RegistryFront
from pennsieve_agent.sandbox.aws.registry.registry_daemon import RegistryDaemon
from pennsieve_agent.sandbox.aws.registry.registry_logins import Logins
from pennsieve_agent.sandbox.aws.rights.encrypted_things import region_of_bucket
from pennsieve_agent.sandbox.aws.rights.policy_check import (
    Answer,
    PolicyCheck,
    RightsRecord,
    failure,
    rights_for,
)
from pennsieve_agent.sandbox.aws.rights.principals import (
    Principal,
    account_of,
    caller_arns,
    may,
    principal,
)
from pennsieve_agent.sandbox.aws.rights.role_sessions import Keys, Lock, Sessions
from pennsieve_agent.sandbox.aws.s3files.synchronize import Synchronizer
from pennsieve_agent.sandbox.aws.s3files.synchronizing import Synchronizing
from pennsieve_agent.sandbox.aws.sns import addresses
from pennsieve_agent.sandbox.aws.sns.mail_folder import FOLDER, MailFolder
from pennsieve_agent.sandbox.aws.sns.topics import CONFIRM_PATH, Topics
from pennsieve_agent.sandbox.aws.wire import AwsRequest
from pennsieve_agent.sandbox.host.clock import now
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import USER_ACCOUNT_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from pennsieve_agent.sandbox.aws.codebuild.builds_api import BuildsApi

log = logging.getLogger(__name__)

STATE_FILE = "aws.db"
FILES_FOLDER = "files"
"""Has a folder for each file system of S3 Files."""
REGISTRY_FOLDER = "registry"


class _NoMachine:
    """A machine that refuses to run anything."""

    def run(self, container: Container, log: Callable[[str], None], stop: threading.Event) -> Ended:
        """Refuse to run a container."""
        del log, stop
        raise Unstartable(f"CannotPullContainerError: nothing runs {container.image} here")


@dataclass(frozen=True, slots=True)
class _Access:
    """What the roles of functions may do and mount."""

    policy_check: PolicyCheck
    volumes: Volumes

    def why_not(self, caller: Principal, ask: Ask) -> str:
        return self.policy_check.why_not(caller, ask)

    def mount(self, where: tuple[str, str], role: Principal, point: str) -> tuple[Path, bool]:
        system, _, _ = point.partition("/access-point/")
        return self.volumes.mount(where, role, system, point)


@dataclass(frozen=True, slots=True)
class KnownKey:
    """An access key that moto did not make: its secret, its account, and its user, if any."""

    secret: str = field(repr=False)
    account: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class Extras:
    """What the account runs: the code of functions by their ``Handler``, and jobs.

    ``record`` is called with every right that a role needed. ``now`` is in unix seconds.
    ``prepare`` is called when there are functions, or soon will be, and ``ready`` for each function
    after one was made or changed. ``keys`` knows access keys that
    somebody else gave out.
    """

    handlers: Handlers = lambda _: None
    machine: Machine = field(default_factory=_NoMachine)
    record: RightsRecord = lambda _role, _ask: None
    now: Callable[[], float] = now
    prepare: Callable[[], None] = lambda: None
    ready: Ready | None = None
    keys: Callable[[str], KnownKey | None] = lambda _: None


class Services:
    """Answers what moto does not. ``lock`` lets one request at a time into moto."""

    def __init__(self, data: Path, endpoint: str, lock: Lock, extras: Extras) -> None:
        clock = extras.now
        self._lock = lock
        self._prepare = extras.prepare
        self._ready = extras.ready
        self._policy_check = PolicyCheck(
            extras.record, lambda: datetime.fromtimestamp(clock(), UTC)
        )
        self._request_check = RequestCheck(time.monotonic)
        schemas = (batch, job_log, items, waiting_events, build_records, addresses)
        self._store = Store(data / STATE_FILE, [part.SCHEMA for part in schemas])
        self.items = Items(self._store, USER_ACCOUNT_ID)
        self.topics = Topics(
            addresses.Addresses(self._store, clock),
            MailFolder(data / FOLDER, clock),
            lock,
            endpoint,
            USER_ACCOUNT_ID,
        )
        sessions = Sessions(endpoint, lock, clock)
        records = (
            FunctionLog(self._policy_check, lock, clock),
            DeadLetters(self._policy_check, lock),
            waiting_events.WaitingEvents(self._store),
        )
        variables = {"NODE_ENDPOINT": endpoint}
        self.files = Synchronizer(data / FILES_FOLDER, clock, _may)
        volumes = Volumes(self._policy_check, self.files)
        access = _Access(self._policy_check, volumes)
        self.functions = Functions(extras.handlers, sessions, lock, records, variables, access)
        self.events = Events(self.functions, lock, clock)
        self._logs = JobLog(self._store, lock, clock)
        self._synchronizing = Synchronizing(self.files, lock, USER_ACCOUNT_ID)
        self._dock = Dock(endpoint, self._policy_check, sessions, lock, volumes)
        works = Works(self._dock, extras.machine, self._logs)
        places = room(USER_ACCOUNT_ID, lock)
        self.batch = Batch(self._store, works, places, self._changed, clock)
        self._jobs = BatchApi(self.batch, lock, USER_ACCOUNT_ID, clock)
        self._endpoint = endpoint
        self._now = clock
        self._runs_archives = bool(getattr(extras.machine, "runs_archives", False))
        self._logins = Logins(endpoint, clock)
        self._registry = RegistryDaemon(data / REGISTRY_FOLDER)

    def front(self, behind: WSGIApplication) -> WSGIApplication:
        """What answers for S3 Files, and gives everything else to moto. moto is loaded."""
        from pennsieve_agent.sandbox.aws.s3files.s3files_api import (  # noqa: PLC0415 - slow
            S3FilesFront,
        )

        return S3FilesFront(behind, self.files.pending)

    def registry(self, record: Record) -> RegistryFront:
        """What answers for the account's registries of images; ``record`` tells ECR of a push."""
        return RegistryFront(
            self._registry,
            self._logins,
            self._policy_check,
            self._lock,
            record,
            runs_archives=self._runs_archives,
        )

    def move(self, moved: Callable[[str], str]) -> None:
        """Replace the sandbox's old addresses in what is stored, before anything is started."""
        with self._store.transaction():
            for table, key, column in (
                ("dynamodb_items", "place, key", "item"),
                ("batch_jobs", "id", "job"),
                ("lambda_events", "id", "payload"),
            ):
                names = key.split(", ")
                where = " AND ".join(f"{name} = ?" for name in names)
                for row in self._store.rows(f"SELECT * FROM {table}"):  # noqa: S608 - our own words
                    if (text := moved(row[column])) != row[column]:
                        self._store.execute(
                            f"UPDATE {table} SET {column} = ? WHERE {where}",  # noqa: S608 - as above
                            (text, *(row[name] for name in names)),
                        )

    def start(self) -> None:
        """Start the background threads; moto is loaded by now."""
        self._logs.start()
        self.functions.start()
        self.events.start()
        self._synchronizing.start()
        self.batch.start()
        self.codebuild.builds.start()
        if self.functions.any():
            threading.Thread(target=self._prepare, name="prepare", daemon=True).start()

    def functions_changed(self) -> None:
        """Prepare the present functions in the background."""
        threading.Thread(target=self._make_ready, name="make ready", daemon=True).start()

    def _make_ready(self) -> None:
        self._prepare()
        if self._ready is not None:
            try:
                self.functions.make_ready(self._ready)
            except Exception:  # the first call says it
                log.exception("a function is not ready")

    def stop(self) -> None:
        """End the background threads. Jobs go on after the next start."""
        self.batch.stop()
        if "codebuild" in vars(self):
            self.codebuild.builds.stop()
        self._synchronizing.stop()
        self.events.stop()
        self.functions.stop()
        self._registry.stop()
        self._store.close()

    def answer(
        self, request: AwsRequest, environ: Mapping[str, Any], body: bytes, *, checked: bool
    ) -> Answer | None:
        """Refuse a request, or answer it; None leaves it to moto.

        ``checked`` says that somebody else saw to it that the caller may do this.
        """
        answer = self._answer(request, environ, body, checked=checked)
        in_json = answer is not None and ("Content-Type", "application/json") in answer.headers
        if answer is None or not in_json or not cbor.is_cbor(environ):
            return answer
        return Answer(answer.status, cbor.encode(json.loads(answer.body or b"{}")), cbor.HEADERS)

    def _answer(
        self, request: AwsRequest, environ: Mapping[str, Any], body: bytes, *, checked: bool
    ) -> Answer | None:
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(CREDENTIALS_PATH):
            word = str(environ.get("HTTP_AUTHORIZATION", ""))
            return _credentials(self._dock.keys(path.removeprefix(CREDENTIALS_PATH), word))
        if path.startswith(METADATA_PATH):
            return _metadata(self._dock.metadata.answer(path))
        if path.startswith(CONFIRM_PATH):
            return self.topics.page(path)
        account = str(environ.get("HTTP_X_MOTO_ACCOUNT_ID") or USER_ACCOUNT_ID)
        refusal = elsewhere(request, link=not environ.get("HTTP_AUTHORIZATION"))
        if refusal is None:
            with self._lock:
                refusal = None if checked else self._policy_check.refusal(request)
                refusal = refusal or self._request_check.refusal(request, account, body)
                if refusal is None and not checked and environ.get("HTTP_AUTHORIZATION"):
                    refusal = self._timeout(request)  # a link is followed from anywhere
        if refusal is not None:
            return refusal
        if request.service == "codebuild":
            return self.codebuild.answer(request, account, in_cbor=cbor.is_cbor(environ))
        return self._own(request, account, body)

    @functools.cached_property
    def codebuild(self) -> BuildsApi:
        """What answers for CodeBuild, and runs builds; moto is loaded."""
        from pennsieve_agent.sandbox.aws.codebuild.builds_api import (  # noqa: PLC0415 - slow
            BuildsApi,
        )

        checks = (self._policy_check, self._lock)
        return BuildsApi(self._store, self._dock, self._logs, checks, self._endpoint, self._now)

    def _timeout(self, request: AwsRequest) -> Answer | None:
        """What a function sees that does not reach a service from its network.

        On AWS it waits until its time is over; here nobody waits, nor asks again.
        """
        caller = principal(request, datetime.fromtimestamp(self._now(), UTC))
        network = network_of(caller) if caller is not None else None
        if caller is None or network is None:
            return None
        bucket = region_of_bucket(request.text("Bucket")) if request.service == "s3" else ""
        why = network.timeout(request, bucket, rights_for(request, caller.account))
        if not why:
            return None
        log.warning("%s does not reach %s: %s", caller.session, request.service, why)
        address = f"https://{request.service}.{request.region}.amazonaws.com/"
        text = f'Connect timeout on endpoint URL: "{address}" ({why})'
        return failure(request.service, 400, "ConnectTimeoutError", text)

    def _own(self, request: AwsRequest, account: str, body: bytes) -> Answer | None:
        if request.operation in {"FilterLogEvents", "GetLogEvents"}:
            return log_events(request, account, self._logs, self._lock)
        if (
            answer := {"ecr": self._ecr, "sns": self.topics.answer}.get(request.service)
        ) is not None:
            return answer(request, account)
        if (request.service, request.operation) == ("lambda", "GetAccountSettings"):
            with self._lock:
                return account_settings(account, request.region)
        if request.service == "batch" and account == USER_ACCOUNT_ID:
            return self._jobs.answer(request)
        if request.service == "lambda" and request.operation == "Invoke":
            kind = request.text("InvocationType") or "RequestResponse"
            return self._invoke(request, account, kind, body)
        return None

    def _ecr(self, request: AwsRequest, account: str) -> Answer | None:
        if request.operation == "DescribeImageScanFindings":
            return image_scan_findings(request, account, self._lock)
        if request.operation != "GetAuthorizationToken":
            return None
        with self._lock:
            caller = principal(request, datetime.fromtimestamp(self._now(), UTC))
        return self._logins.answer(account, request.region, caller)

    def _invoke(self, request: AwsRequest, account: str, kind: str, body: bytes) -> Answer:
        """Call a function of the caller's account, or one that allows callers of this account."""
        name = request.text("FunctionName")
        owner = account_of(name) or account
        if owner != account:
            with self._lock:
                who = caller_arns(request.access_key, account)
                if not any(function_lets_in(name, arn) for arn in who):
                    text = (
                        f"User: {who[0]} is not authorized to perform: lambda:InvokeFunction on"
                        f" resource: {name} because no resource-based policy allows the"
                        " lambda:InvokeFunction action"
                    )
                    return failure("lambda", 403, "AccessDeniedException", text)
        return self.functions.invoke(request, owner, kind, body)

    def redirected(self, request: AwsRequest) -> dict[str, str]:
        """Changed WSGI variables for a request to another account's registry."""
        registry = request.text("registryId") if request.service == "ecr" else ""
        return {"HTTP_X_MOTO_ACCOUNT_ID": registry} if registry else {}

    def _changed(self, job: Job, detail: Mapping[str, Any]) -> None:
        self.events.put("aws.batch", "Batch Job State Change", job.arn, detail)


def _may(role: str, ask: Ask) -> bool:
    return may(role, ask) is Verdict.ALLOWED


def _metadata(document: dict[str, Any] | None) -> Answer:
    """What the task metadata endpoint answers."""
    status = "404 Not Found" if document is None else "200 OK"
    return Answer(status, json.dumps(document or {}).encode())


def _credentials(keys: Keys | None) -> Answer:
    """Keys as a container gets them (boto3, "Container provider")."""
    if keys is None:
        return failure("ecs", 403, "AccessDeniedException", "no such credentials")
    body = {
        "AccessKeyId": keys.access_key,
        "SecretAccessKey": keys.secret,
        "Token": keys.token,
        "Expiration": f"{datetime.fromtimestamp(keys.until, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    return Answer("200 OK", json.dumps(body).encode())
