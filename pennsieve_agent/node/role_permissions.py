"""The permissions of each role of a node: exactly what the node's code does, and why.

The stack's policies are made of this table (:mod:`pennsieve_agent.account.stack.policies`), and a
test compares it with every call that the code makes. ``kind`` is a word for resources, which the
stack turns into ARNs of this node alone; ``any`` is for actions for which AWS knows no resource
(AWS, "Service Authorization Reference").
"""

from __future__ import annotations

from dataclasses import dataclass

PARAMETERS, GPU_PARAMETERS = "parameters/", "parameters/gpu/"
"""What the names of the secrets begin with that hold the parameters of one run's steps; a run's id
has no slash, so none of the first is one of the second."""
STEP_PARTS = ("key", "secret", "session")
"""What of a workflow's user a step may be given: the last word of a parameter's name. The document
with all of it (:mod:`.identity.workflow_credentials`) is the node's alone."""


@dataclass(frozen=True, slots=True)
class Right:
    """Actions on one kind of resources."""

    actions: tuple[str, ...]
    kind: str
    why: str


def _right(service: str, names: str, kind: str, why: str) -> Right:
    return Right(tuple(f"{service}:{name}" for name in names.split()), kind, why)


PULL = "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer"
PUSH = "CompleteLayerUpload InitiateLayerUpload PutImage UploadLayerPart"
"""What pushing takes besides (Amazon ECR User Guide, "IAM permissions for pushing an image",
https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html)."""
_OWN_LOG = _right("logs", "CreateLogStream PutLogEvents", "own-log", "write its own log")

_SECRETS = _right(
    "ssm",
    "DeleteParameters GetParameters PutParameter",
    "secret",
    "keep the node's secrets, and mask them in logs",
)
_DOCUMENTS = _right(
    "s3", "GetObject PutObject", "bucket-documents", "store what is too large for the table"
)
_QUEUES = _right(
    "batch",
    "DescribeComputeEnvironments",
    "any",
    "read the state of the queues; AWS has no resource for it",
)
_QUOTA = _right(
    "servicequotas",
    "GetServiceQuota",
    "any",
    "read how many processors AWS lets the account use; AWS has no resource for it",
)
_WAKE = _right("lambda", "InvokeFunction", "reconciler", "wake the reconciler")
_SIGN_IN = _right(
    "ssm", "GetParameter PutParameter", "parameter", "sign in to Pennsieve as a workflow"
)
_DEAD_LETTERS = _right("sqs", "SendMessage", "dead-letters", "keep events that it could not handle")
_ASK = _right("lambda", "InvokeFunction", "relay", "ask Pennsieve through the relay")
_MAIL = _right(
    "sns",
    "ListSubscriptionsByTopic Subscribe",
    "mail-addresses",
    "ask the address of --mail whether it wants mails, and see what it answered",
)
_ANSWERS = (
    _MAIL,
    _WAKE,
    _right("logs", "FilterLogEvents GetLogEvents", "job-log", "read the log of a run"),
    _right("s3", "GetObject", "bucket-logs", "give a link to the kept log of a run"),
    _DOCUMENTS,
    _SECRETS,
    _QUEUES,
    _QUOTA,
    _OWN_LOG,
)
"""What answering about runs takes, of users and of the owner."""

