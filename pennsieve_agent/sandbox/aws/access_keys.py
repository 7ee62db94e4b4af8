"""Access keys of the emulated AWS for people other than its owner, of this and other accounts.

Each has a profile in the sandbox's own AWS files, so that ``AWS_PROFILE=NAME`` is that person.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.sandbox.host.private_files import write_private
from pennsieve_agent.sandbox.host.store import Store

REGION = "us-east-1"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ACCOUNT = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class AwsPerson:
    """A user of an AWS account, with an access key. No policies are checked for such a user."""

    name: str
    account: str
    key: str
    secret: str = field(repr=False)


class AwsPeople:
    """The AWS users, in the sandbox's database, where a running sandbox sees new ones at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[AwsPerson]:
        """Everybody."""
        row = self._store.row("SELECT value FROM settings WHERE name = 'aws_people'")
        return [AwsPerson(**fields) for fields in json.loads(row["value"])] if row else []

    def find(self, key: str) -> AwsPerson | None:
        """The user who has an access key; None if nobody has it."""
        return next((person for person in self.all() if person.key == key), None)

    def add(self, name: str, account: str) -> AwsPerson:
        """Add a user of an account; an account exists as soon as it has a user.

        Raises:
            UsageProblem: the name or the number is none, or the name is taken.

        """
        if not _NAME.fullmatch(name) or name == "default":
            raise UsageProblem(
                f"'{name}' is not a name for an AWS profile", hint="use letters, digits, _ . and -"
            )
        if not _ACCOUNT.fullmatch(account):
            raise UsageProblem(f"'{account}' is not an AWS account", hint="it has twelve digits")
        new = AwsPerson(name, account, *new_key())
        with self._store.transaction():
            known = self.all()
            if any(person.name == name for person in known):
                raise UsageProblem(f"there is an AWS profile '{name}' already")
            rows = [asdict(person) for person in (*known, new)]
            self._store.execute(
                "INSERT OR REPLACE INTO settings VALUES ('aws_people', ?)", (json.dumps(rows),)
            )
        return new


def owner_key(store: Store) -> tuple[str, str]:
    """The id and the secret of the access key of the sandbox's owner."""
    store.execute("INSERT OR IGNORE INTO settings VALUES ('aws_key', ?)", (" ".join(new_key()),))
    row = store.row("SELECT value FROM settings WHERE name = 'aws_key'")
    key_id, secret = (row["value"] if row else "").split(" ")
    return key_id, secret


def write_settings(store: Store, data: Path, endpoint: str) -> tuple[str, str]:
    """Write the files that make plain boto3 use the emulated AWS; answers the owner's key."""
    key_id, secret = owner_key(store)
    folder = data / "aws"
    folder.mkdir(mode=0o700, exist_ok=True)
    config, credentials = [], []
    keys = [
        ("default", key_id, secret),
        *((p.name, p.key, p.secret) for p in AwsPeople(store).all()),
    ]
    for name, key, word in keys:
        section = name if name == "default" else f"profile {name}"
        config.append(f"[{section}]\nregion = {REGION}\noutput = json\nendpoint_url = {endpoint}\n")
        credentials.append(f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {word}\n")
    write_private(folder / "config", "\n".join(config))
    write_private(folder / "credentials", "\n".join(credentials))
    return key_id, secret


def new_key() -> tuple[str, str]:
    """A random access key in the form of those of AWS."""
    letters = string.ascii_uppercase + "234567"
    key_id = "AKIA" + "".join(secrets.choice(letters) for _ in range(16))
    return key_id, secrets.token_urlsafe(30)
