"""Lambda functions of the emulated account.

A function's ``Handler`` names what runs; :data:`Handlers` has what runs it (:mod:`.runtimes`, or
code of this process). It gets the event, its role's credentials and the function's variables, and
runs while nothing of the emulation is locked, as it calls back into it.

As AWS does it: the role must trust Lambda, the payload of a synchronous answer has the error, no
more run at once than is reserved, asynchronous events are tried three times, then dead letters.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.sandbox.aws.batch.jobs import Unstartable
from pennsieve_agent.sandbox.aws.functions.asynchronous import destination_record
from pennsieve_agent.sandbox.aws.functions.dead_letters import DeadLetters
from pennsieve_agent.sandbox.aws.functions.function_log import FunctionLog
from pennsieve_agent.sandbox.aws.functions.function_network import network_of
from pennsieve_agent.sandbox.aws.functions.function_settings import FunctionSettings, find
from pennsieve_agent.sandbox.aws.functions.recursion import REFUSAL, WHY, Chain
from pennsieve_agent.sandbox.aws.functions.waiting_events import Event, WaitingEvents
from pennsieve_agent.sandbox.aws.limits.function_quotas import MOST_EVENT
from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, failure
from pennsieve_agent.sandbox.aws.rights.principals import Principal
from pennsieve_agent.sandbox.aws.rights.role_sessions import Keys, Lock, Sessions
from pennsieve_agent.sandbox.aws.wire import AwsRequest

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""Before an event is tried again; AWS waits a minute, then two."""
MOST_BYTES = 6 * 1024 * 1024
"""Of an answer (AWS, "Lambda quotas"); what a function is called with is held to its quota before.
What a destination is told is an event, too; a larger one is dropped ("DestinationDeliveryFailures",
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html).
"""
SERVICE = "lambda.amazonaws.com"
WORKERS = 4
_NO_CONNECTION = (
    "The Lambda function couldn't make a network connection to the configured S3 Files access point"
)
"""Lambda's API, ``S3FilesMountConnectivityException``."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a handler is given besides its event.

    ``code`` is the function's zip, and ``seconds`` what the call may take. ``chain`` is the header
    that its own calls carry.
    """

    function: str
    region: str
    make_session: Callable[[Keys, str], Any]
    environ: Mapping[str, str]
    keys: Keys
    code: bytes = field(repr=False)
    seconds: float
    chain: str = ""

    @property
    def session(self) -> Any:
        """A new session of boto3, which takes a while to make."""
        return self.make_session(self.keys, self.region)


class Failed(Exception):  # noqa: N818 - what a function's code raised, in another process
    """A function failed: the kind of its error, its text, and its trace."""


class _NotReached(Unstartable):
    """No security group, or no mount target, lets a function reach its files."""


class Access(Protocol):
    """What roles may do, and what they may mount."""

    def why_not(self, caller: Principal, ask: Ask) -> str:
        """Why something is refused; "" when it is not."""
        ...

    def mount(self, where: tuple[str, str], role: Principal, point: str) -> tuple[Path, bool]:
        """The folder of an access point, by its ARN, and whether it can be written.

        Raises:
            Unstartable: it cannot be mounted.

        """
        ...


def _no_mounts(_where: tuple[str, str], _role: Principal, point: str) -> tuple[Path, bool]:
    raise Unstartable(f"nothing can be mounted here: {point}")


Handler = Callable[[Any, Invocation], Any]
Handlers = Callable[[str], Handler | None]
"""The code for a function's ``Handler``; None when there is none here."""
Ready = Callable[[str, Invocation], None]
"""Makes what runs a function's ``Handler`` ready for its first call."""


@dataclass(frozen=True, slots=True)
class _Ended:
    payload: bytes
    failed: bool = False


