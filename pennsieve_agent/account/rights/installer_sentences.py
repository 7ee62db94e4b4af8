"""What the installer's policies amount to: what somebody could make of them, in sentences.

Pure. The first sentence is the one that an officer must read. The others name each way that is
known to lead from such rights to more ("privilege escalation"), and where it ends here.
``tests/account/test_escalation.py`` tries each way on the very policies.
"""

from __future__ import annotations

from pennsieve_agent.account.rights.stack_rights import Place
from pennsieve_agent.account.spec.names import MANAGER_TAG, STACK_PREFIX

ADMINISTRATOR = (
    "Whoever has these permissions can become an administrator of the AWS account: they write the "
    "permissions boundary of the roles that they create, and who may assume these"
)
_BOUNDED = (
    "Whoever has these permissions can do what any role of a node can, and no more: the "
    "permissions boundary {} limits every role that they create, and they can neither change nor "
    "remove it"
)
_YOURS = (
    "The boundary itself is yours: keep it from whoever registers nodes, as any policy that "
    "allows iam:CreatePolicyVersion on it makes them administrators"
)


def what_remains(place: Place) -> tuple[str, ...]:
    """What the policies let their holder do after all; the first sentence sums it up."""
    if not place.boundary:
        return (ADMINISTRATOR, *_WITHIN_NODES)
    return (_BOUNDED.format(place.boundary), *_WITHIN_NODES, _YOURS)


_WITHIN_NODES = (
    (
        "They write the trust policies and permissions of the nodes' roles, so that they can act "
        "as any of them: read and change the files, records, secrets, workflow keys and logs of "
        "every node in the account"
    ),
    (
        "They can replace the code of the nodes' functions and images, and so act with the nodes' "
        "roles"
    ),
    (
        "They can pass the nodes' roles to Lambda, Batch, EC2 and flow logs, by way of "
        "CloudFormation alone; no other role, and to no other service"
    ),
    (
        "Roles within the boundary can pull every container image of the account, and mount a "
        "file system of the account whose access point they know and whose own policy lets them: "
        "AWS has no condition that names the nodes' own"
    ),
    (
        "They can let other AWS accounts call the nodes' functions (lambda:AddPermission), and "
        "change the policies of the nodes' buckets and keys"
    ),
    (
        "They can choose where AWS reports new and deleted files of the nodes' buckets "
        "(s3:PutBucketNotification), other AWS accounts included; a report has the names of files, "
        "not their content"
    ),
    (
        f"Stacks called {STACK_PREFIX}* are theirs to change. Never give one a service role "
        "(--role-arn): AWS acts with it for whoever may change the stack"
    ),
    (
        "They can create networks, and change nothing in networks that lack the nodes' tag. Tags "
        f"with the key {MANAGER_TAG} mark what they may change: let nobody else set them"
    ),
)
"""AWS CloudFormation User Guide, "CloudFormation service role", on the stack's role:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html;
on what a report of a bucket has, Amazon S3 User Guide, "Event message structure":
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html.
CloudFormation needs the right for a file system of S3 Files, which sends reports to EventBridge,
and IAM has no condition on where they go."""
