"""Chains of calls of functions are stopped as AWS Lambda stops them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.awslambda.models import lambda_backends

from pennsieve_agent.sandbox.aws.functions.functions import Invocation
from pennsieve_agent.sandbox.aws.functions.recursion import MOST_CALLS, Chain
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, allow, service_trust
from tests.sandbox.compute.lab import wait_for

LAMBDA = service_trust("lambda.amazonaws.com")
ARN = f"arn:aws:lambda:{REGION}:{NUMBER}:function:again"


def again(calls: list[int], kind: str) -> Any:
    """A function that calls itself once more, with what its runtime tells it of the chain."""

    def handle(event: Any, given: Invocation) -> Any:
        calls.append(event)
        client = given.session.client("lambda")
        client.meta.events.register(
            "before-call.lambda",
            lambda params, **_: params["headers"].update({"X-Amzn-Trace-Id": given.chain}),
        )
        if event < 24:
            client.invoke(
                FunctionName="again", InvocationType=kind, Payload=json.dumps(event + 1).encode()
            )
        return event

    return handle


def test_a_chain_counts_each_function_of_it() -> None:
    one = Chain.of("", "a")
    two = Chain.of(Chain.of(one.header, "b").header, "a")
    assert (one.calls, two.calls) == (1, 2)
    assert Chain.of(two.header.replace("|", "%7C"), "b").calls == 2
    assert two.header.partition(";")[0] == one.header.partition(";")[0]
    assert not Chain("", MOST_CALLS).is_stopped("")
    assert Chain("", MOST_CALLS + 1).is_stopped("Terminate")
    assert not Chain("", MOST_CALLS + 1).is_stopped("Allow")


@pytest.mark.parametrize(("setting", "count"), [("", MOST_CALLS), ("Allow", 25)])
def test_a_function_that_calls_itself_is_stopped_unless_it_may(
    cloud: Cloud, setting: str, count: int
) -> None:
    sqs = cloud.owner.client("sqs")
    queue = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead = f"arn:aws:sqs:{REGION}:{NUMBER}:dead"
    role = cloud.role(
        "again", LAMBDA, allow(("lambda:InvokeFunction", ARN), ("sqs:SendMessage", dead))
    )
    calls: list[int] = []
    letters = {"DeadLetterConfig": {"TargetArn": dead}}
    cloud.function("again", role, again(calls, "Event"), Timeout=60, **letters)
    function: Any = lambda_backends[NUMBER][REGION].get_function("again")
    function.recursive_loop = setting  # which the API of the emulation does not have
    client = cloud.owner.client("lambda")
    client.invoke(FunctionName="again", InvocationType="Event", Payload=b"0")
    wait_for(lambda: len(calls) == count)
    if not setting:
        wait_for(lambda: "sqs:SendMessage" in {ask.action for _, ask in cloud.asked})
    found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=0 if setting else 2)
    bodies = [message["Body"] for message in found.get("Messages", [])]
    assert bodies == ([] if setting else [str(MOST_CALLS)])
    assert calls == list(range(count))


def test_a_call_that_waits_for_its_answer_is_refused(cloud: Cloud) -> None:
    role = cloud.role("again", LAMBDA, allow(("lambda:InvokeFunction", ARN)))
    refusals: list[str] = []
    calls: list[int] = []
    inner = again(calls, "RequestResponse")

    def handle(event: Any, given: Invocation) -> Any:
        try:
            return inner(event, given)
        except ClientError as error:
            refusals.append(error.response["Error"]["Code"])
            return None

    cloud.function("again", role, handle, Timeout=60)
    cloud.owner.client("lambda").invoke(FunctionName="again", Payload=b"0")
    assert (calls, refusals) == (list(range(MOST_CALLS)), ["RecursiveInvocationException"])
