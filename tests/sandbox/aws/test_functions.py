"""Lambda functions run as code of the process that emulates AWS."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pennsieve_agent.sandbox.aws.functions.functions import Invocation
from pennsieve_agent.sandbox.aws.rights.principals import make_user
from pennsieve_agent.sandbox.aws.rights.role_sessions import Keys, session
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, allow, service_trust
from tests.sandbox.compute.lab import wait_for

LAMBDA = service_trust("lambda.amazonaws.com")
PATIENCE = 10


def answer_of(found: dict[str, Any]) -> Any:
    return json.loads(found["Payload"].read())


def test_it_gets_its_event_its_variables_and_its_roles_credentials(cloud: Cloud) -> None:
    def handle(event: Any, given: Invocation) -> Any:
        who = given.session.client("sts").get_caller_identity()["Arn"]
        return {
            "who": who,
            "event": event,
            "word": given.environ["WORD"],
            "to": given.environ["NODE_ENDPOINT"],
        }

    role = cloud.role("worker", LAMBDA, allow())
    cloud.function("f", role, handle, Environment={"Variables": {"WORD": "hello"}})
    found = cloud.owner.client("lambda").invoke(FunctionName="f", Payload=b'{"a": 1}')
    assert found["StatusCode"] == 200
    assert "FunctionError" not in found
    assert answer_of(found) == {
        "who": "arn:aws:sts::123456789012:assumed-role/worker/f",
        "event": {"a": 1},
        "word": "hello",
        "to": cloud.url,
    }


def test_its_errors_are_answers(cloud: Cloud) -> None:
    def handle(event: Any, given: Invocation) -> Any:
        del event, given
        raise KeyError("that")

    cloud.function("f", cloud.role("worker", LAMBDA, allow()), handle)
    found = cloud.owner.client("lambda").invoke(FunctionName="f")
    assert found["FunctionError"] == "Unhandled"
    body = answer_of(found)
    assert (body["errorType"], body["errorMessage"]) == ("KeyError", "'that'")


def test_its_calls_are_in_the_log_that_its_role_may_write(cloud: Cloud) -> None:
    logs = cloud.owner.client("logs")
    logs.create_log_group(logGroupName="/calls")
    here = "arn:aws:logs:us-east-1:123456789012:log-group:/calls:*"
    rights = allow(("logs:CreateLogStream", here), ("logs:PutLogEvents", here))
    for name, policy in (("mute", allow()), ("loud", rights)):
        role = cloud.role(name, LAMBDA, policy)
        cloud.function(
            name, role, lambda _event, _given: 1 / 0, LoggingConfig={"LogGroup": "/calls"}
        )
        cloud.owner.client("lambda").invoke(FunctionName=name)
    lines = [e["message"] for e in logs.filter_log_events(logGroupName="/calls")["events"]]
    assert [line.split(" ")[0] for line in lines] == ["START", "[ERROR]", "END"]
    assert "division by zero" in lines[1]


def test_a_role_that_does_not_trust_lambda_runs_nothing(cloud: Cloud) -> None:
    ran = threading.Event()
    role = cloud.role("worker", service_trust("ec2.amazonaws.com"), allow())
    cloud.function("f", role, lambda _event, _given: ran.set())
    found = cloud.owner.client("lambda").invoke(FunctionName="f")
    assert found["FunctionError"] == "Unhandled"
    assert "cannot be assumed" in answer_of(found)["errorMessage"]
    assert not ran.is_set()


def test_it_runs_out_of_time_and_no_more_run_than_are_reserved(cloud: Cloud) -> None:
    release = threading.Event()

    def handle(event: Any, given: Invocation) -> Any:
        del event, given
        return release.wait(PATIENCE)

    client = cloud.owner.client("lambda")
    cloud.function("f", cloud.role("worker", LAMBDA, allow()), handle, Timeout=1)
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    late = client.invoke(FunctionName="f")
    assert late["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in answer_of(late)["errorMessage"]
    client = cloud.owner.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError) as refused:  # the first one still runs
        client.invoke(FunctionName="f")
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    release.set()


def test_an_event_is_tried_again(cloud: Cloud) -> None:
    seen: list[Any] = []
    done = threading.Event()

    def handle(event: Any, given: Invocation) -> Any:
        del given
        seen.append(event)
        if len(seen) == 1:
            raise OSError("not yet")
        done.set()

    cloud.function("f", cloud.role("worker", LAMBDA, allow()), handle)
    found = cloud.owner.client("lambda").invoke(
        FunctionName="f", InvocationType="Event", Payload=b'{"advance": "run"}'
    )
    assert found["StatusCode"] == 202
    assert done.wait(PATIENCE)
    assert seen == [{"advance": "run"}, {"advance": "run"}]


@pytest.mark.parametrize("may", [True, False])
def test_an_event_that_is_never_handled_is_a_dead_letter(cloud: Cloud, *, may: bool) -> None:
    """With the right of the function's role; without it the event is lost, as on AWS."""
    sqs = cloud.owner.client("sqs")
    queue = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{NUMBER}:dead"
    tries = threading.Semaphore(0)

    def handle(event: Any, given: Invocation) -> Any:
        del event, given
        tries.release()
        raise OSError("never")

    rights = allow(("sqs:SendMessage", arn)) if may else allow()
    role = cloud.role("worker", LAMBDA, rights)
    cloud.function("f", role, handle, DeadLetterConfig={"TargetArn": arn})
    cloud.owner.client("lambda").invoke(
        FunctionName="f", InvocationType="Event", Payload=b'{"advance": "run"}'
    )
    assert all(tries.acquire(timeout=PATIENCE) for _ in range(3))
    wait_for(lambda: ("worker", "sqs:SendMessage") in {(r, a.action) for r, a in cloud.asked})
    found = sqs.receive_message(
        QueueUrl=queue, MessageAttributeNames=["All"], WaitTimeSeconds=2 if may else 0
    ).get("Messages", [])
    assert [message["Body"] for message in found] == ['{"advance": "run"}'] * may
    assert all(m["MessageAttributes"]["ErrorMessage"]["StringValue"] == "never" for m in found)


