"""What a command may ask for; each thing is made on first use.

A bad flag therefore opens nothing, and ``--help`` costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pennsieve_agent.cli.interruption import Interruption
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.errors import AgentError, NotSignedIn

if TYPE_CHECKING:
    from pennsieve_agent.aws.session import Aws
    from pennsieve_agent.cli.aws_choice import Credentials
    from pennsieve_agent.cli.compute.node_calls import LazyNode
    from pennsieve_agent.domain.node_calls import NodeAdmin, NodeCalls
    from pennsieve_agent.domain.own_node import Claimed, OwnNode
    from pennsieve_agent.domain.profile import Identity, Profile, User
    from pennsieve_agent.domain.sign_in import KeptTokens
    from pennsieve_agent.domain.tickets import Tickets
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.settings.aws_keychain import AwsKeyring
    from pennsieve_agent.settings.keychain import Keychain
    from pennsieve_agent.settings.profiles import Settings
    from pennsieve_agent.transfer.sender import Sender


class Context:
    """Streams, clock, settings and clients of one command."""

    def __init__(
        self,
        streams: Streams,
        environ: Mapping[str, str],
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.streams = streams
        self.environ = environ
        self.now = now
        self.sleep = sleep
        self.profile_name: str | None = None
        self.as_json = False
        self.interruption = Interruption()
        self._open = ExitStack()
        self._nodes: dict[str, LazyNode] = {}

    def __enter__(self) -> Self:
        """Begin a command."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close what the command opened."""
        self._open.close()

    @property
    def relative(self) -> bool:
        """Whether times are shown as "3 minutes ago"."""
        return self.streams.out_is_terminal

    @property
    def home(self) -> Path:
        """The user's home."""
        return Path(self.environ.get("HOME") or Path.home())

    @property
    def config_path(self) -> Path:
        """The settings file; what this program keeps lies beside it."""
        from pennsieve_agent.settings.locations import config_path

        return config_path(self.environ, self.home)

    @cached_property
    def settings(self) -> Settings:
        """Profiles and the keychain."""
        from pennsieve_agent.settings.profiles import Settings

        return Settings(self.config_path, self.environ, self._keychain())

    @cached_property
    def profile(self) -> Profile:
        """The profile in use; the keychain is not asked for its secret.

        Raises:
            UsageProblem: no such profile.
        """
        return self.settings.profile(self.profile_name)

    @property
    def uses_pennsieve(self) -> bool:
        """Whether the command has signed in to Pennsieve so far."""
        return "platform" in self.__dict__

    @cached_property
    def platform(self) -> Platform:
        """Pennsieve, signed in on first use.

        Raises:
            NotSignedIn: there is no key.
            SettingsError: the keychain that has its secret gives no answer.
        """
        profile = self.settings.unlocked(self.profile)
        if profile.key is None:
            raise NotSignedIn(
                f"profile '{profile.name}' has no key" if profile.name else "not signed in",
                hint=f"sign in with: pennsieve login{_or_try()}",
            )
        return self._connected(profile, self._kept_session(profile))

    def connect(self, profile: Profile) -> Platform:
        """Pennsieve as seen by a profile that has a key, which is checked by signing in anew."""
        return self._connected(profile, None)

    def _connected(self, profile: Profile, kept: KeptTokens | None) -> Platform:
        """Pennsieve, closed when the command ends; ``kept`` may spare the sign-in."""
        from pennsieve_agent.platform.client import Platform

        if profile.key is None:
            raise NotSignedIn("not signed in", hint="sign in with: pennsieve login")
        return self._open.enter_context(
            Platform(
                profile.hosts,
                profile.key,
                now=self.now,
                sleep=self.sleep,
                note=self.streams.note,
                changing=self.interruption.changing,
                kept=kept,
            )
        )

    def _kept_session(self, profile: Profile) -> KeptTokens | None:
        """Where the sign-in is kept; nowhere for a key that only the environment has."""
        from pennsieve_agent.settings.kept_session import KeptSession
        from pennsieve_agent.settings.profile_sections import ENVIRONMENT

        keychain = None if profile.name == ENVIRONMENT else self._spare_keychain(profile)
        return None if keychain is None else KeptSession(keychain, profile)

    def _spare_keychain(self, profile: Profile) -> Keychain | None:
        """The keychain for what only spares a question; None where it would take longer."""
        from pennsieve_agent.settings.patient_keychain import spares_time

        near = profile.hosts.near
        return self._patient_keychain if spares_time(self.environ, near=near) else None

    @cached_property
    def _patient_keychain(self) -> Keychain:
        from pennsieve_agent.settings.patient_keychain import PATIENCE_SECONDS

        return self._keychain(seconds=PATIENCE_SECONDS)

    def _keychain(self, service: str = "", seconds: float = 0.0) -> Keychain:
        """The system's keychain, waited for so long; else as long as for a secret it must have."""
        from pennsieve_agent.settings.keychain import SERVICE, SystemKeychain
        from pennsieve_agent.settings.patient_keychain import NEEDED_SECONDS, PatientKeychain

        keychain = SystemKeychain(service or SERVICE)
        return PatientKeychain(keychain, seconds or NEEDED_SECONDS, note=self.streams.note)

    @cached_property
    def tickets(self) -> Tickets:
        """The tickets of own nodes."""
        from pennsieve_agent.domain.tickets import MemoryTickets
        from pennsieve_agent.settings.node_tickets import KeychainTickets

        keychain = self._spare_keychain(self.profile)
        return MemoryTickets() if keychain is None else KeychainTickets(keychain)

    @cached_property
    def sender(self) -> Sender:
        """Connections to storage, without anybody's token; closed when the command ends."""
        from pennsieve_agent.platform.http.transport import trusted
        from pennsieve_agent.transfer.network import network
        from pennsieve_agent.transfer.sender import Sender

        return self._open.enter_context(Sender(network(self.environ, trusted)))

    def aws(self, region: str | None, profile: str | None) -> Aws:
        """The AWS account of the profile in use; closed when the command ends.

        Where several credentials are there and nobody said which, it asks.

        Raises:
            UsageProblem: it cannot ask, and AWS's tools would take none of them either.
        """
        from pennsieve_agent.aws.session import Aws
        from pennsieve_agent.cli.aws_choice import chosen

        choice = None if profile is not None else chosen(self.aws_credentials, self.streams)
        return self._open.enter_context(
            Aws(
                self.profile.aws,
                region,
                profile or (choice.name if choice else None) or None,
                self.aws_keyring.find,
                choice.provider if choice else "",
                can_ask=self.streams.can_ask,
                changing=self.interruption.changing,
            )
        )

    @property
    def aws_credentials(self) -> Credentials:
        """Where AWS credentials are looked for on this machine."""
        from pennsieve_agent.cli.aws_choice import Credentials
        from pennsieve_agent.settings.aws_keychain import AwsKeyring
        from pennsieve_agent.settings.patient_keychain import SILENT_SECONDS

        keyring = AwsKeyring(self._keychain(seconds=SILENT_SECONDS))
        return Credentials(self.profile.aws, keyring, self.environ)

    @cached_property
    def own_nodes(self) -> list[OwnNode]:
        """The own nodes that this machine remembers for the profile in use; AWS is not asked."""
        from pennsieve_agent.settings.own_nodes_file import OwnNodes

        return OwnNodes.beside(self.config_path).list(self.profile.name)

    def node_calls(self, node: OwnNode) -> NodeCalls:
        """An own node, called with AWS credentials; nothing is opened before the first call."""
        return self._lazy(node)

    def _lazy(self, node: OwnNode) -> LazyNode:
        from pennsieve_agent.cli.compute.node_calls import LazyNode

        return self._nodes.setdefault(
            node.token, LazyNode(node, self._open_node, self.interruption.changing)
        )

    def _open_node(self, node: OwnNode) -> NodeCalls:
        return self.calls_with(self.aws(node.region, node.aws_profile or None))(node)

    def calls_with(self, aws: Aws, *, claims: bool = True) -> Callable[[OwnNode], NodeCalls]:
        """What calls own nodes with these AWS credentials; ``claims``: and says who the user is."""
        from pennsieve_agent.aws.node_client import NodeClient
        from pennsieve_agent.domain.own_node import Claimed

        tickets = self.tickets
        return lambda node: NodeClient(
            node, aws, tickets, self.claimed if claims else Claimed(), self.now, self.sleep
        )

    @property
    def claimed(self) -> Claimed:
        """Who the user says he is, to own nodes; nobody, while Pennsieve cannot say it."""
        from pennsieve_agent.domain.own_node import Claimed

        try:
            user = self.user
        except AgentError:
            return Claimed()
        return Claimed(user.name, user.email)

    @cached_property
    def aws_keyring(self) -> AwsKeyring:
        """AWS keys in the system's keychain."""
        from pennsieve_agent.settings.aws_keychain import AwsKeyring

        return AwsKeyring(self._keychain())

    @cached_property
    def admin_nodes(self) -> list[NodeAdmin]:
        """The compute nodes of the user's own in this workspace, as their owner asks them."""
        here = {"", self.workspace_id}
        return [
            self._lazy(node)
            for node in self.own_nodes
            if node.is_owned and node.organization_id in here
        ]

    @cached_property
    def workflow_keychain(self) -> Keychain:
        """Where the keys of workflows' own users are."""
        from pennsieve_agent.settings.workflow_keys import SERVICE

        return self._keychain(SERVICE)

    @cached_property
    def workspace_id(self) -> str:
        """The node id of the key's workspace; cheaper than asking who is signed in."""
        return self.platform.workspace_id()

    @cached_property
    def user(self) -> User:
        """Who is signed in; cheaper than his workspace's name, too."""
        return self.platform.user()

    @cached_property
    def identity(self) -> Identity:
        """Who is signed in."""
        return self.platform.identity()


def _or_try() -> str:
    """What else somebody without a key can do, if that is installed."""
    from pennsieve_agent.cli.extras import sandbox_is_installed

    return " (or try: pennsieve sandbox start --detach)" if sandbox_is_installed() else ""
