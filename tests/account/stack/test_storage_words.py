"""What a node stores is said before it is made: with which key, for how long, at which price."""

from __future__ import annotations

import pytest

from pennsieve_agent.account.spec.node_spec import Mode
from pennsieve_agent.account.stack.storage_words import storage_words
from pennsieve_agent.account.stack.template import node_template
from tests.account.stack.specs import node
from tests.account.stack.test_key_table import TYPES

SAID = {
    "AWS::DynamoDB::Table": "journal",
    "AWS::S3::Bucket": "bucket",
    "AWS::ECR::Repository": "images",
    "AWS::S3Files::FileSystem": "files",
    "AWS::Logs::LogGroup": "logs",
    "AWS::SNS::Topic": "mails",
    "AWS::SQS::Queue": "events that failed",
}


@pytest.mark.parametrize("mode", [Mode.SECURE, Mode.COMPLIANT])
def test_what_the_key_encrypts_is_named_and_so_is_what_it_does_not(mode: Mode) -> None:
    covered, rest, *_ = storage_words(node(mode))
    assert covered.startswith("A key of your own encrypts what is stored: ")
    stored = TYPES.keys() - {"AWS::KMS::Alias", "AWS::Lambda::Function", "AWS::IAM::Role"}
    assert SAID.keys() == stored
    for word in (*SAID.values(), "secrets", "parameters"):
        assert word in covered, word
    for word in ("disks", "Lambda's copy", "definitions", "template and tags"):
        assert word in rest, word


def test_a_basic_node_has_awss_own_keys() -> None:
    assert storage_words(node())[0] == "Everything that is stored is encrypted with AWS's own keys"
    assert not any("key of your own" in words for words in storage_words(node()))


def test_how_long_things_are_kept_is_what_the_template_says() -> None:
    resources = node_template(node(Mode.SECURE))["Resources"]
    words = " ".join(storage_words(node(Mode.SECURE)))
    rules = resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (logs,) = (rule for rule in rules if rule.get("Prefix") == "logs/")
    groups = {
        body["Properties"]["RetentionInDays"]
        for body in resources.values()
        if body["Type"] == "AWS::Logs::LogGroup"
    }
    # Kept logs expire as the logs do: a deleted version of them stays a day, not a month.
    assert groups == {logs["ExpirationInDays"]}
    assert logs["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert logs["Status"] == "Enabled"
    assert f"Logs are deleted after {logs['ExpirationInDays']} days" in words
    days = resources["Key"]["Properties"]["PendingWindowInDays"]
    assert f"nobody can read it after {days} days" in words
    assert "any second of the last 35 days" in words


def test_what_costs_money_a_month_is_said() -> None:
    (basic,), (secure,) = (
        [words for words in storage_words(node(mode)) if words.startswith("A GB costs a month")]
        for mode in (Mode.BASIC, Mode.SECURE)
    )
    assert "journal 0.25 and its copies 0.20 USD; secrets cost nothing" in basic
    assert secure == f"{basic}, each use of the key 0.000003 USD"
