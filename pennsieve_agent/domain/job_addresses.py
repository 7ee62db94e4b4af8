"""The addresses that jobs on AWS Batch use before their program starts, and while it runs.

What ECS fetches for a task on Fargate (image, secrets, log) goes by the task's own network
interface, and on a machine with GPUs by the machine's:

* https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
* https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html, which says that an
  image's layers come from a bucket of ECR
* https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
  and https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html
* https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html

A task's own keys come from the machine it is on (169.254.170.2), so ``sts`` is not among them; what
is encrypted with a key is decrypted by the service that has it, so neither is ``kms``.
"""

from __future__ import annotations

from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.domain.reachability import Need

LAYER_BUCKET = "prod-{region}-starport-layer-bucket"
"""Where ECR keeps the layers of images (the second page above, "Minimum Amazon S3 Bucket
Permissions for Amazon ECR")."""
SERVICES = ("ecr.api", "ecr.dkr", "lambda", "logs", "secretsmanager", "ssm")
"""What is called besides S3; transfer jobs call the node's function."""
AGENT = ("ecs", "ecs-agent", "ecs-telemetry")
"""What the ECS agent of a machine calls (the first page above)."""
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def image_needs(account: str, repository: str) -> tuple[Need, Need, Need]:
    """What pulling an image from a private registry takes; ``repository`` is its ARN.

    AWS does not say which of its actions each of the registry's two endpoints is asked for, so
    both must let all of them pass.
    """
    partition, _, region, owner = repository.split(":")[1:5]
    bucket = LAYER_BUCKET.format(region=region)
    layer = Ask("s3:GetObject", f"arn:{partition}:s3:::{bucket}/layer")
    login = Ask("ecr:GetAuthorizationToken", "*", _who(account, account))
    pulls = (login, *(Ask(action, repository, _who(account, owner)) for action in _PULL))
    return (
        Need("sign in to the registry", "ecr.api", region, asks=pulls),
        Need("fetch an image's manifest", "ecr.dkr", region, asks=pulls),
        Need("fetch an image's layers", "s3", region, asks=(layer,)),
    )


def log_need(account: str, stream: str) -> Need:
    """What writing a job's log takes; ``stream`` is the ARN of its stream."""
    actions = ("logs:CreateLogStream", "logs:PutLogEvents")
    return _need("write the log", "logs", account, stream, *actions)


def secret_need(account: str, arn: str) -> Need:
    """What handing a secret or a parameter to a step takes."""
    if arn.split(":")[2] == "ssm":
        return _need("fetch a parameter", "ssm", account, arn, "ssm:GetParameters")
    return _need("fetch a secret", "secretsmanager", account, arn, "secretsmanager:GetSecretValue")


def call_need(account: str, function: str) -> Need:
    """What calling a function of the node takes, as transfer jobs do."""
    return _need("call the relay", "lambda", account, function, "lambda:InvokeFunction")


def object_need(account: str, region: str, action: str, arn: str) -> Need:
    """What reading or writing an object takes, as somebody of ``account``; ``arn`` is its ARN."""
    ask = Ask(action, arn, {"aws:PrincipalAccount": account})
    return Need(f"{action} {arn}", "s3", region, asks=(ask,))


def agent_needs(account: str, region: str) -> tuple[Need, ...]:
    """What a machine's ECS agent must reach before it takes jobs."""
    finds = Ask("ecs:DiscoverPollEndpoint", "*", _who(account, account))
    return tuple(Need(f"reach {service}", service, region, asks=(finds,)) for service in AGENT)


def web_need(port: int) -> Need:
    """Any host on the internet, as a workflow's code may want."""
    return Need(f"reach any host by port {port}", port=port)


def _need(what: str, service: str, account: str, arn: str, *actions: str) -> Need:
    _, _, _, region, owner = arn.split(":")[:5]
    asks = tuple(Ask(action, arn, _who(account, owner)) for action in actions)
    return Need(what, service, region, asks=asks)


def _who(account: str, owner: str) -> dict[str, str]:
    """The accounts of who asks and of what is asked for (IAM, "AWS global condition keys")."""
    return {"aws:PrincipalAccount": account, "aws:ResourceAccount": owner}
