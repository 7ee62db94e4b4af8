"""The one place where errors become text and exit codes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import typer
import typer.core
import typer.exceptions
import typer.main

from pennsieve_agent.cli.app import root
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console import failures
from pennsieve_agent.console.streams import Streams, silence_broken_pipe
from pennsieve_agent.errors import AgentError, ExitCode, UsageProblem

_DEFAULTS = {"--needs-pennsieve": "read"}


def run(arguments: Sequence[str], context: Context | None = None) -> int:
    """Run a command line; answers its exit code. Nothing it does escapes as an exception."""
    context = context or Context(Streams.of_process(os.environ), os.environ)
    words = _before_separator(arguments)
    debug = "--debug" in words or bool(context.environ.get("PENNSIEVE_DEBUG"))
    given = [_with_value(word) for word in words] + list(arguments[len(words) :])
    typed = [word for i, word in enumerate(given) if word != "--debug" or i >= len(words)]
    try:
        with context:
            return int(_run(typed, context))
    except AgentError as error:
        return _refuse(error, context.streams, as_json="--json" in words, debug=debug)
    except (KeyboardInterrupt, typer.Abort):
        context.streams.note("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        silence_broken_pipe()
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - a bug must not show a traceback to a scientist
        return _bug(error, context.streams, as_json="--json" in words, debug=debug)


def _with_value(word: str) -> str:
    """An option whose value may be left out, with the value that it then has."""
    return f"{word}={_DEFAULTS[word]}" if word in _DEFAULTS else word


def _run(arguments: Sequence[str], context: Context) -> int:
    if "_PENNSIEVE_COMPLETE" in context.environ:
        from pennsieve_agent.cli.completion import enable

        enable()
    command = typer.main.get_command(root)
    try:
        code = command.main(
            list(arguments), prog_name="pennsieve", standalone_mode=False, obj=context
        )
    except typer.exceptions.TyperException as error:
        where = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError" and where is not None:
            context.streams.note(where.get_help().rstrip())
            return ExitCode.USAGE
        raise _usage(error, where) from None
    return code if isinstance(code, int) else ExitCode.OK


def _usage(error: typer.exceptions.TyperException, where: Any) -> AgentError:
    """What was typed wrong, in our form."""
    path = where.command_path if where is not None else "pennsieve"
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    return UsageProblem(message, hint=f"see: {path} --help")


def _refuse(error: AgentError, streams: Streams, *, as_json: bool, debug: bool) -> int:
    if debug:
        import traceback

        streams.note("".join(traceback.format_exception(error)).rstrip())
    if as_json:
        streams.document(failures.document(error))
    else:
        streams.note(failures.text(error, streams))
    return error.exit_code


def _bug(error: Exception, streams: Streams, *, as_json: bool, debug: bool) -> int:
    """One line for the user; the traceback goes to a file of the user's own."""
    import tempfile
    import traceback

    # Frames are printed without their variables, which may hold secrets.
    trace = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile(
        "w", prefix="pennsieve-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.write(trace)
    problem = AgentError(
        f"something unexpected went wrong in this program ({type(error).__name__})",
        where=file.name,
        hint="please report it with that file; nothing else is needed",
    )
    return (
        _refuse(problem, streams, as_json=as_json, debug=False)
        if not debug
        else _show(trace, streams)
    )


def _show(trace: str, streams: Streams) -> int:
    streams.note(trace.rstrip())
    return ExitCode.FAILED


def _before_separator(arguments: Sequence[str]) -> list[str]:
    words = list(arguments)
    return words[: words.index("--")] if "--" in words else words
