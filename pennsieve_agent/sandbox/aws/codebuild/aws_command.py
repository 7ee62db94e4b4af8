"""The AWS CLI in the machine of a build: what a node's buildspec asks of it, and no more.

``aws s3 cp [--only-show-errors] s3://BUCKET/KEY FILE`` and ``aws ecr get-authorization-token
--output text --query 'authorizationData[0].[NAME,NAME]'``, with the words and exit codes of the AWS
CLI (https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-returncodes.html).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import Any

REFUSED, WRONG = 254, 252
_LOGIN = re.compile(r"authorizationData\[0\]\.\[([\w, ]+)\]")


def main(words: Sequence[str]) -> int:
    """Do what was typed; answers the exit code."""
    import boto3  # noqa: PLC0415 - slow
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow

    try:
        session = boto3.session.Session(region_name=os.environ.get("AWS_REGION"))
        match [word for word in words if word != "--only-show-errors"]:
            case ["s3", "cp", source, target] if source.startswith("s3://"):
                return _fetch(session, source, target)
            case ["ecr", "get-authorization-token", "--output", "text", "--query", query] if (
                members := _LOGIN.fullmatch(query)
            ):
                (login,) = session.client("ecr").get_authorization_token()["authorizationData"]
                words_of = (str(login[name.strip()]) for name in members[1].split(","))
                sys.stdout.write("\t".join(words_of) + "\n")
                return 0
            case _:
                _say(f"aws: error: a machine of a build here does not know: aws {' '.join(words)}")
                return WRONG
    except (BotoCoreError, ClientError) as error:
        _say(f"\n{error}")
        return REFUSED


def _fetch(session: Any, source: str, target: str) -> int:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - slow

    bucket, _, key = source.removeprefix("s3://").partition("/")
    try:
        session.client("s3").download_file(bucket, key, target)
    except ClientError as error:
        _say(f"fatal error: {error}")
        return 1
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
