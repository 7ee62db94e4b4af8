"""What can go wrong, and the exit code it ends with.

::

    class                                 code               exit code
    AgentError(message, where, hint)      failed             1
    ├── UsageProblem                      invalid_option     2  what was typed or a file is wrong
    │   ├── UnknownCommand                unknown_command    2
    │   ├── UnknownName                   not_found          2  nothing has that name or id
    │   └── Ambiguous                     ambiguous          2  several things could be meant
    ├── NotSignedIn                       not_signed_in      4  no key, or it was refused
    ├── PlatformError                     platform_failed    1  Pennsieve gave no usable answer
    │   ├── NotFound                      not_found          2
    │   ├── Conflict                      conflict           1  it exists, or is in another state
    │   ├── Invalid                       refused            1  Pennsieve rejected the content
    │   ├── Forbidden                     not_allowed        4  signed in, but not allowed
    │   ├── RateLimited                   rate_limited       1  after all retries
    │   └── Unreachable                   unreachable        1  no answer at all
    ├── AwsError                          aws_failed         1  AWS said no (AWS's own code is kept)
    │   └── NotPermitted                  not_allowed        4  names the missing action
    ├── RegistryError                     registry_failed    1  a registry of images refused
    ├── NodeError                         node_failed        1  a compute node failed
    │   ├── NodeOlder                     node_too_old       1  it is older than this program
    │   ├── NodeNewer                     program_too_old    1  this program is older than it
    │   └── NodeUnreachable               unreachable        1  it is gone, or too busy
    ├── SourceError                       invalid_source     2  a repository is unusable
    ├── EngineError                       engine_failed      1  no container engine or process
    ├── SettingsError                     settings_failed    1  a file or the keychain is unusable
    ├── OutputFailed                      output_failed      1  standard output cannot be written
    ├── RunFailed                         run_failed         3  the run ended FAILED or CANCELED
    ├── StillRunning                      still_running      8  a wait ended before the run did
    └── SeveralProblems                   of the gravest     .  several of these at once

Scripts rely on codes and exit codes: one code has one exit code, whatever raised it.
An error says three things: what happened (one sentence, no full stop), where (a URL, a file, an
ARN), and what to type next. None of them may hold a secret. Everything below the command line
raises; only :mod:`pennsieve_agent.cli.boundary` turns an error into text and an exit code.
"""

from __future__ import annotations

from collections.abc import Sequence
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

    code: str = "failed"
    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint


class UsageProblem(AgentError):
    """What was typed cannot be done: a flag, a name, a pattern or a file is wrong."""

    code = "invalid_option"
    exit_code = ExitCode.USAGE


class UnknownCommand(UsageProblem):
    """No command is called so."""

    code = "unknown_command"


class UnknownName(UsageProblem):
    """Nothing that this user can see has that name or id."""

    code = "not_found"


class Ambiguous(UsageProblem):
    """Several things could be meant; the message or the hint names them."""

    code = "ambiguous"


class NotSignedIn(AgentError):
    """No usable key, or Pennsieve refused it."""

    code = "not_signed_in"
    exit_code = ExitCode.NOT_ALLOWED


class PlatformError(AgentError):
    """Pennsieve refused a request or answered something unusable. ``status`` is the HTTP status.

    ``answer`` is all of an own node's refusal, which may list more than the message says.
    """

    code = "platform_failed"

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
        self.answer: dict[str, object] = {}


class NotFound(PlatformError):
    """The platform does not know it, or hides it from this user."""

    code = "not_found"
    exit_code = ExitCode.USAGE


class Conflict(PlatformError):
    """It exists already, or its state does not allow this."""

    code = "conflict"


class Invalid(PlatformError):
    """The platform rejected the request's content."""

    code = "refused"


class Forbidden(PlatformError):
    """Signed in, but not allowed."""

    code = "not_allowed"
    exit_code = ExitCode.NOT_ALLOWED


class RateLimited(PlatformError):
    """The platform asked us to slow down, and went on asking after every retry."""

    code = "rate_limited"


class Unreachable(PlatformError):
    """No answer: no network, wrong host, or the server went away."""

    code = "unreachable"


class AwsError(AgentError):
    """AWS refused an operation. ``service``, ``operation`` and ``aws_code`` name it."""

    code = "aws_failed"

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

    code = "not_allowed"
    exit_code = ExitCode.NOT_ALLOWED


class RegistryError(AgentError):
    """A registry of images refused, or what it gave is not what its digest says."""

    code = "registry_failed"


class NodeError(AgentError):
    """A compute node in an AWS account of the user's own could not do what was asked."""

    code = "node_failed"


class NodeOlder(NodeError):
    """The node does not know what this program asks."""

    code = "node_too_old"


class NodeNewer(NodeError):
    """The node no longer knows what this program asks."""

    code = "program_too_old"


class NodeUnreachable(NodeError):
    """The node is gone, too busy, or cannot reach what it needs."""

    code = "unreachable"


class SourceError(AgentError):
    """A repository, a tag, a Dockerfile or a manifest cannot be used."""

    code = "invalid_source"
    exit_code = ExitCode.USAGE


class EngineError(AgentError):
    """A container engine or a process cannot be used."""

    code = "engine_failed"


class SettingsError(AgentError):
    """A local file or the keychain cannot be used."""

    code = "settings_failed"


class OutputFailed(AgentError):
    """What a command answers cannot be written to standard output."""

    code = "output_failed"


class RunFailed(AgentError):
    """The run itself failed or was cancelled."""

    code = "run_failed"
    exit_code = ExitCode.RUN_FAILED


class StillRunning(AgentError):
    """The wait ended before the run did; nothing failed."""

    code = "still_running"
    exit_code = ExitCode.STILL_RUNNING


class SeveralProblems(AgentError):
    """Several things are wrong at once, each of which is in ``problems``.

    Its code and exit code are those of the gravest: what failed, then what is not allowed, then
    what was typed wrong, then what has not ended.
    """

    def __init__(self, message: str, problems: Sequence[AgentError]) -> None:
        super().__init__(message)
        self.problems = tuple(problems)
        worst = min(self.problems, key=lambda one: _GRAVITY.index(one.exit_code))
        self.code, self.exit_code = worst.code, worst.exit_code


_GRAVITY = (
    ExitCode.FAILED,
    ExitCode.RUN_FAILED,
    ExitCode.NOT_ALLOWED,
    ExitCode.USAGE,
    ExitCode.STILL_RUNNING,
)


def together(problems: Sequence[AgentError], message: str = "") -> AgentError:
    """One error for one or more: itself, or all of them. ``message`` says in words what is wrong.

    What is wrong twice is told once.
    """
    flat: dict[tuple[str, str | None], AgentError] = {}
    for problem in problems:
        for one in problem.problems if isinstance(problem, SeveralProblems) else (problem,):
            flat.setdefault((one.message, one.hint), one)
    apart = list(flat.values())
    if len(apart) == 1:
        return apart[0]
    return SeveralProblems(message or f"{len(apart)} problems were found", apart)
