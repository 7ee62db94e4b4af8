"""People, workspaces and keys of a sandbox, changed from the command line.

Done directly in the sandbox's database, whether it runs or not: SQLite lets two processes write in
turn, and the running one keeps nothing about people in its memory for longer than a second.

A command has the database for itself from its first look to its last write, of its files too, so
that of two at once the second sees what the first made.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.sandbox.aws.access_keys import AwsPeople, AwsPerson, write_settings
from pennsieve_agent.sandbox.data.github import connection
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.tables import SCHEMA
from pennsieve_agent.sandbox.host import clock
from pennsieve_agent.sandbox.host.config_file import (
    PROFILE,
    key_is_valid,
    read_profiles,
    write_profiles,
)
from pennsieve_agent.sandbox.host.state import HOST
from pennsieve_agent.sandbox.host.store import Row, Store, unusable

DATABASE_FILE = "sandbox.db"
ROLES = {"guest": directory.GUEST, "member": directory.MEMBER, "admin": directory.ADMINISTRATOR}
_NAMES = {**{bit: name for name, bit in ROLES.items()}, directory.OWNER: "owner"}
_RESERVED = frozenset({"agent", "global", "migration", "default", "pennsieve", PROFILE})
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Membership:
    """A person in a workspace; ``role`` is owner, admin, member or guest."""

    email: str
    name: str
    role: str
    workspace: str


class Administration:
    """Adds people, workspaces and keys. Made by :func:`administration`."""

    def __init__(self, data: Path, store: Store) -> None:
        self._data = data
        self._store = store

    def memberships(self) -> list[Membership]:
        """Everybody in every workspace, but for the users of integrations."""
        return [
            Membership(
                row["email"],
                f"{row['first_name']} {row['last_name']}".strip(),
                _NAMES.get(row["role"], "member"),
                row["workspace"],
            )
            for row in self._store.rows(
                "SELECT u.*, m.role, w.name AS workspace FROM memberships m"
                " JOIN users u ON u.int_id = m.user_int_id"
                " JOIN workspaces w ON w.int_id = m.workspace_int_id"
                " WHERE NOT u.is_integration ORDER BY w.int_id, m.role DESC, u.int_id"
            )
        ]

    def workspaces(self) -> dict[str, int]:
        """The workspaces in the order in which they were added, and how many people are in each."""
        rows = self._store.rows("SELECT name FROM workspaces ORDER BY int_id")
        members = [member.workspace for member in self.memberships()]
        return {row["name"]: members.count(row["name"]) for row in rows}

    def add_aws_user(self, name: str, account: str) -> AwsPerson:
        """Add a user of an AWS account, and their profile to the sandbox's own AWS files.

        Raises:
            UsageProblem: the name or the account is none, the name is taken, or the sandbox was
                never started.

        """
        row = self._store.row("SELECT value FROM settings WHERE name = 'ports'")
        if row is None:
            raise UsageProblem(
                "there is no sandbox here yet", hint="start it with: pennsieve sandbox start"
            )
        person = AwsPeople(self._store).add(name, account)
        write_settings(self._store, self._data, f"http://{HOST}:{row['value'].split(' ')[-1]}")
        return person

    def add_workspace(self, name: str) -> None:
        """Make a workspace without members; the first person added to it owns it.

        Raises:
            UsageProblem: the name is empty or taken.

        """
        if not name.strip():
            raise UsageProblem("a workspace needs a name")
        if self._store.row("SELECT 1 FROM workspaces WHERE name = ?", (name.strip(),)):
            raise UsageProblem("there is a workspace of this name already", where=name)
        directory.add_workspace(self._store, name.strip(), clock.now())

    def add_user(
        self, email: str, *, name: str = "", role: str = "member", workspace: str | None = None
    ) -> Membership:
        """Add a person, or one who is there already to another workspace.

        Raises:
            UsageProblem: the address is none, the role or workspace is unknown, or the person is
                a member already.

        """
        if not _EMAIL.fullmatch(email):
            raise UsageProblem("this is not an e-mail address", where=email)
        if role not in ROLES:
            raise UsageProblem(f"there is no role '{role}'", hint=f"roles: {', '.join(ROLES)}")
        where = self._workspace(workspace)
        bit = ROLES[role] if self._has_owner(where) else directory.OWNER
        known = directory.by_email(self._store, email)
        if known is None:
            first, _, last = (name.strip() or email.partition("@")[0].title()).partition(" ")
            person = directory.Person(email, first, last.strip(), bit)
            directory.add_person(self._store, where["int_id"], person, clock.now())
        else:
            self._join(known, where, bit)
        self._store.execute(
            "DELETE FROM invites WHERE workspace_int_id = ? AND email = ? COLLATE NOCASE",
            (where["int_id"], email),
        )
        return next(
            membership
            for membership in self.memberships()
            if membership.email.lower() == email.lower() and membership.workspace == where["name"]
        )

    def make_key(
        self, email: str, *, profile: str | None = None, workspace: str | None = None
    ) -> tuple[str, Membership]:
        """Write a profile with an API key of a person; answers the profile's name and whose it is.

        A profile of this name with a key of the same person and workspace is kept unchanged.

        Raises:
            UsageProblem: there is no such person, they are not in this workspace, the profile's
                name cannot be used, or the sandbox was never started.

        """
        person = self._person(email)
        where = self._workspace_of(person, workspace)
        name = profile_name(email, profile)
        profiles = read_profiles(self._data)
        if name in profiles and key_is_valid(self._store, profiles[name]):
            self._refuse_another(profiles[name]["api_token"], person, where, name)
        else:
            new_key = directory.create_key(
                self._store, person["int_id"], where["int_id"], name, clock.now()
            )
            key = {"api_token": new_key.key, "api_secret": new_key.secret}
            write_profiles(self._data, {**profiles, name: {**profiles[PROFILE], **key}})
        here = (
            membership for membership in self.memberships() if membership.workspace == where["name"]
        )
        return name, next(membership for membership in here if membership.email == person["email"])

    def connect_github(self, email: str) -> None:
        """Connect a person with GitHub, as the web application does.

        Raises:
            UsageProblem: there is no such person.
        """
        connection.connect(self._store, self._person(email)["int_id"])

    def _join(self, known: Row, where: Row, bit: int) -> None:
        if self._is_in(known, where):
            raise UsageProblem(f"this person is in '{where['name']}' already", where=known["email"])
        directory.set_membership(self._store, known["int_id"], where["int_id"], bit)

    def _is_in(self, person: Row, where: Row) -> bool:
        row = self._store.row(
            "SELECT 1 FROM memberships WHERE user_int_id = ? AND workspace_int_id = ?",
            (person["int_id"], where["int_id"]),
        )
        return row is not None

    def _has_owner(self, where: Row) -> bool:
        row = self._store.row(
            "SELECT 1 FROM memberships WHERE workspace_int_id = ? AND role >= ?",
            (where["int_id"], directory.OWNER),
        )
        return row is not None

    def _person(self, email: str) -> Row:
        user = directory.by_email(self._store, email)
        if user is None:
            raise UsageProblem(
                "there is no such person in this sandbox",
                where=email,
                hint=f"add them with: pennsieve sandbox user add {email}",
            )
        return user

    def _workspace(self, name: str | None) -> Row:
        rows = self._store.rows("SELECT * FROM workspaces ORDER BY int_id")
        matching = [row for row in rows if name in (None, row["name"], row["slug"], row["node_id"])]
        if not matching:
            names = ", ".join(f"'{row['name']}'" for row in rows)
            raise UsageProblem(f"there is no workspace '{name}'", hint=f"workspaces: {names}")
        return matching[0]

    def _workspace_of(self, person: Row, name: str | None) -> Row:
        """The workspace a key is for: the named one, or the person's own first one."""
        if name is None:
            return self._store.row(
                "SELECT * FROM workspaces WHERE int_id = ?", (person["preferred_workspace"],)
            ) or self._workspace(None)
        where = self._workspace(name)
        if not self._is_in(person, where):
            raise UsageProblem(
                f"{person['email']} is not in '{where['name']}'",
                hint=f"add them with: pennsieve sandbox user add {person['email']}"
                f" --workspace '{where['name']}'",
            )
        return where

    def _refuse_another(self, key: str, person: Row, where: Row, profile: str) -> None:
        row = self._store.row("SELECT * FROM api_keys WHERE key = ?", (key,)) or {}
        if (row["user_int_id"], row["workspace_int_id"]) != (person["int_id"], where["int_id"]):
            raise UsageProblem(
                f"profile '{profile}' is somebody else's, or for another workspace",
                hint="choose another name with --as",
            )


