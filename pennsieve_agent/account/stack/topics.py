"""What the node sends by mail: warnings of the month's budget, and the ends of runs.

Amazon SNS sends a message to the addresses that have confirmed, by a link in a mail of AWS's, that
they want it. Both topics are encrypted. AWS's own key for topics lets in whoever in the account may
publish (AWS KMS Developer Guide, "AWS managed keys",
https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk); alarms and
budgets of AWS could not use it, and neither publishes here. Who publishes to a topic with a key of
one's own needs rights on that key ("Managing Amazon SNS encryption keys and costs",
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html).
"""

from __future__ import annotations

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    has_key,
    tags,
)

_KEY_OF_AWS = "alias/aws/sns"


def topics(spec: NodeSpec) -> Resources:
    """The topics of a node."""
    return {**_budget(spec), **_mail(spec)}


def _budget(spec: NodeSpec) -> Resources:
    """The topic that the node tells before the month's budget is used up, and who hears it.

    Encrypted with AWS's own key for topics: what is sent is a sum of money and the node's id, and
    is kept until it is delivered.
    """
    if not spec.settings.monthly_budget:
        return {}
    email = spec.settings.budget_email
    subscribed = {"Subscription": [{"Protocol": "email", "Endpoint": email}]} if email else {}
    return {"BudgetTopic": _topic(spec, spec.names.budget_topic, _KEY_OF_AWS, **subscribed)}


def _mail(spec: NodeSpec) -> Resources:
    """The topic of the ends of runs. The node itself adds the addresses that people name.

    It comes with the functions, which alone use it. What is sent names runs, so it has the node's
    key where there is one.
    """
    if spec.code is None:
        return {}
    key = attribute("Key", "Arn") if has_key(spec) else _KEY_OF_AWS
    return {"MailTopic": _topic(spec, spec.names.mail_topic, key)}


def _topic(spec: NodeSpec, name: str, key: object, **more: object) -> Resource:
    properties = {"TopicName": name, "KmsMasterKeyId": key, **more, "Tags": tags(spec)}
    return {"Type": "AWS::SNS::Topic", "Properties": properties}
