"""What linters find and we keep, each with its reason. One that is found no more fails the test."""

from __future__ import annotations

ACCEPTED = {
    # checkov, by check and logical id
    ("CKV_AWS_18", "Bucket"): "it holds code, lists of files and logs; who reads them is in "
    "CloudTrail, and a second bucket for access logs would never be empty",
    ("CKV_AWS_116", "Gateway"): "it is called and answers; nothing waits in a queue",
    ("CKV_AWS_116", "Admin"): "it is called and answers; nothing waits in a queue",
    ("CKV_AWS_27", "DeadLetters"): "a basic node has no key of its own; SQS encrypts with its own",
    ("CKV_AWS_117", "Gateway"): "in a network it could reach Pennsieve only by a NAT, which costs",
    ("CKV_AWS_117", "Admin"): "in a network it could reach Pennsieve only by a NAT, which costs",
    ("CKV_AWS_117", "Reconciler"): "in a network it could reach Pennsieve only by a NAT",
    ("CKV_AWS_117", "Relay"): "in a network it could reach Pennsieve only by a NAT",
    ("CKV_AWS_119", "Journal"): "it is encrypted by AWS's own key: names and states, no data",
    ("CKV_AWS_158", "Logs"): "a basic node has no key of its own, which costs by the month",
    ("CKV_AWS_158", "FunctionLogs"): "a basic node has no key of its own",
    ("CKV_AWS_173", "Gateway"): "its variables are names, and no secret",
    ("CKV_AWS_158", "BuildLogs"): "a basic node has no key of its own",
    ("CKV_AWS_136", "WorkflowImages"): "a basic node has no key of its own",
    ("CKV_AWS_136", "TransferImages"): "a basic node has no key of its own",
    ("CKV_AWS_173", "Admin"): "its variables are names, and no secret",
    ("CKV_AWS_173", "Reconciler"): "its variables are names, and no secret",
    ("CKV_AWS_173", "Relay"): "its variables are names, and no secret",
    ("CKV_AWS_173", "Transfer"): "its variables are names, and no secret",
    ("CKV_AWS_173", "TransferFiles"): "its variables are names, and no secret",
    ("CKV_AWS_116", "Transfer"): "AWS tells the relay of each call, whatever became of it",
    ("CKV_AWS_116", "TransferFiles"): "AWS tells the relay of each call, as above",
    ("CKV_AWS_117", "Transfer"): "in a network it could reach Pennsieve only by a NAT",
}

PARLIAMENT: dict[str, str] = {
    "Unknown prefix s3files": "its list is older than the service; the actions are those of AWS's "
    "page https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3files.html",
    "ec2:CreateNetworkInterface": "AWS Lambda asks for these of a function in a network; the "
    "function's code cannot use them (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html)",
    "sns:Protocol for action sns:ListSubscriptionsByTopic": "one statement has this action and "
    "Subscribe, as the first template has to be short; who lists names no protocol (IfExists)",
    "s3:GetObjectAttributes": "S3 Files is given s3:GetObject*, as AWS says",
}
"""By the action that is found."""

_NEWER = "AWS's schema of the resource names it (its handlers); the database is older"
_ALIAS = "it needs the right on the alias and on the key, which are two statements"
INSTALLER = {
    "Unknown prefix s3files": _NEWER,
    "ec2:DescribeVpcAttribute": "which network it is stands nowhere before it is made",
    "logs:DescribeLogGroups": "AWS has the log group as its resource; the database has none",
    "logs:DescribeIndexPolicies": "AWS has the log group as its resource; the database has none",
    "dynamodb:GetResourcePolicy": "AWS has the table as its resource; the database its streams",
    "Type mismatch: StringEquals": "a boundary is one ARN, compared as a whole",
    "kms:TagResource": "the key has no name yet; its new tag is the condition",
    "kms:CreateAlias": _ALIAS,
    "s3:DeleteBucketEncryption": _NEWER,
    "s3:DeleteBucketLifecycle": _NEWER,
    "s3:GetBucketAbac": _NEWER,
    "lambda:GetFunctionScalingConfig": _NEWER,
    "ec2:DescribeVpcEncryptionControls": _NEWER,
    "batch:SetCapacityTags": _NEWER,
}
"""What the IAM database says of the installer's policies, by the action that it finds."""
