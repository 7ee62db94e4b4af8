"""What can go wrong, and the exit code it ends with.

::

    AgentError(message, where, hint)         1  failed
    ├── UsageProblem                         2  a flag, a name or a file is wrong
    ├── NotSignedIn                          4  sign in first, or the key was refused
    ├── PlatformError                        1  Pennsieve said no, or gave no usable answer
    │   ├── NotFound
    │   ├── Conflict
    │   ├── Invalid
    │   ├── Forbidden                        4  signed in, but not allowed
    │   ├── RateLimited                         after all retries
    │   └── Unreachable                         no answer at all
    ├── AwsError                             1  AWS said no (service, operation, code kept)
    │   └── NotPermitted                     4  names the missing action
    ├── RegistryError                        1  an image registry refused, or gave something else
    ├── NodeError                            1  a compute node of the user's own could not do it
    │   ├── NodeOlder                           it is older than this program
    │   ├── NodeNewer                           this program is older than it
    │   └── NodeUnreachable                     it is gone, or too busy
    ├── SourceError                          2  a repository or its manifest is unusable
    ├── EngineError                          1  a container engine or a process could not be used
    ├── SettingsError                        1  a local file or the keychain is unusable
    ├── RunFailed                            3  the run ended FAILED or CANCELED
    └── StillRunning                         8  a wait ended before the run did; nothing failed

An error says three things: what happened (one sentence, no full stop), where (a URL, a file, an
ARN), and what to type next. None of them may hold a secret. Everything below the command line
raises; only :mod:`pennsieve_agent.cli.boundary` turns an error into text and an exit code.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How the program ends. Documented in the README; scripts rely on it."""

    OK = 0
    FAILED = 1
    USAGE = 2
    RUN_FAILED = 3
    NOT_ALLOWED = 4
    STILL_RUNNING = 8
    INTERRUPTED = 130


class AgentError(Exception):
    """Something went wrong in a way the user can understand.

    ``message`` is one sentence without a full stop, ``where`` names the thing it happened to,
    ``hint`` is what to type or do next.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    @property
    def code(self) -> str:
        """A stable name for scripts, e.g. ``not_signed_in``."""
        name = type(self).__name__
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class UsageProblem(AgentError):
    """What was typed cannot be done: a flag, a name, a pattern or a file is wrong."""

    exit_code = ExitCode.USAGE


class NotSignedIn(AgentError):
    """No usable key, or Pennsieve refused it."""

    exit_code = ExitCode.NOT_ALLOWED


class PlatformError(AgentError):
    """Pennsieve refused a request or answered something unusable. ``status`` is the HTTP status."""

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status


class NotFound(PlatformError):
    """The platform does not know it, or hides it from this user."""


class Conflict(PlatformError):
    """It exists already, or its state does not allow this."""


class Invalid(PlatformError):
    """The platform rejected the request's content."""


class Forbidden(PlatformError):
    """Signed in, but not allowed."""

    exit_code = ExitCode.NOT_ALLOWED


class RateLimited(PlatformError):
    """The platform asked us to slow down, and went on asking after every retry."""


class Unreachable(PlatformError):
    """No answer: no network, wrong host, or the server went away."""


class AwsError(AgentError):
    """AWS refused an operation. ``service``, ``operation`` and ``aws_code`` name it."""

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        aws_code: str | None = None,
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.aws_code = aws_code


class NotPermitted(AwsError):
    """The AWS identity lacks an action; the message names it."""

    exit_code = ExitCode.NOT_ALLOWED


class RegistryError(AgentError):
    """A registry of images refused, or what it gave is not what its digest says."""


class NodeError(AgentError):
    """A compute node in an AWS account of the user's own could not do what was asked."""


class NodeOlder(NodeError):
    """The node does not know what this program asks."""


class NodeNewer(NodeError):
    """The node no longer knows what this program asks."""


class NodeUnreachable(NodeError):
    """The node is gone, too busy, or cannot reach what it needs."""


class SourceError(AgentError):
    """A repository, a tag, a Dockerfile or a manifest cannot be used."""

    exit_code = ExitCode.USAGE


class EngineError(AgentError):
    """A container engine or a process cannot be used."""


class SettingsError(AgentError):
    """A local file or the keychain cannot be used."""


class RunFailed(AgentError):
    """The run itself failed or was cancelled."""

    exit_code = ExitCode.RUN_FAILED


class StillRunning(AgentError):
    """The wait ended before the run did; nothing failed."""

    exit_code = ExitCode.STILL_RUNNING
