"""Profiles: the user, the workspace, the addresses and the key of a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pennsieve_agent.domain.loopback import is_loopback

API_HOST = "https://api.pennsieve.io"
API2_HOST = "https://api2.pennsieve.io"
_UPLOAD_BUCKETS = {
    API_HOST: "pennsieve-prod-uploads-v2-use1",
    "https://api.pennsieve.net": "pennsieve-dev-uploads-v2-use1",
}


@dataclass(frozen=True, slots=True)
class Hosts:
    """The addresses a profile talks to (``contracts/core.md`` section 0).

    ``cognito`` overrides the sign-in address, which the platform's own configuration never names
    (``contracts/core.md`` 1.10): without it, AWS's regional address is used.
    """

    api: str = API_HOST
    api2: str = API2_HOST
    cognito: str | None = None

    @property
    def hosted(self) -> bool:
        """Whether this is Pennsieve itself, not a sandbox or a development copy."""
        return self.api == API_HOST

    @property
    def near(self) -> bool:
        """Whether this is on this machine, as a sandbox is."""
        return is_loopback(self.api)

    @property
    def upload_bucket(self) -> str:
        """The bucket of uploads (``contracts/core.md`` section 0); empty where it is not known."""
        return _UPLOAD_BUCKETS.get(self.api, "")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A Pennsieve API key: bound to one user and one workspace (``contracts/core.md`` 1.1)."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """How to find the AWS account of a profile; everything unset means boto3's own search."""

    profile: str | None = None
    region: str | None = None
    endpoint: str | None = None
    config_file: Path | None = None
    credentials_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One entry of the settings: a workspace, as a key is bound to exactly one.

    ``key_source`` says in words where the key came from ("the environment", "the keychain",
    "config.ini"), or is empty when there is none. ``locked_key`` is the id of a key whose secret is
    in the keychain and has not been asked for: most of what is asked of a profile needs no secret.
    """

    name: str
    hosts: Hosts = Hosts()
    key: ApiKey | None = None
    key_source: str = ""
    aws: AwsSettings = AwsSettings()
    locked_key: str = ""

    @property
    def key_id(self) -> str:
        """The id of its key, which is public; empty when there is none."""
        return self.key.key if self.key else self.locked_key


@dataclass(frozen=True, slots=True)
class User:
    """A person of the platform. ``id`` is the node id, ``N:user:<uuid>``.

    ``number`` is the same person's number, by which v1 says who made or enabled something.
    """

    id: str
    email: str
    name: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace ("organization" on the wire). ``id`` is ``N:organization:<uuid>``."""

    id: str
    name: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this session is. ``expires_at`` is the access token's end, in unix seconds."""

    user: User
    workspace: Workspace
    expires_at: float
