"""What AWS charges: a table of list prices, and what follows from it. Pure.

The prices are list prices of us-east-1 in USD, without any free tier or discount; other regions
differ by up to a third. Sources, as of :data:`DATE`: the pricing pages of AWS Fargate,
Amazon CloudWatch, Amazon S3, Amazon DynamoDB, AWS Lambda, AWS KMS, AWS Secrets Manager, Amazon
ECR and Amazon VPC; those of machines with GPUs are the platform's own
(``contracts/resources.md`` 3.12). They were not looked up again here, and every figure made of them
is an estimate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pennsieve_agent.domain.job_addresses import SERVICES

DATE = "2026-11"
VERSION = f"us-east-1-{DATE}"
"""What a receipt says about the prices it was made with."""
HOURS_A_MONTH = 730
_HOUR = 3600.0

FARGATE_VCPU_HOUR = 0.04048
FARGATE_GB_HOUR = 0.004445
SPOT_SHARE = 0.3
"""Of the price; Spot prices move, AWS says "up to 70 % off"."""
GPU_HOUR = {"g4dn.xlarge": 0.526, "g6.2xlarge": 0.978, "g5.4xlarge": 1.624, "g6e.4xlarge": 3.004}
"""By instance type; with its processors and memory."""
FILES_GB_MONTH = 0.30
"""On the fast storage of S3 Files, with what is read from it and written to it."""
FILES_READ_GB = 0.03
FILES_WRITE_GB = 0.06
S3_PUT = 0.000005
S3_GET = 0.0000004
PART_GB = 1 / 16
"""A large file is put into the bucket in parts of 64 MiB."""
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
OUT_GB = 0.09
"""To the internet; files for Pennsieve's own buckets in the same region are free."""
NAT_HOUR = 0.045
NAT_GB = 0.045
ENDPOINT_HOUR = 0.01
PUBLIC_ADDRESS_HOUR = 0.005
KEY_MONTH = 1.00
SECRET_MONTH = 0.40
FUNCTION_GB_SECOND = 0.0000133334
FUNCTION_CALL = 0.0000002


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
    lines = [Line("code and journal, by what is stored", 0.01)]
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
    """What a job took: ``vcpus`` and ``memory_gb`` for ``seconds``; ``gpu`` is an instance type."""

    seconds: float
    vcpus: float
    memory_gb: float
    spot: bool = False
    gpu: str = ""
    public_address: bool = False

    @property
    def vcpu_hours(self) -> float:
        """Processors by time."""
        return self.vcpus * self.seconds / _HOUR

    @property
    def gb_hours(self) -> float:
        """Memory by time."""
        return self.memory_gb * self.seconds / _HOUR


def job_cost(usage: JobUsage) -> float:
    """What a job cost, in USD. A machine with GPUs is counted for the job's time alone."""
    hours = usage.seconds / _HOUR
    address = PUBLIC_ADDRESS_HOUR * hours if usage.public_address else 0.0
    if usage.gpu:
        return GPU_HOUR.get(usage.gpu, max(GPU_HOUR.values())) * hours + address
    price = usage.vcpu_hours * FARGATE_VCPU_HOUR + usage.gb_hours * FARGATE_GB_HOUR
    return price * (SPOT_SHARE if usage.spot else 1.0) + address


def vcpu_hour(memory_gb: float = 2.0, *, spot: bool = False) -> float:
    """What one processor with its memory costs an hour on Fargate, in USD."""
    return job_cost(JobUsage(_HOUR, 1.0, memory_gb, spot=spot))


def files_cost(stored_gb_hours: float, staged_gb: float, written_gb: float) -> float:
    """What a run's files cost, in USD.

    Input is put into the bucket by S3's own calls and read from there, once. What a step writes
    goes to the fast storage, from there to the bucket, and is read once more when it is delivered.
    """
    stored = stored_gb_hours / HOURS_A_MONTH * S3_GB_MONTH
    reads = staged_gb / READ_GB
    staged = staged_gb / PART_GB * S3_PUT + reads * (S3_GET + METADATA_GB * FILES_READ_GB)
    return stored + staged + written_gb * (FILES_WRITE_GB + 2 * FILES_READ_GB)


def log_cost(ingested_gb: float, months: float = 0.0) -> float:
    """What a run's log costs, in USD: taken in, and kept for a while."""
    return ingested_gb * (LOG_INGEST_GB + months * LOG_GB_MONTH)