class Functions:
    """Invokes functions. ``lock`` is the emulation's, and held only to look something up."""

    def __init__(
        self,
        handlers: Handlers,
        sessions: Sessions,
        lock: Lock,
        records: tuple[FunctionLog, DeadLetters, WaitingEvents],
        environ: Mapping[str, str] | None = None,
        access: Access | None = None,
    ) -> None:
        """``records`` get what comes of calls; ``environ`` is added to each function's own."""
        self._may = access.why_not if access is not None else lambda _caller, _ask: ""
        self._mount = access.mount if access is not None else _no_mounts
        self._handlers = handlers
        self._sessions = sessions
        self._lock = lock
        self._log, self._letters, self._waiting = records
        self._environ = dict(environ or {})
        self._running: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start delivering events, first those that an earlier process left."""
        for event in self._waiting.left():
            self._events.put(event)
        for number in range(WORKERS):
            thread = threading.Thread(target=self._work, name=f"lambda-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Let what runs end, within ``timeout`` seconds; events that wait are kept."""
        self._stopping.set()
        for _ in self._threads:
            self._events.put(None)
        for thread in self._threads:
            thread.join(timeout)
        self._threads.clear()

    def any(self) -> bool:
        """Whether there are any functions at all."""
        from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - slow

        with self._lock:
            regions = [
                backend for account in lambda_backends.values() for backend in account.values()
            ]
            return any(backend.list_functions() for backend in regions)

    def invoke(self, request: AwsRequest, account: str, kind: str, payload: bytes) -> Answer:
        """Answer ``Invoke``; ``kind`` is the request's ``X-Amz-Invocation-Type``."""
        name, region = request.text("FunctionName"), request.region
        with self._lock:
            function = find(account, region, name)
        if function is None:
            text = f"Function not found: arn:aws:lambda:{region}:{account}:function:{name}"
            return failure("lambda", 404, "ResourceNotFoundException", text)
        if (refusal := _unfit(payload)) is not None:
            return refusal
        if kind == "DryRun":
            return _answer("204 No Content", b"")
        if kind == "Event":
            self.send(account, region, function.name, payload, request.trace)
            return _answer("202 Accepted", b"")
        chain = Chain.of(request.trace, function.arn)
        if chain.is_stopped(function.recursive_loop):
            return failure("lambda", 400, REFUSAL, WHY)
        return self._synchronous(function, region, payload, chain)

    def _synchronous(
        self, function: FunctionSettings, region: str, payload: bytes, chain: Chain
    ) -> Answer:
        ended = self._run(function, region, json.loads(payload or b"{}"), chain)
        if ended is None:
            return failure("lambda", 429, "TooManyRequestsException", "Rate Exceeded.")
        failed = (("X-Amz-Function-Error", "Unhandled"),) if ended.failed else ()
        return _answer("200 OK", ended.payload, *failed)

    def send(self, account: str, region: str, name: str, payload: bytes, chain: str = "") -> None:
        """Queue an event for a function; ``chain`` is the header of the call that sends it."""
        self._events.put(self._waiting.add(account, region, name, payload, chain))

    def _work(self) -> None:
        while (event := self._events.get()) is not None and not self._stopping.is_set():
            with self._lock:
                function = find(event.account, event.region, event.function)
            if function is not None:
                self._handle(function, event)
            else:
                self._waiting.remove(event)

    def _handle(self, function: FunctionSettings, event: Event) -> None:
        ended: _Ended | None = _CUT_OFF
        chain = Chain.of(event.chain, function.arn)
        if chain.is_stopped(function.recursive_loop):
            self._tell(function, event.payload, _error(REFUSAL, WHY), event.attempt, chain)
            self._waiting.remove(event)
            return
        if not event.cut_off:
            self._waiting.begin(event)
            ended = self._run(function, event.region, json.loads(event.payload), chain)
        if ended is None:  # all that is reserved is in use: the event waits for its turn
            self._later(self._waiting.again(event, failed=False))
        elif ended.failed and event.attempt < function.tries:
            self._later(self._waiting.again(event, failed=True))
        else:
            self._tell(function, event.payload, ended, event.attempt, chain)
            self._waiting.remove(event)

    def _tell(
        self,
        function: FunctionSettings,
        payload: bytes,
        ended: _Ended,
        attempt: int,
        chain: Chain,
    ) -> None:
        """Hand what became of an event to the function that is to know it."""
        if ended.failed and function.dead_letters:
            place, name = function.dead_letters, function.name
            self._letters.send(function.role, name, place, payload, ended.payload)
        to = function.destinations.get("OnFailure" if ended.failed else "OnSuccess")
        if to is None:
            return
        caller = self._caller(function)
        with self._lock:
            why = self._may(caller, Ask("lambda:InvokeFunction", to))
        if why:
            log.warning("function %s may not tell %s: %s", function.name, to, why)
            return
        _, _, _, region, account, resource = to.split(":", 5)
        record = destination_record(function.arn, payload, ended.payload, attempt, ended.failed)
        record_payload = json.dumps(record).encode()
        if len(record_payload) > MOST_EVENT:
            log.warning(
                "%s: a record of %d bytes is not delivered", function.name, len(record_payload)
            )
            return
        name = resource.removeprefix("function:")
        self.send(account, region, name, record_payload, chain.header)

    def _caller(self, function: FunctionSettings) -> Principal:
        role = function.role
        return Principal(function.account, role, role.rpartition("/")[2], f"{role}/{function.name}")

    def _later(self, event: Event) -> None:
        timer = threading.Timer(RETRY_SECONDS, self._events.put, (event,))
        timer.daemon = True
        timer.start()

    def _run(
        self, function: FunctionSettings, region: str, event: Any, chain: Chain
    ) -> _Ended | None:
        """Run a function to its end or its limit; None when too many of it run already."""
        with self._counting:
            if function.reserved is not None and self._running[function.arn] >= function.reserved:
                return None
            self._running[function.arn] += 1
        ended: queue.SimpleQueue[_Ended] = queue.SimpleQueue()

        def run() -> None:
            try:
                result = self._call(function, region, event, chain)
                failure = json.loads(result.payload) if result.failed else {}
                self._log.write(function.role, function.name, function.arn, function.group, failure)
                ended.put(result)
            finally:
                with self._counting:
                    self._running[function.arn] -= 1

        threading.Thread(target=run, name=function.name, daemon=True).start()
        try:
            return ended.get(timeout=function.seconds)
        except queue.Empty:
            log.warning("function %s ran out of time", function.name)
            text = f"{uuid.uuid4()} Task timed out after {function.seconds:.2f} seconds"
            return _error("Sandbox.Timedout", text)

    def _call(self, function: FunctionSettings, region: str, event: Any, chain: Chain) -> _Ended:
        handler = self._handlers(function.handler)
        if handler is None:
            text = f"Unable to import module '{function.handler}'"
            return _error("Runtime.ImportModuleError", text)
        try:
            invocation = self._invocation(function, region, chain.header)
            payload = json.dumps(handler(event, invocation)).encode()
        except Unstartable as refused:
            log.warning("function %s cannot mount: %s", function.name, refused)
            kind = "Connectivity" if isinstance(refused, _NotReached) else "Failure"
            return _error(f"S3FilesMount{kind}Exception", str(refused))
        except Failed as failed:
            log.warning("function %s failed: %s: %s", function.name, *failed.args[:2])
            return _error(*failed.args)
        except Exception as error:
            log.exception("function %s failed", function.name)
            trace = traceback.format_tb(error.__traceback__)
            return _error(type(error).__name__, str(error), trace)
        if len(payload) > MOST_BYTES:
            text = (
                f"Response payload size exceeded maximum allowed payload size ({MOST_BYTES} bytes)."
            )
            return _error("Function.ResponseSizeTooLarge", text)
        return _Ended(payload)

    def _invocation(self, function: FunctionSettings, region: str, chain: str = "") -> Invocation:
        context = {"aws:SourceAccount": function.account, "aws:SourceArn": function.arn}
        keys = self._sessions.keys(function.role, SERVICE, function.name, context)
        return Invocation(
            function.name,
            region,
            self._sessions.of,
            {**self._mounted(function, region), **self._environ},
            keys,
            function.code,
            function.seconds,
            chain,
        )

    def _mounted(self, function: FunctionSettings, region: str) -> dict[str, str]:
        """A function's variables, with the folders of this machine where it mounts something."""
        environ = dict(function.environ)
        for point, local in function.file_systems:
            with self._lock:
                network = network_of(self._caller(function))
                if network is not None and (why := network.files_problem()):
                    raise _NotReached(f"{_NO_CONNECTION} ({why})")
                where = function.account, region
                folder, _ = self._mount(where, self._caller(function), point)
            environ = {
                name: str(folder) + value.removeprefix(local)
                if value == local or value.startswith(f"{local}/")
                else value
                for name, value in environ.items()
            }
        return environ

    def make_ready(self, ready: Ready) -> None:
        """Make an environment for each function, as its first call would."""
        from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - slow

        with self._lock:
            every = [
                (account, region, str(function.function_name))
                for account, regions in lambda_backends.items()
                for region, backend in regions.items()
                for function in backend.list_functions()
            ]
            functions = [(region, find(account, region, name)) for account, region, name in every]
        for region, function in functions:
            if function is not None:
                ready(function.handler, self._invocation(function, region))


def _unfit(payload: bytes) -> Answer | None:
    try:
        json.loads(payload or b"{}")
    except ValueError:
        text = "Could not parse request body into json"
        return failure("lambda", 400, "InvalidRequestContentException", text)
    return None


def _error(kind: str, text: str, trace: list[str] | None = None) -> _Ended:
    body = {"errorMessage": text, "errorType": kind, **({"stackTrace": trace} if trace else {})}
    return _Ended(json.dumps(body).encode(), failed=True)


_CUT_OFF = _error("Runtime.ExitError", "Error: Runtime exited without providing a reason")


def _answer(status: str, payload: bytes, *more: tuple[str, str]) -> Answer:
    headers = (("Content-Type", "application/json"), ("X-Amz-Executed-Version", "$LATEST"), *more)
    return Answer(status, payload, headers)
