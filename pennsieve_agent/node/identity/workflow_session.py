"""Sessions of a workflow's own users on Pennsieve (:mod:`.workflow_credentials`).

A session lasts an hour. One function opens it at a time, all functions of the node use it, and it
is opened anew before it ends: 200 steps sign in once an hour.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.node.identity import parameter_store
from pennsieve_agent.node.identity.pennsieve_api import Down
from pennsieve_agent.node.identity.sign_in import KeyRefused, Session, sign_in
from pennsieve_agent.node.identity.workflow_credentials import Kind, digest, facts, path
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.table import REFUSED, Items, expiry, key

MARGIN_SECONDS = 300.0
"""A session is opened anew this long before it ends."""
FRESH_SECONDS = 300.0
"""How old a session may be that steps are started with."""
LEASE_SECONDS = 60.0
"""How long one function may take to sign in before another tries."""
LEASE_TRIES = 90
_DAY = 86_400.0


class NoKey(Exception):  # noqa: N818 - a verdict, told to people as it is
    """The workflow cannot sign in; the text says why, and what to type."""


@dataclass(frozen=True, slots=True)
class Signed:
    """One of a workflow's two users, as the node signs it in.

    ``name`` is what the workflow is called, for the sentence that says what to type.
    """

    node: Node
    workflow: str
    kind: Kind
    name: str = ""
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)

    def token(self) -> str:
        """An access token that is good for some minutes at least.

        Raises:
            NoKey: there is no key here, or Pennsieve refuses it.
            Down: Pennsieve does not answer now.

        """
        known = self.node.memory.get(self._place)
        if isinstance(known, Session) and self._lasts(known):
            return known.token
        return self._session(self._lasts).token

    def renewed(self, refused: str) -> str:
        """A token in place of one that was refused; another function may have opened it already.

        Raises:
            NoKey, Down: as for :meth:`token`.

        """
        return self._session(lambda s: s.token != refused and self._lasts(s)).token

    def freshen(self) -> None:
        """Make the kept session one that has almost its whole hour, for steps that start now.

        Raises:
            NoKey, Down: as for :meth:`token`.

        """
        known = self.node.memory.get(self._place)
        if not isinstance(known, Session) or not self._is_fresh(known):
            self._session(self._is_fresh)

    def _is_fresh(self, session: Session) -> bool:
        return self.node.now() - session.began < FRESH_SECONDS

    def _lasts(self, session: Session) -> bool:
        left = session.until - self.node.now()
        # A session that lives only for minutes is used for three quarters of them.
        return left > min(MARGIN_SECONDS, (session.until - session.began) / 4)

    def _session(self, fits: Callable[[Session], bool]) -> Session:
        for attempt in range(LEASE_TRIES):
            if attempt:
                self.node.sleep(1.0)
            session = self._kept()
            if session is None or not fits(session):
                session = self._alone(fits)
            if session is not None:
                self.node.memory[self._place] = session
                return session
        raise Down("another function of the node has been signing in for too long")

    def _kept(self) -> Session | None:
        """The session that was opened last with the key that is here now."""
        row = self._facts()
        item = Items(self.node).get(self._place, "STATE")
        if item is None or item["key"]["S"] != row["digests"][0]:
            return None
        token = parameter_store.read(self.node, f"{self._path}-session")
        # The parameter and the item are two writes: one alone may be of another sign-in.
        if not token or digest(token) != item["digest"]["S"]:
            return None
        return Session(token, float(item["began"]["N"]), float(item["until"]["N"]))

    def _alone(self, fits: Callable[[Session], bool]) -> Session | None:
        """A new session, or one that was opened just now; None while another function is at it."""
        if not self._take():
            return None
        try:
            # Once more: another function may have signed in just before the lease was free.
            session = self._kept()
            if session is None or not fits(session):
                session = self._open()
        finally:
            Items(self.node).delete(self._place, "LEASE")
        return session

    def _open(self) -> Session:
        text = parameter_store.read(self.node, self._path)
        if not text:
            raise NoKey(self._words("has no key on this compute node"))
        keys = json.loads(text)
        try:
            session = sign_in(self.node, keys["key"], keys["secret"])
        except KeyRefused:
            words = "can no longer sign in: its key was deleted on Pennsieve"
            raise NoKey(self._words(words)) from None
        parameter_store.write(self.node, f"{self._path}-session", session.token)
        state = {
            "key": {"S": digest(keys["key"])},
            "digest": {"S": digest(session.token)},
            "began": {"N": str(session.began)},
            "until": {"N": str(session.until)},
            **expiry(session.until + _DAY),
        }
        Items(self.node).put(self._place, "STATE", state)
        return session

    def _take(self) -> bool:
        """Whether this function is the one that signs in now."""
        now = self.node.now()
        owned = {"owner": {"S": self.owner}, "until": {"N": str(now + LEASE_SECONDS)}}
        try:
            self.node.client("dynamodb").put_item(
                TableName=self.node.settings.table,
                Item={**key(self._place, "LEASE"), **owned, **expiry(now + _DAY)},
                ConditionExpression="attribute_not_exists(pk) OR #o = :o OR #u < :now",
                ExpressionAttributeNames={"#o": "owner", "#u": "until"},
                ExpressionAttributeValues={":o": {"S": self.owner}, ":now": {"N": str(now)}},
            )
        except Exception as error:
            if aws_code(error) != REFUSED:
                raise
            return False
        return True

    def _facts(self) -> Mapping[str, Any]:
        row = facts(self.node, self.workflow, self.kind)
        if row is None:
            raise NoKey(self._words("has no key on this compute node"))
        return row

    def _words(self, what: str) -> str:
        name = self.name or self.workflow
        return (
            f"workflow '{name}' {what}; renew it with: "
            f"pennsieve workflow update '{name}' --renew-identity"
        )

    @property
    def _place(self) -> str:
        return f"SESSION#{self.workflow}#{self.kind}"

    @property
    def _path(self) -> str:
        return path(self.node.settings.token, self.workflow, self.kind)
