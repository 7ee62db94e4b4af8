"""Words for AWS's actions, and what a right to everything in a service amounts to.

An action that is not here is named literally; it is never left out. The consequences of the wide
rights are those of ``contracts/resources.md`` 1.10.
"""

from __future__ import annotations

ACTIONS = {
    "cloudformation:DescribeStacks": "read the state of stacks",
    "dynamodb:GetItem": "read entries of tables",
    "dynamodb:Query": "search tables",
    "events:PutTargets": "send events on to other places",
    "iam:AddRoleToInstanceProfile": "put roles on machines' profiles",
    "iam:AttachRolePolicy": "give roles further rights",
    "iam:CreateInstanceProfile": "create profiles for machines",
    "iam:CreatePolicy": "write new policies",
    "iam:CreatePolicyVersion": "rewrite existing policies",
    "iam:CreateRole": "create roles",
    "iam:CreateServiceLinkedRole": "create the roles that AWS's own services use",
    "iam:DeletePolicy": "delete policies",
    "iam:DeleteRole": "delete roles",
    "iam:DeleteRolePermissionsBoundary": "take the permissions boundary off roles",
    "iam:DeleteRolePolicy": "take rights from roles",
    "iam:DetachRolePolicy": "take rights from roles",
    "iam:GetRole": "read roles",
    "iam:PassRole": "hand roles to services, which then act with them",
    "iam:PutRolePolicy": "write the rights of roles",
    "iam:UpdateAssumeRolePolicy": "change who may use roles",
    "iam:UpdateRole": "change roles",
    "lambda:InvokeFunction": "call functions",
    "logs:DescribeLogStreams": "list log streams",
    "logs:FilterLogEvents": "search log lines",
    "logs:GetLogEvents": "read log lines",
    "ssm:DeleteParameter": "delete stored parameters",
    "ssm:GetParameter": "read stored parameters",
    "ssm:GetParameters": "read stored parameters",
    "ssm:PutParameter": "change stored parameters",
    "sts:AssumeRole": "take on the role",
    "sts:GetCallerIdentity": "ask who it is",
}

SERVICES = {
    "acm": "certificates: can issue and delete those of your domains",
    "autoscaling": "groups of machines: can start and stop them",
    "dynamodb": "tables: can read, change and delete every table",
    "ec2": "machines and networks: can start, stop and delete machines, copy disks to others, "
    "change firewalls",
    "ecr": "container images: can replace and share them",
    "ecs": "containers: can run, change and stop any of them",
    "elasticfilesystem": "shared file systems: can open and delete them",
    "elasticloadbalancing": "load balancers: can redirect their traffic",
    "kms": "encryption keys: can decrypt with them and schedule their deletion",
    "lambda": "functions: can read and replace their code, and so act with their roles",
    "logs": "logs: can read, delete and forward them",
    "route53": "domain names: can redirect your domains",
    "s3": "buckets: can read, change, delete and share everything in every bucket",
    "states": "state machines: can run and change them",
}

#: What people fear: words, and an action on anything that is not a node's own.
FEARS = (
    ("read other buckets", "s3:GetObject"),
    ("change other buckets", "s3:PutObject"),
    ("start machines", "ec2:RunInstances"),
    ("call other functions", "lambda:InvokeFunction"),
    ("read other tables", "dynamodb:GetItem"),
    ("read other logs", "logs:GetLogEvents"),
    ("read secrets", "secretsmanager:GetSecretValue"),
    ("decrypt with your keys", "kms:Decrypt"),
    ("create users", "iam:CreateUser"),
    ("create roles", "iam:CreateRole"),
    ("change rights", "iam:PutRolePolicy"),
    ("hand roles to services", "iam:PassRole"),
    ("redirect domain names", "route53:ChangeResourceRecordSets"),
)
OWN_RIGHTS = ("change its own rights", "iam:PutRolePolicy")
