"""What a shell is answered when somebody presses Tab: words, and names from a short-lived cache.

Pennsieve is never asked while somebody waits. Names that are missing or older than a minute are
asked for by a process in the background, and are there at the next Tab. Whatever goes wrong, the
answer is empty.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli import tree
from pennsieve_agent.cli.resolve import Call, Page, resolve
from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context

VARIABLE = "_PENNSIEVE_COMPLETE"
"""Names the shell that asks; or ``names``, in the process that fetches them."""
FETCH = "names"
FETCH_SECONDS = 60
KINDS = {
    "DATASET": "datasets",
    "WORKFLOW": "workflows",
    "NODE": "nodes",
    "RUN": "runs",
    "PROFILE": "profiles",
}
"""What an argument or an option takes, by its metavar."""
_FILES = {"FILE", "DIR", "PATH"}
_PLAIN = re.compile(r"[^A-Za-z0-9_@%+=:,./~-]")


@dataclass(frozen=True, slots=True)
class Answer:
    """Words with what they mean, or ``files``: those of this machine."""

    words: tuple[tuple[str, str], ...] = ()
    files: bool = False


def complete(words: Sequence[str], names: Callable[[str, str | None], Sequence[str]]) -> Answer:
    """What may stand for the last of the words, which may be empty.

    ``names`` has the names of datasets, runs and so on, for the profile that was typed.
    """
    *done, begun = words or [""]
    path = " ".join(done)
    try:
        meaning = Page(path, by_option=False) if path in tree.GROUPS else resolve(done)
    except AgentError:
        return Answer()
    if isinstance(meaning, Page):
        entries = tree.level(meaning.group)
        return _beginning(begun, [(e.words.rpartition(" ")[2], e.help) for e in entries])
    if not isinstance(meaning, Call):
        return Answer()
    from pennsieve_agent.cli.command import click_command

    command = click_command(meaning.command)
    return _of_command(
        [*command.params, command.get_help_option(None)], list(meaning.arguments), begun, names
    )


def _of_command(
    parameters: Sequence[Any],
    arguments: Sequence[str],
    begun: str,
    names: Callable[[str, str | None], Sequence[str]],
) -> Answer:
    options = {o: p for p in parameters for o in p.opts if p.param_type_name == "option"}
    profile = _value_of("--profile", arguments)
    name, equals, value = begun.partition("=")
    if equals and name in options:
        answer = _values(options[name], value, names, profile)
        return Answer(tuple((f"{name}={word}", text) for word, text in answer.words), answer.files)
    before = arguments[-1] if arguments else ""
    if "--" not in arguments:
        if before in options and not options[before].is_flag:
            return _values(options[before], begun, names, profile)
        if begun.startswith("-"):
            shown = [(o, p.help or "") for o, p in options.items() if not p.hidden]
            return _beginning(begun, [row for row in shown if row[0].startswith("--")])
    positional = [p for p in parameters if p.param_type_name == "argument"]
    count = len(list(_positional(arguments, options)))
    if count >= len(positional) and not (positional and positional[-1].nargs == -1):
        return Answer()
    return _values(positional[min(count, len(positional) - 1)], begun, names, profile)


def _positional(arguments: Sequence[str], options: dict[str, Any]) -> Iterator[str]:
    """Arguments that are neither an option nor the value of one."""
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            yield from rest
        elif word in options:
            if not options[word].is_flag:
                next(rest, None)
        elif not word.startswith("-"):
            yield word


def _value_of(option: str, arguments: Sequence[str]) -> str | None:
    for word, value in zip(arguments, [*arguments[1:], ""], strict=False):
        if word == option:
            return value
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None


def _values(
    parameter: Any,
    begun: str,
    names: Callable[[str, str | None], Sequence[str]],
    profile: str | None,
) -> Answer:
    metavar = (parameter.metavar or parameter.name or "").strip("[].").upper()
    if kind := KINDS.get(metavar):
        return _beginning(begun, [(name, "") for name in names(kind, profile)])
    if choices := getattr(parameter.type, "choices", ()):
        return _beginning(begun, [(str(choice), "") for choice in choices])
    if "|" in metavar:
        return _beginning(begun, [(word, "") for word in metavar.lower().split("|")])
    return Answer(files=metavar in _FILES or parameter.type.name == "path")


def _beginning(begun: str, rows: Sequence[tuple[str, str]]) -> Answer:
    folded = begun.casefold()
    return Answer(tuple(row for row in rows if row[0].casefold().startswith(folded)))


def names_of(context: Context, ask: Callable[[str | None], None]) -> Callable[..., Sequence[str]]:
    """Names from the cache; ``ask`` has them fetched for a profile, for the next time."""

    def names(kind: str, profile: str | None) -> Sequence[str]:
        if kind == "profiles":
            return context.settings.names()
        cache = cache_of(context, profile)
        if cache is None:
            return ()
        kept, fresh = cache.read(context.now())
        if not fresh and cache.claim(context.now()):
            ask(profile)
        own = [node.name for node in _own_nodes(context, profile)] if kind == "nodes" else []
        return sorted({*kept.get(kind, ()), *own}, key=str.casefold)

    return names


def _own_nodes(context: Context, profile: str | None) -> Sequence[Any]:
    from pennsieve_agent.settings.own_nodes_file import OwnNodes

    name = profile or context.settings.default_name()
    return OwnNodes.beside(context.config_path).list(name) if name else ()


def cache_of(context: Context, profile: str | None) -> Any:
    """The cache of the names that a profile may see; None when it is not signed in."""
    from pennsieve_agent.settings.name_cache import NameCache, cache_folder

    key = context.settings.key_id(profile)
    return NameCache(cache_folder(context.environ, context.home), key) if key else None


def forget(context: Context, profile: str) -> None:
    """Forget the names that a profile could see."""
    with contextlib.suppress(AgentError, OSError):
        cache = cache_of(context, profile)
        if cache is not None:
            cache.remove()


def answer(words: Sequence[str], context: Context) -> int:
    """Answer a shell: ``files`` or ``words`` in the first line, then one a line with its text."""
    shell = context.environ[VARIABLE]
    if shell == FETCH:
        _end_after(FETCH_SECONDS)
        return fetch(context, words[0] if words else None)
    typed, prefix = joined([unquoted(word) for word in words])
    result = Answer()
    with contextlib.suppress(Exception):
        result = complete(typed, names_of(context, in_background))
    quoted = bool(words) and words[-1][:1] in {"'", '"'}
    lines = ["files" if result.files else "words"]
    for word, text in result.words:
        if not word.isprintable():
            continue  # a shell would show it as it is, and it would not be what it stands for
        if shell == "bash":
            value = word.removeprefix(prefix)
            lines.append(value if quoted else escaped(value))
        else:
            lines.append(f"{word}\t{text}")
    context.streams.result("\n".join(lines))
    return 0


def joined(words: Sequence[str]) -> tuple[list[str], str]:
    """The words with ``--option``, ``=`` and its value as one, which bash parts.

    And what of the last word comes before what bash completes.
    """
    whole: list[str] = []
    prefix = ""
    for word in words:
        prefix = ""
        if whole and word == "=" and whole[-1].startswith("--"):
            whole[-1] += word
            prefix = whole[-1]
        elif whole and whole[-1].startswith("--") and whole[-1].endswith("="):
            prefix = whole[-1]
            whole[-1] += word
        else:
            whole.append(word)
    return whole, prefix


def unquoted(word: str) -> str:
    """A word as the program will see it; one that is being typed has no last quote yet."""
    quote = word[:1]
    if quote in {"'", '"'}:
        return word[1:-1] if len(word) > 1 and word.endswith(quote) else word[1:]
    return re.sub(r"\\(.)", r"\1", word)


def _end_after(seconds: int) -> None:
    """End this process when it took too long: nobody waits for it."""
    import signal

    signal.alarm(seconds)


def escaped(word: str) -> str:
    """A word as one types it in bash."""
    return _PLAIN.sub(lambda match: f"\\{match[0]}", word)


def in_background(profile: str | None) -> None:
    """Have the names of a profile fetched, by a process of its own."""
    import os
    import subprocess
    import sys

    subprocess.Popen(
        [sys.executable, "-m", "pennsieve_agent", *([profile] if profile else [])],
        env={**os.environ, VARIABLE: FETCH},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def fetch(context: Context, profile: str | None) -> int:
    """Fetch the names that a profile may see, and keep them; silent, also where that fails."""
    from pennsieve_agent.cli.run import places
    from pennsieve_agent.cli.workflow.named import nodes_of
    from pennsieve_agent.services import completion_names

    context.profile_name = profile
    cache = cache_of(context, profile)
    if cache is None:
        return 0
    try:
        names = completion_names.collect(
            context.platform,
            context.workspace_id,
            nodes_of(context),
            places.everywhere(context),
        )
        cache.write(names, context.now())
    except (AgentError, OSError):
        return 1
    finally:
        cache.release()
    return 0