GATEWAY = (
    _right("dynamodb", "GetItem PutItem Query", "table", "record requests, read runs"),
    *_ANSWERS,
    _right("ecr", "DescribeImages", "workflow-images", "see whether an image is there"),
)
ADMIN = (
    _right(
        "dynamodb",
        "DeleteItem GetItem PutItem Query",
        "table",
        "keep the node's registry, read runs",
    ),
    *_ANSWERS,
    _right(
        "s3",
        "GetObject PutObject",
        "bucket-archives",
        "accept code, by a presigned URL for one archive",
    ),
    _right(
        "ssm",
        "DeleteParameters PutParameter",
        "parameter",
        "store the keys of workflows, which it cannot read",
    ),
    _right(
        "ecr",
        "BatchDeleteImage DescribeImageScanFindings DescribeImages",
        "workflow-images",
        "list images, tell what scans of them found, and delete those that no version uses",
    ),
    _right(
        "codebuild",
        "BatchGetBuilds ListBuildsForProject StartBuild StopBuild",
        "builder",
        "build images of workflows in this account",
    ),
    _right("logs", "GetLogEvents", "build-log", "read the log of a build"),
)
RECONCILER = (
    _right(
        "dynamodb",
        "DeleteItem GetItem PutItem Query UpdateItem",
        "table",
        "record each step of a run",
    ),
    _right(
        "batch",
        "DescribeComputeEnvironments DescribeJobDefinitions DescribeJobs ListJobs",
        "any",
        "read the state of jobs; AWS has no resource for it",
    ),
    _right("batch", "SubmitJob", "submission", "submit the jobs of a run"),
    _right(
        "batch",
        "DeregisterJobDefinition RegisterJobDefinition TagResource",
        "job-definition",
        "define how each step runs",
    ),
    _right("batch", "TagResource", "new-job", "tag the node's jobs as they start"),
    _right("batch", "TerminateJob", "job", "end the jobs of a run that is cancelled"),
    _right("s3files", "CreateAccessPoint", "file-system", "give each step its own folder"),
    _right(
        "s3files",
        "TagResource",
        "new-access-point",
        "tag the node's access points as they are created",
    ),
    _right(
        "s3files",
        "DeleteAccessPoint",
        "access-point",
        "delete the access point of a step's folder",
    ),
    _right("ssm", "GetParameters", "secret", "mask the secrets of a run in its log"),
    _right(
        "secretsmanager",
        "CreateSecret DeleteSecret GetSecretValue PutSecretValue TagResource",
        "parameters-of-run",
        "keep the parameters of a run until it ends",
    ),
    _SIGN_IN,
    _DOCUMENTS,
    _right(
        "events", "DisableRule EnableRule", "schedule", "run on a schedule while runs are active"
    ),
    _right("s3", "DeleteObject PutObject", "bucket-runs", "tell transfer jobs what to transfer"),
    _right("s3", "PutObject", "bucket-logs", "keep the logs of a run"),
    _right("s3", "ListBucket", "kept-list", "measure the files of a run that are kept"),
    _right("logs", "FilterLogEvents GetLogEvents", "job-log", "collect the logs of a run"),
    _right("lambda", "InvokeFunction", "reconciler", "begin the next runs of a batch"),
    _right("lambda", "InvokeFunction", "transfers", "let functions move the files of small runs"),
    _right("sns", "Publish", "budget-topic", "warn before the month's budget is used up"),
    _right(
        "sns",
        "ListSubscriptionsByTopic Publish",
        "mail-topic",
        "mail that a run has ended, to an address that has confirmed",
    ),
    _right("iam", "PassRole", "roles-to-pass", "pass jobs their roles"),
    _DEAD_LETTERS,
    _OWN_LOG,
)
RELAY = (
    _right(
        "dynamodb",
        "DeleteItem GetItem PutItem",
        "table",
        "read a run and its grants, note what transfers did, and sign in once at a time",
    ),
    _SIGN_IN,
    _DOCUMENTS,
    _right("s3", "PutObject", "bucket-runs", "give answers that are too large for a function"),
    _right("logs", "CreateLogStream PutLogEvents", "job-log", "add what calls said to a log"),
    _WAKE,
    _DEAD_LETTERS,
    _OWN_LOG,
)
EXECUTION = (
    _right(
        "ecr", "GetAuthorizationToken", "any", "sign in to the registry; AWS has no resource for it"
    ),
    _right("ecr", PULL, "platform-images", "pull the images of workflows"),
    _right("ecr", PULL, "node-images", "pull the images that are the node's own"),
    _right("ssm", "GetParameters", "secret", "give a run its secrets"),
    _right("secretsmanager", "GetSecretValue", "parameters-of-run", "give a step its parameters"),
    _right(
        "ssm",
        "GetParameters",
        "parameter-of-step",
        "give a step its workflow's key, secret and token, where declared",
    ),
    _right("logs", "CreateLogStream PutLogEvents", "job-log", "write the log of a job"),
)
GPU_EXECUTION = (
    _right(
        "secretsmanager",
        "GetSecretValue",
        "parameters-of-gpu-step",
        "give a step on a GPU machine its parameters",
    ),
)
"""What a program on a GPU machine can become, with the role of the machine.

Jobs of AWS Batch on EC2 have the machine's network
(https://docs.aws.amazon.com/batch/latest/userguide/networking-modes-jobs.html), so no limit of hops
keeps them from the machine's keys; with these a program can pose as the machine's ECS agent, which
is given the keys of both roles of each task there. So this role reads no secret and no key of a
workflow, and steps with a GPU get none. The machine's own role pulls images and writes logs
(:func:`~pennsieve_agent.account.stack.policies.instance_access`).
"""
_DIRECT = _right(
    "s3",
    "GetObject GetObjectVersion",
    "bucket-files",
    "read large files straight from the bucket, as S3 Files does where it may",
)
"""Without it each byte is charged as read from the fast storage ("Intelligent read routing is not
working", https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-troubleshooting.html).
Nothing is listed: a run's files are read by who knows the run's id."""
JOB = (
    _right(
        "s3files",
        "ClientMount ClientWrite",
        "mount",
        "read its run's files and write its own, by access points",
    ),
    _DIRECT,
)
_LIST = _right("s3", "ListBucket", "bucket-list", "find the files of a run, and its word to stop")
_LIST_OLD = _right("s3", "ListBucketVersions", "bucket-list", "find old versions of a run's files")
_STAGE = _right(
    "s3", "AbortMultipartUpload PutObject", "bucket-files", "put the input of a run into the bucket"
)
_PURGE = _right(
    "s3", "DeleteObject DeleteObjectVersion", "bucket-files", "delete the files of a run for good"
)
_READ_TASK = _right("s3", "GetObject", "bucket-runs", "read what to transfer")
_HAND_ON = _right("s3", "PutObject", "bucket-runs", "hand on results, and what was done with them")
MOVER = (
    _right(
        "s3files",
        "ClientMount ClientRootAccess ClientWrite",
        "mount",
        "read and write a run's files, and give them to the run's user",
    ),
    _right(  # in one statement each, as the template is long
        "s3",
        "ListBucket ListBucketVersions",
        "bucket-list",
        "find the files of a run, and old versions of them",
    ),
    _right(
        "s3",
        "AbortMultipartUpload DeleteObject DeleteObjectVersion GetObject GetObjectVersion"
        " PutObject",
        "bucket-files",
        "put the input of a run into the bucket, read its files, and delete them for good",
    ),
    _right("s3", "GetObject", "bucket-code", "fetch the node's code"),
    _READ_TASK,
    _ASK,
)
TRANSFER = (
    _LIST,
    _STAGE,
    _READ_TASK,
    _HAND_ON,
    _right("lambda", "InvokeFunction", "relay", "ask Pennsieve, and tell of its end"),
    _OWN_LOG,
)
TRANSFER_FILES = (
    _right(
        "s3files",
        "ClientMount ClientRootAccess ClientWrite",
        "mount",
        "read and write the files of runs, and give them to the run's user",
    ),
    _DIRECT,
    _LIST_OLD,
    _PURGE,
    _READ_TASK,
    _HAND_ON,
    _right("lambda", "InvokeFunction", "relay", "tell the relay of its end"),
    _right(
        "ec2",
        "AssignPrivateIpAddresses CreateNetworkInterface DeleteNetworkInterface "
        "DescribeNetworkInterfaces DescribeSubnets UnassignPrivateIpAddresses",
        "own-interface",
        "be in the node's network: AWS Lambda does this, the function's code cannot",
    ),
    _OWN_LOG,
)
BUILDER = (
    _right("s3", "GetObject", "bucket-archives", "fetch the code that it builds"),
    _right(
        "ecr", "GetAuthorizationToken", "any", "sign in to the registry; AWS has no resource for it"
    ),
    _right("ecr", PULL, "workflow-images", "begin with the layers of an earlier image"),
    _right("ecr", PUSH, "workflow-images", "push the image"),
    _right("logs", "CreateLogStream PutLogEvents", "build-log", "write the log of a build"),
)
"""What a Dockerfile's commands could take from the machine that builds it: no run, no dataset, no
secret and no key. The machine is AWS's, used for one build, and outside the node's network."""

