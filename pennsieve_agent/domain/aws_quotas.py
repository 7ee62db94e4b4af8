"""Quotas of an AWS account that decide whether a node can be made, and whether a run can start.

Those of machines count processors (AWS General Reference, "AWS Fargate endpoints and quotas";
Amazon EC2 User Guide, "Amazon EC2 instance type quotas").
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota of an AWS account, by Service Quotas' codes."""

    service: str
    code: str
    name: str


FARGATE = Quota("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count")
FARGATE_SPOT = Quota("fargate", "L-36FBB829", "Fargate Spot vCPU resource count")
GPU_G = Quota("ec2", "L-DB2E81BA", "Running On-Demand G and VT instances")
GPU_P = Quota("ec2", "L-417A185B", "Running On-Demand P instances")
VPCS = Quota("vpc", "L-F678F1CE", "VPCs per Region")
ADDRESSES = Quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs")
CONCURRENCY = Quota("lambda", "L-B99A9384", "Concurrent executions")