def test_a_function_may_call_another_while_it_runs(cloud: Cloud) -> None:
    def outer(event: Any, given: Invocation) -> Any:
        del event
        found = given.session.client("lambda").invoke(FunctionName="inner", Payload=b"2")
        return answer_of(found)

    here = "arn:aws:lambda:us-east-1:123456789012:function:inner"
    role = cloud.role("outer", LAMBDA, allow(("lambda:InvokeFunction", here)))
    cloud.function("outer", role, outer)
    cloud.function("inner", cloud.role("inner", LAMBDA, allow()), lambda event, _: event * 21)
    assert answer_of(cloud.owner.client("lambda").invoke(FunctionName="outer")) == 42


@pytest.mark.parametrize(
    ("name", "payload", "code"),
    [
        ("none", b"{}", "ResourceNotFoundException"),
        ("f", b"{", "InvalidRequestContentException"),
    ],
)
def test_what_cannot_be_invoked(cloud: Cloud, name: str, payload: bytes, code: str) -> None:
    cloud.function("f", cloud.role("worker", LAMBDA, allow()), lambda event, _: event)
    with pytest.raises(ClientError) as refused:
        cloud.owner.client("lambda").invoke(FunctionName=name, Payload=payload)
    assert refused.value.response["Error"]["Code"] == code


def test_another_account_calls_what_lets_it_in_and_nothing_else(cloud: Cloud) -> None:
    other = "999988887777"
    role = cloud.role("worker", service_trust("lambda.amazonaws.com"), allow())
    for name in ("open", "shut"):
        cloud.function(name, role, lambda event, _: {"heard": event})
    make_user(other, "guest", "AKIAGUESTGUESTGUEST1", "word")
    guest = session(Keys("AKIAGUESTGUESTGUEST1", "word", "", 0), REGION, cloud.url)
    who = guest.client("sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == (other, f"arn:aws:iam::{other}:user/guest")
    owner = cloud.owner.client("lambda")
    owner.add_permission(
        FunctionName="open",
        StatementId="guest",
        Action="lambda:InvokeFunction",
        Principal=who["Arn"],
    )

    def call(name: str) -> Any:
        arn = f"arn:aws:lambda:{REGION}:{NUMBER}:function:{name}"
        found = guest.client("lambda").invoke(FunctionName=arn, Payload=b'"hello"')
        return json.loads(found["Payload"].read())

    assert call("open") == {"heard": "hello"}
    with pytest.raises(ClientError, match="no resource-based policy allows"):
        call("shut")
    assert guest.client("lambda").list_functions()["Functions"] == []
    owner.remove_permission(FunctionName="open", StatementId="guest")
    with pytest.raises(ClientError, match="no resource-based policy allows"):
        call("open")


@pytest.mark.parametrize("size", [200_000, 300_000])
def test_a_record_that_is_larger_than_an_event_is_not_delivered(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    told: list[int] = []
    role = cloud.role("teller", LAMBDA, allow(("lambda:InvokeFunction", "*")))
    cloud.function("f", role, lambda event, _: "x" * event)
    cloud.function("g", role, lambda record, _: told.append(len(record["responsePayload"])))
    client = cloud.owner.client("lambda")
    arn = client.get_function(FunctionName="g")["Configuration"]["FunctionArn"]
    client.put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    client.invoke(FunctionName="f", InvocationType="Event", Payload=str(size).encode())
    wait_for(lambda: bool(told) or "is not delivered" in caplog.text)
    assert told == ([size] if size < 256 * 1024 else [])
