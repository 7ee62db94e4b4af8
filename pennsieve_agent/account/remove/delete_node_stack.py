"""Delete the stack of an own node, and what keeps AWS from deleting it.

AWS stops in the middle, with the stack in ``DELETE_FAILED``, where

* the file system has changes that are not in the bucket yet, such as the last files of a run
  (:func:`~pennsieve_agent.aws.remains.delete_file_systems`);
* the bucket is not empty, as the file system went on writing to it;
* machines still have public addresses when their gateway is to be detached, as in stacks of earlier
  versions, which do not say in which order both go.

Each time what is in the way is deleted, and AWS goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.account.register.deploy_stack import delete
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.world.clients import Clients, StepState
from pennsieve_agent.aws.builds import stop_builds
from pennsieve_agent.aws.parameters import delete_parameters, parameters_called
from pennsieve_agent.aws.remains import (
    delete_access_points,
    delete_file_systems,
    delete_secret,
    deregister_job_definition,
    job_definitions_called,
    secrets_called,
)
from pennsieve_agent.aws.repositories import empty_repository
from pennsieve_agent.aws.s3 import empty_bucket
from pennsieve_agent.errors import AwsError

ATTEMPTS = 3
Tell = Callable[[StepState, str], None]


def delete_node_stack(stack: str, names: NodeNames | None, clients: Clients, tell: Tell) -> None:
    """Delete a stack, by its name or ARN, with all that its node made. ``tell`` says what happens.

    Raises:
        AwsError: something in it could not be deleted.
        StillRunning: AWS takes longer than we wait.

    """
    if names is not None:
        _empty(clients, names, tell)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            delete(stack, clients)
        except AwsError as error:
            if error.aws_code != "DELETE_FAILED" or attempt == ATTEMPTS:
                raise
            tell(StepState.PROBLEM, f"{error.message}; trying again without what is in the way")
        else:
            return
        if names is not None:
            _make_way(clients, names, tell)


def _empty(clients: Clients, names: NodeNames, tell: Tell) -> None:
    """Delete what would prevent the stack's deletion, or would be left behind by it."""
    aws = clients.aws
    if count := stop_builds(aws, names.builder, clients.sleep):
        tell(StepState.EVENT, f"builds of images stopped: {count}")
    delete_access_points(aws, names.bucket)
    _empty_bucket(clients, names, tell)
    for repository in (names.workflow_images, names.transfer_images):
        if count := empty_repository(aws, repository):
            tell(StepState.EVENT, f"images deleted from {repository}: {count}")
    delete_parameters(aws, parameters_called(aws, names.parameter_prefix))
    for secret in secrets_called(aws, names.secret_prefix):
        delete_secret(aws, secret)
    for definition in job_definitions_called(aws, f"{names.stack}-"):
        deregister_job_definition(aws, definition)


def _make_way(clients: Clients, names: NodeNames, tell: Tell) -> None:
    """Delete what AWS refuses to delete with a stack. First the files: they go to the bucket."""
    if count := delete_file_systems(clients.aws, names.bucket, clients.sleep):
        sentence = f"file systems deleted, with files that were not in the bucket yet: {count}"
        tell(StepState.EVENT, sentence)
    _empty_bucket(clients, names, tell)


def _empty_bucket(clients: Clients, names: NodeNames, tell: Tell) -> None:
    if count := empty_bucket(clients.aws, names.bucket):
        tell(StepState.EVENT, f"object versions deleted: {count}")
