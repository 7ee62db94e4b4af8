"""What AWS charges: a table of list prices, and what follows from it. Pure.

The prices are list prices of us-east-1 in USD, without any free tier or discount; other regions
differ by up to a third. Sources, as of :data:`DATE`: the pricing pages of AWS Fargate,
Amazon CloudWatch, Amazon S3, Amazon DynamoDB, AWS Lambda, AWS KMS, AWS Secrets Manager, Amazon
ECR, AWS CodeBuild, Amazon EC2 and Amazon VPC. They were not looked up again here, and every figure
made of them is an estimate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pennsieve_agent.domain.gpu_machines import gpu_machine
from pennsieve_agent.domain.job_addresses import SERVICES

DATE = "2026-11"
REGION = "us-east-1"
"""The region of the table, whose prices are taken for all others."""
VERSION = f"{REGION}-{DATE}"
"""What a receipt says about the prices it was made with."""
HOURS_A_MONTH = 730
GB = 1024**3
"""Bytes of a GB of storage, as AWS counts (the pricing page of Amazon S3)."""
_HOUR = 3600.0

FARGATE_VCPU_HOUR = 0.04048
FARGATE_GB_HOUR = 0.004445
SPOT_SHARE = 0.3
"""Of the price; Spot prices move, AWS says "up to 70 % off"."""
FARGATE_DISK_GB_HOUR = 0.000111
"""Of what is beyond the 20 GB that each task has (https://aws.amazon.com/fargate/pricing/)."""
FREE_DISK_GB = 20
LEAST_SECONDS = 60.0
START_SECONDS = 45.0
"""Fargate is paid from the download of the image to the task's end, one minute at least (the same
page); AWS Batch tells of a job only when it began to run. This is what a download is taken for."""
MACHINE_START_SECONDS = 300.0
"""The same of a machine with a GPU: it is paid from its start until AWS Batch ends it."""
GPU_UNKNOWN_HOUR = 7.57719
"""The dearest machine that is known, for one that is not."""
FILES_GB_MONTH = 0.30
"""On the fast storage of S3 Files, with what is read from it and written to it."""
FILES_READ_GB = 0.03
FILES_WRITE_GB = 0.06
S3_PUT = 0.000005
S3_GET = 0.0000004
PART_GB = 1 / 64
"""A large file is put into the bucket in parts of 16 MiB."""
READ_GB = 1 / 1024
"""A large file is read from the bucket by the MiB ("How S3 Files is metered",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-metering.html)."""
METADATA_GB = 4 / 1024**2
"""What each read from the bucket counts on the file system."""
LOG_INGEST_GB = 0.50
LOG_GB_MONTH = 0.03
S3_GB_MONTH = 0.023
ECR_GB_MONTH = 0.10
"""Images in private repositories (the pricing page of Amazon ECR)."""
BUILD_MINUTE = {"small": 0.005, "medium": 0.01, "large": 0.02}
"""A minute of AWS CodeBuild on Linux, ``general1`` (https://aws.amazon.com/codebuild/pricing/);
each build is counted up to the next minute."""
NAT_HOUR = 0.045
NAT_GB = 0.045
ENDPOINT_HOUR = 0.01
PUBLIC_ADDRESS_HOUR = 0.005
KEY_MONTH = 1.00
KEY_USE = 0.000003
"""A request for a key (the pricing page of AWS KMS: 0.03 USD for 10,000)."""
TABLE_GB_MONTH = 0.25
TABLE_COPY_GB_MONTH = 0.20
"""Point-in-time recovery (the pricing page of Amazon DynamoDB)."""
ALARM_MONTH = 0.10
"""A standard alarm on one metric (the pricing page of Amazon CloudWatch)."""
ALARMS = 3
"""The alarms of a node."""
FUNCTION_GB_SECOND = 0.0000133334
TRANSFER_FUNCTION_MB = 1769
"""One processor (AWS Lambda Developer Guide, "Configure Lambda function memory")."""
FUNCTION_CALL = 0.0000002
TABLE_WRITE = 0.000000625
TABLE_READ = 0.000000125
S3_PUT = 0.000005
S3_GET = 0.0000004
ENDPOINT_GB = 0.01
OTHER_REGION_GB = 0.02
PENNSIEVES_REGION = "us-east-1"
"""Where Pennsieve keeps files: from and to there it costs nothing in the same region."""

FUNCTION_GB_SECONDS = 1.0
"""Of one call of the node's reconciler: two seconds with 512 MB. Taken for it, as are the next."""
_WAKES_A_JOB = 7
"""Calls for each job: its states, and what a transfer job asks of Pennsieve."""
_WAKE_SECONDS = 300.0
"""Beside them, it is woken by the clock."""
_WRITES, _READS, _PUTS, _GETS = 6, 12, 1, 2
"""Requests to the table and the bucket in one call."""


def region_of_prices(region: str) -> str:
    """The region whose prices are taken for one; empty where none are.

    In China AWS is run by others, who charge in another currency
    (https://www.amazonaws.cn/en/about-aws/china/).
    """
    return "" if region.startswith("cn-") else REGION


def price_words(region: str) -> str:
    """Which prices an estimate for a region is made with, in words."""
    if not region_of_prices(region):
        return f"no prices: this program has none of region {region}"
    words = f"AWS list prices of {REGION}, {DATE}"
    if region == REGION:
        return words
    return f"{words}: {region}'s prices are not known here and may differ by up to a third"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an estimate, in USD a month."""

    what: str
    usd: float


def idle_cost(
    mode: str, *, own_network: bool = True, endpoints: int = len(SERVICES)
) -> tuple[Line, ...]:
    """What a node of a mode costs a month while it is empty and nothing runs.

    ``endpoints`` are the interface endpoints of a compliant node, which has three more with GPUs;
    an existing network is not ours to count.
    """
    lines = [
        Line("code and journal, by what is stored", 0.01),
        Line(f"{ALARMS} alarms", ALARMS * ALARM_MONTH),
    ]
    if mode != "basic":
        lines.append(Line("an encryption key of your own", KEY_MONTH))
    if mode == "secure" and own_network:
        lines.append(Line("a NAT, by the hour", NAT_HOUR * HOURS_A_MONTH))
        lines.append(Line("its public address", PUBLIC_ADDRESS_HOUR * HOURS_A_MONTH))
    if mode == "compliant" and own_network:
        hours = endpoints * HOURS_A_MONTH
        lines.append(Line(f"{endpoints} endpoints of AWS services", ENDPOINT_HOUR * hours))
    return tuple(lines)


def total(lines: Iterable[Line]) -> float:
    """The sum of an estimate in USD, to the cent."""
    return round(sum(line.usd for line in lines), 2)


@dataclass(frozen=True, slots=True)
class JobUsage:
    """What a job took: ``vcpus`` and ``memory_gb`` for ``seconds``, in so many tasks (``starts``).

    ``gpu`` is an instance type; ``disk_gib`` is the whole disk, 0 for what comes with a task.
    ``calls`` says that it was no task, but so many calls of a transfer function.
    """

    seconds: float
    vcpus: float
    memory_gb: float
    spot: bool = False
    gpu: str = ""
    public_address: bool = False
    starts: int = 1
    disk_gib: int = 0
    calls: bool = False

    @property
    def billed_seconds(self) -> float:
        """What is paid: with the start of each task, and at least a minute of each."""
        if self.calls:
            return self.seconds
        start = MACHINE_START_SECONDS if self.gpu else START_SECONDS
        return max(self.seconds + self.starts * start, self.starts * LEAST_SECONDS)

    @property
    def vcpu_hours(self) -> float:
        """Processors by time."""
        return self.vcpus * self.billed_seconds / _HOUR

    @property
    def gb_hours(self) -> float:
        """Memory by time."""
        return self.memory_gb * self.billed_seconds / _HOUR


def job_cost(usage: JobUsage) -> float:
    """What a job cost, in USD."""
    if usage.calls:
        memory = TRANSFER_FUNCTION_MB / 1024
        return usage.seconds * memory * FUNCTION_GB_SECOND + usage.starts * FUNCTION_CALL
    hours = usage.billed_seconds / _HOUR
    address = PUBLIC_ADDRESS_HOUR * hours if usage.public_address else 0.0
    if usage.gpu:
        machine = gpu_machine(usage.gpu)
        return (machine.hourly if machine else GPU_UNKNOWN_HOUR) * hours + address
    price = usage.vcpu_hours * FARGATE_VCPU_HOUR + usage.gb_hours * FARGATE_GB_HOUR
    disk = max(usage.disk_gib - FREE_DISK_GB, 0) * hours * FARGATE_DISK_GB_HOUR
    return price * (SPOT_SHARE if usage.spot else 1.0) + disk + address


def vcpu_hour(memory_gb: float = 2.0, *, spot: bool = False) -> float:
    """What one processor with its memory costs an hour on Fargate, in USD."""
    return job_cost(JobUsage(_HOUR, 1.0, memory_gb, spot=spot, starts=0))


def files_cost(
    stored_gb_hours: float, staged_gb: float, read_gb: float, written_gb: float = 0.0
) -> float:
    """What a run's files cost, in USD.

    Input is put into the bucket by S3's own calls, and read from there. What a step writes goes to
    the fast storage, from there to the bucket, and is read once more when it is delivered.
    """
    stored = stored_gb_hours / HOURS_A_MONTH * S3_GB_MONTH
    reads = read_gb / READ_GB * (S3_GET + METADATA_GB * FILES_READ_GB)
    written = written_gb * (FILES_WRITE_GB + 2 * FILES_READ_GB)
    return stored + staged_gb / PART_GB * S3_PUT + reads + written


def kept_cost(days: float) -> float:
    """What a GB costs that steps made and that is kept after a run, in USD.

    It is in the bucket all the time, and for the first day on the fast storage, too.
    """
    return (S3_GB_MONTH * days + FILES_GB_MONTH * min(days, 1.0)) * 24 / HOURS_A_MONTH


def log_cost(ingested_gb: float, months: float = 0.0) -> float:
    """What a run's log costs, in USD: taken in, and kept for a while."""
    return ingested_gb * (LOG_INGEST_GB + months * LOG_GB_MONTH)


def wakes(jobs: int, seconds: float) -> int:
    """How often a run of so many jobs calls the node's functions, about."""
    return _WAKES_A_JOB * jobs + int(seconds / _WAKE_SECONDS)


def overhead_cost(calls: int) -> float:
    """What the node itself does for a run: functions, and requests to its table and bucket, USD."""
    function = FUNCTION_CALL + FUNCTION_GB_SECONDS * FUNCTION_GB_SECOND
    table = _WRITES * TABLE_WRITE + _READS * TABLE_READ
    return calls * (function + table + _PUTS * S3_PUT + _GETS * S3_GET)


def network_cost(
    mode: str, region: str, staged_gb: float, delivered_gb: float, log_gb: float
) -> float:
    """What a run's traffic costs in USD, by the mode of its network.

    In the region of Pennsieve's storage files go by a gateway endpoint, which is free; elsewhere
    through the NAT, where there is one, and what is sent there is paid by who sends it
    (https://aws.amazon.com/vpc/pricing/, https://aws.amazon.com/ec2/pricing/on-demand/). Logs go
    through the NAT, or the endpoints.
    """
    far = region != PENNSIEVES_REGION
    through = log_gb + (staged_gb + delivered_gb if far else 0.0)
    sent = delivered_gb * OTHER_REGION_GB if far else 0.0
    return sent + through * {"secure": NAT_GB, "compliant": ENDPOINT_GB}.get(mode, 0.0)