@contextmanager
def administration(data: Path) -> Iterator[Administration]:
    """Open a sandbox's database to change its people, workspaces and keys.

    Raises:
        UsageProblem: no sandbox was ever started in this folder.
        SettingsError: the database cannot be used.

    """
    data = data.expanduser().absolute()
    if not (data / DATABASE_FILE).exists() or PROFILE not in read_profiles(data):
        raise UsageProblem(
            "there is no sandbox here yet",
            where=str(data),
            hint="start it with: pennsieve sandbox start --detach",
        )
    with closing(Store(data / DATABASE_FILE, [SCHEMA])) as store:
        try:
            with store.transaction():
                yield Administration(data, store)
        except sqlite3.Error as error:
            raise unusable(data / DATABASE_FILE, error) from error


def profile_name(email: str, name: str | None) -> str:
    """The name of a person's profile: the one that was chosen, or after the e-mail address.

    Raises:
        UsageProblem: it cannot be one.

    """
    name = name or re.sub(r"[^a-z0-9_-]+", "-", email.partition("@")[0])
    if not re.fullmatch(r"[a-z0-9_-]+", name) or name in _RESERVED:
        raise UsageProblem(
            f"'{name}' cannot be the name of a profile",
            hint="use small letters, digits, - and _ with --as",
        )
    return name
