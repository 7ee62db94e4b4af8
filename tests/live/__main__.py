"""What no machine without accounts can try: this program against Pennsieve and AWS as they are.

    python -m tests.live                        # both parts, asking before it spends
    python -m tests.live --parts integration    # no AWS account needed, costs nothing

Typed in the folder of the project, after ``pip install .``. It uses the profile that ``pennsieve``
uses (``pennsieve login`` makes one), and for the journey the AWS credentials that ``pennsieve
compute register`` would take. Everything that it makes has a name that begins with ``live-`` and is
removed in the end, also after a failure or Ctrl-C. It takes about ten minutes and costs less than 1
USD: a network, a file system and a bucket for that time, and one short run. Exit code 0: all
worked; 1: something did not; 2: it could not begin.

``integration`` is the proof that a workflow's own identity works: an integration is made, its key
signs in, reaches the dataset after it was enabled there and not before, uploads and downloads a
file, and is refused after it was taken off and deleted. ``journey`` types the six lines of the
README.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from pennsieve_agent.domain.profile import Profile
from pennsieve_agent.platform.http.raw import RawClient
from pennsieve_agent.settings.keychain import SystemKeychain
from pennsieve_agent.settings.locations import config_path
from pennsieve_agent.settings.profiles import Settings
from tests.live.integration import integration
from tests.live.journey import journey
from tests.live.steps import Report, StepError, complain, enter, say

PARTS = ("integration", "journey")


def main() -> int:
    """Read what was typed, ask, do the parts, and say what worked."""
    asked = _arguments()
    report, tag = Report(), secrets.token_hex(3)
    settings = Settings(config_path(os.environ, Path.home()), os.environ, SystemKeychain())
    profile = settings.unlocked(settings.profile(None))
    if profile.key is None:
        complain("there is no key: sign in with: pennsieve login")
        return 2
    if not _agreed(asked.parts, profile, yes=asked.yes):
        complain("nothing was done")
        return 2
    with RawClient() as client, contextlib.suppress(StepError):
        if "integration" in asked.parts:
            key = profile.key
            me = report.step("the profile signs in", lambda: enter(client, profile, key))
            integration(report, me, tag)
    with contextlib.suppress(StepError):
        if "journey" in asked.parts:
            journey(report, tag, asked.repository, _aws_words(asked))
    say(f"{report.worked} steps worked, {len(report.problems)} did not")
    for problem in report.problems:
        say(f"  did not: {problem}")
    return 1 if report.problems else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--parts", default=",".join(PARTS), help="integration, journey or both")
    parser.add_argument("--repository", default="", help="code to run, with a version tag")
    parser.add_argument("--region", default="", help="the AWS region of the journey")
    parser.add_argument("--aws-profile", default="", help="the AWS profile of the journey")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    asked = parser.parse_args()
    asked.parts = tuple(part.strip() for part in asked.parts.split(","))
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return asked


def _aws_words(asked: argparse.Namespace) -> tuple[str, ...]:
    given: Mapping[str, str] = {"--region": asked.region, "--aws-profile": asked.aws_profile}
    return tuple(word for name, value in given.items() if value for word in (name, value))


def _agreed(parts: tuple[str, ...], profile: Profile, *, yes: bool) -> bool:
    say(f"Pennsieve at {profile.hosts.api}, with profile '{profile.name}'")
    if "integration" in parts:
        say("integration: makes a dataset and an integration, and deletes both; costs nothing")
    if "journey" in parts:
        say(
            "journey: makes a stack in your AWS account, runs one job and removes all of it;"
            " costs less than 1 USD"
        )
    if yes:
        return True
    if not sys.stdin.isatty():
        complain("there is no terminal to ask on: say --yes")
        return False
    return input("Go on? Type yes: ").strip() == "yes"


if __name__ == "__main__":
    sys.exit(main())
