"""The one place where errors become text and exit codes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.resolve import Call, OlderAgent, Page, Version, resolve
from pennsieve_agent.console.streams import ReaderLeft, Streams
from pennsieve_agent.errors import AgentError, ExitCode, OutputFailed

if TYPE_CHECKING:
    from pennsieve_agent.console.shown import Shown

_DEFAULTS = {"--needs-pennsieve": "read"}


def run(arguments: Sequence[str], context: Context | None = None) -> int:
    """Run a command line; answers its exit code. Nothing it does escapes as an exception."""
    context = context or Context(Streams.of_process(os.environ), os.environ)
    words = _before_separator(arguments)
    debug = "--debug" in words or bool(context.environ.get("PENNSIEVE_DEBUG"))
    complete_words = [_with_value(word) for word in words] + list(arguments[len(words) :])
    typed = [word for i, word in enumerate(complete_words) if word != "--debug" or i >= len(words)]
    try:
        with context:
            return int(_run(typed, context))
    except AgentError as error:
        return _refuse(error, context.streams, as_json="--json" in words, debug=debug)
    except KeyboardInterrupt:
        # A terminal shows ^C in the line that was being written.
        line_end = "\n" if context.streams.err_is_terminal else ""
        context.streams.note(f"{line_end}{context.interruption.words}")
        return ExitCode.INTERRUPTED
    except ReaderLeft:
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - a bug must not show a traceback to a scientist
        if (problem := _of_files(error)) is not None:
            return _refuse(problem, context.streams, as_json="--json" in words, debug=debug)
        return _bug(error, context.streams, as_json="--json" in words, debug=debug)


def complete(words: Sequence[str]) -> int:
    """Answer a shell that asks how a command line may go on; what goes wrong is not said."""
    from pennsieve_agent.cli import completing

    with Context(Streams.of_process(os.environ), os.environ) as context:
        return completing.answer(words, context)


def _with_value(word: str) -> str:
    """An option whose value may be left out, with the value that it then has."""
    return f"{word}={_DEFAULTS[word]}" if word in _DEFAULTS else word


def _run(arguments: Sequence[str], context: Context) -> int:
    """Do what was typed. A command's module is imported here, and no other's."""
    match resolve(arguments):
        case Call() as call:
            from pennsieve_agent.cli import command

            for note in call.notes:
                context.streams.note(note)
            return command.run(call.command, call.arguments, context)
        case Page("", by_option=False):
            return _home(context)
        case Page() as page:
            return _show_page(page, context.streams)
        case Version():
            from pennsieve_agent import __version__

            context.streams.result(f"pennsieve {__version__}")
            return ExitCode.OK
        case OlderAgent(word):
            from pennsieve_agent.cli.older_agent import answer

            raise answer(word, context.environ.get("PATH", ""))


def _home(context: Context) -> int:
    """Nothing was typed: how things are, or, signed out or offline, the help page."""
    from pennsieve_agent.console.shown import show

    if shown := _overview(context):
        show(shown, context.streams, as_json=False)
        return ExitCode.OK
    return _show_page(Page("", by_option=False), context.streams)


def _overview(context: Context) -> Shown | None:
    """How things are; None, signed out or offline, which is said."""
    try:
        if context.settings.key_id():
            from pennsieve_agent.cli.home import home

            return home(context)
    except AgentError as error:
        from pennsieve_agent.console import failures

        context.streams.note(f"{failures.text(error, context.streams)}\n")
    return None


def _show_page(page: Page, streams: Streams) -> int:
    """A help page that was asked for is a result; else it says that a word is missing."""
    from pennsieve_agent.cli import help as pages

    if page.group:
        text = pages.group_page(page.group, streams.width)
    else:
        text = pages.root_page(streams.width)
    if page.by_option:
        streams.result(text)
        return ExitCode.OK
    streams.note(text)
    return ExitCode.USAGE


def _refuse(error: AgentError, streams: Streams, *, as_json: bool, debug: bool) -> int:
    from pennsieve_agent.console import failures

    if debug:
        import traceback

        streams.note("".join(traceback.format_exception(error)).rstrip())
        if error.where:
            streams.note(f"where: {error.where}")
    if not (as_json and _documented(error, streams)):
        streams.note(failures.text(error, streams))
    return error.exit_code


def _of_files(error: Exception) -> AgentError | None:
    """What a full disk, a read-only folder or a deleted one is to the user, wherever it is met."""
    from pennsieve_agent.domain.file_trouble import explained

    problem = explained(error) if isinstance(error, OSError) else None
    if problem is not None:
        problem.__cause__ = error  # for --debug
    return problem


def _documented(error: AgentError, streams: Streams) -> bool:
    """Show an error as a document; False where standard output does not take it."""
    from pennsieve_agent.console import failures

    if isinstance(error, OutputFailed):
        return False
    try:
        streams.document(failures.document(error))
    except (OutputFailed, ReaderLeft):
        return False
    return True


def _bug(error: Exception, streams: Streams, *, as_json: bool, debug: bool) -> int:
    """One line for the user; the traceback goes to a file of the user's own."""
    import traceback

    # Frames are printed without their variables, which may hold secrets.
    trace = "".join(traceback.format_exception(error))
    file = _kept(trace)
    problem = AgentError(
        f"something unexpected went wrong in this program ({type(error).__name__})",
        where=file,
        hint="please report it with that file; nothing else is needed"
        if file
        else "the details cannot be written to a file; see them with: --debug",
    )
    return (
        _refuse(problem, streams, as_json=as_json, debug=False)
        if not debug
        else _show(trace, streams)
    )


def _kept(trace: str) -> str | None:
    """Keep a traceback in a file; None where there is no room for it."""
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="pennsieve-", suffix=".log", delete=False, encoding="utf-8"
        ) as file:
            file.write(trace)
    except OSError:
        return None
    return file.name


def _show(trace: str, streams: Streams) -> int:
    streams.note(trace.rstrip())
    return ExitCode.FAILED


def _before_separator(arguments: Sequence[str]) -> list[str]:
    words = list(arguments)
    return words[: words.index("--")] if "--" in words else words
