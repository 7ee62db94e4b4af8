"""What a batch asks of AWS, counted, beside what AWS allows.

A workflow of one program between a data source and a target, in jobs of AWS Batch alone (small
files are moved by functions, with fewer jobs). The calls of a run are counted below; the rest
follows from them, from the most runs that are open at once (50, where nobody chooses; 500 at most)
and from the five invocations that the node's reconciler may have at once, each of which makes one
call after another.

==================================== ============ ============ ==================================
quota of an account and region        1,000 runs   10,000 runs  what keeps it
==================================== ============ ============ ==================================
Batch: 50 SubmitJob a second          4,000 jobs   40,000 jobs  5 invocations, about 0.1 s a call:
                                      80 s         800 s        boto3 waits when throttled
Batch: 1,000,000 submitted jobs       2,000        2,000        at most 500 runs are open
Batch: 24 KB of a job definition      per step     per step     as of a single run
S3 Files: 10,000 access points        150          1,500        3 a run that is open
Lambda: 6 MB of a request             0.1 MB       1 MB         packed, one file a subject; 4 MB at
                                                                most, or it is refused
Lambda: 256 KB of an event            50 bytes     50 bytes     an event names a run or a batch
Lambda: events wait for 6 hours       50           500          as many as may be open
Lambda: 16 calls in a chain           any          any          the functions allow more (template)
DynamoDB: 400 KB of an item           5 KB         5 KB         rows lie in parts of 100, which go
                                                                to the bucket over 100 KB
DynamoDB: 1 MB of a page              1            5            rows are read page by page
CloudWatch: 25 GetLogEvents a second  6,000        60,000       7 a run, at its end
Secrets Manager: 10,000 reads/s       2,000        20,000       2 a run
SSM: 40 PutParameter a second         0            0            a batch writes none
==================================== ============ ============ ==================================

Sources: https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-quotas.html,
https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html and
https://docs.aws.amazon.com/general/latest/gr/ssm.html.
"""

from __future__ import annotations

from collections import Counter

from pennsieve_agent.account.stack.functions import CONCURRENCY
from pennsieve_agent.domain.batches import MOST_PARALLEL, MOST_RUNS
from pennsieve_agent.domain.node_protocol import PACKED_BYTES, with_body
from tests.node.batches.batch_calls import batch, deliver_all, finish, open_runs, rows
from tests.node.owned import Owned, owned
from tests.node.services import MOST_ITEM_BYTES, item_size
from tests.node.test_scale import ACCESS_POINTS, SUBMITS_A_SECOND

MOST_A_RUN = {
    "batch.submit_job": 4,
    "batch.register_job_definition": 4,
    "batch.deregister_job_definition": 4,
    "batch.terminate_job": 0,
    "files.create_access_point": 3,
    "files.delete_access_point": 3,
    "functions.invoke": 1,
    "logs.get_log_events": 7,
    "secrets.get_secret_value": 2,
    "parameters.put_parameter": 0,
    "parameters.get_parameters": 0,
    "rules.enable_rule": 1,
    "table.query": 12,
    "table.get_item": 55,
    "table.put_item": 60,
    "table.update_item": 36,
    "table.delete_item": 20,
}
"""Calls of AWS for one run of a batch, from its beginning to its end."""
CALL_SECONDS = 0.1
"""What a SubmitJob with what is written down around it takes at least."""


def calls_of(runs: int) -> tuple[Counter[str], Counter[str]]:
    """The calls of AWS that accept a batch, and those that run it."""
    with owned() as node:
        owner = node.furnish()
        node.world.calls.clear()
        owner.ask("POST", "/batches", body=batch(runs, parallel=2))
        accepted = node.world.calls.copy()
        finish(node.world)
        return accepted, node.world.calls - accepted


def test_calls_for_each_run_are_few_and_do_not_grow_with_the_batch() -> None:
    (accepted, few), (accepted_more, more) = calls_of(3), calls_of(9)
    assert accepted == accepted_more  # a batch of up to 100 runs is one part
    assert accepted.total() < 20
    a_run = {name: (more[name] - few[name]) / 6 for name in more}
    for name, count in a_run.items():
        assert count <= MOST_A_RUN.get(name, 10), (name, count)
    assert CONCURRENCY / CALL_SECONDS <= SUBMITS_A_SECOND
    assert MOST_PARALLEL * MOST_A_RUN["files.create_access_point"] <= ACCESS_POINTS


def test_the_largest_batch_fits_into_a_request_and_its_items_into_the_table(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(MOST_RUNS, parallel=3)
    packed = with_body({}, asks)["packed"]
    assert len(packed) * 3 / 4 < PACKED_BYTES
    node.world.calls.clear()
    owner.ask("POST", "/batches", body=asks)
    parts = MOST_RUNS // 100
    assert node.world.calls["table.put_item"] < parts + 10
    assert node.world.calls["bucket.put_object"] <= parts
    deliver_all(node.world)
    assert len(open_runs(node, asks)) == 3
    largest = max(map(item_size, node.world.items.values()))
    assert largest < MOST_ITEM_BYTES / 3
    query = {"next": str(MOST_RUNS - 5)}
    last = owner.ask("GET", f"/batches/{asks['id']}/rows", query)
    assert [row["index"] for row in last["rows"]] == list(range(MOST_RUNS - 5, MOST_RUNS))
    assert last["next"] == ""
    assert len(rows(owner, asks, status="running")) == 3