RIGHTS: dict[str, tuple[Right, ...]] = {
    "gateway": GATEWAY,
    "admin": ADMIN,
    "reconciler": RECONCILER,
    "relay": RELAY,
    "execution": EXECUTION,
    "gpu-execution": GPU_EXECUTION,
    "job": JOB,
    "mover": MOVER,
    "transfer": TRANSFER,
    "transfer-files": TRANSFER_FILES,
    "builder": BUILDER,
}
"""By role."""

_TOKENS = _right(
    "secretsmanager",
    "CreateSecret DeleteSecret GetSecretValue PutSecretValue TagResource",
    "tokens-of-run",
    "keep the session of the person who started a run until it ends",
)
HOSTED: dict[str, tuple[Right, ...]] = {
    "gateway": (_TOKENS,),
    "execution": (
        _right("secretsmanager", "GetSecretValue", "tokens-of-run", "give a step that session"),
    ),
    "reconciler": (
        _right(
            "ecr", "BatchGetImage", "platform-images", "resolve images to their current digests"
        ),
        _TOKENS,
    ),
    "relay": (
        _right(
            "secretsmanager",
            "GetSecretValue PutSecretValue",
            "tokens-of-run",
            "read and renew that session",
        ),
    ),
}
"""What roles of a node that Pennsieve runs may do besides."""
