"""The one form of a command: its options, what it does, what it shows.

::

    @command("run cancel", answers="run_status", examples=["pennsieve run cancel spike-rate-1c20"])
    def cancel(context: Context, run: options.Run, wait: Wait = False) -> Shown:
        \"\"\"Stop a run: end what is running, start nothing more.\"\"\"
        ...
        return Shown(document=documents.run_status(...), text=f"Run 'x' is {status.label}")

The decorator adds ``--profile`` and ``--json``, hands in the context, and prints what is returned;
no command prints its result. A command that shows things one after the other (what it started,
then how it ended) yields them. Anything else it says goes to standard error, by
``context.streams.note``. Errors are raised. See :class:`~pennsieve_agent.console.shown.Shown`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from inspect import Parameter, Signature
from itertools import takewhile
from types import GeneratorType, ModuleType
from typing import Any, Generic, ParamSpec, TypeVar

import typer
import typer.core
import typer.exceptions
import typer.main

from pennsieve_agent.cli import help as pages
from pennsieve_agent.cli import options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.tree.entries import Command
from pennsieve_agent.console.shown import Shown, show
from pennsieve_agent.errors import UsageProblem

P = ParamSpec("P")
R = TypeVar("R", bound=Shown | Iterator[Shown])
_SHARED = {"profile": (options.Profile, None), "json": (options.Json, False)}


@dataclass(frozen=True, slots=True)
class Declared(Generic[P, R]):
    """A command as it is written. ``answers`` names its documents in ``console.schema``."""

    words: str
    function: Callable[P, R]
    answers: tuple[str, ...]
    examples: tuple[str, ...]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do it; nothing is printed."""
        return self.function(*args, **kwargs)


def command(
    words: str, *, answers: str | Sequence[str], examples: Sequence[str]
) -> Callable[[Callable[P, R]], Declared[P, R]]:
    """Declare a command of the table in :mod:`~pennsieve_agent.cli.tree`.

    ``answers`` is the type of the document that ``--json`` shows, such as ``run`` or
    ``list of run_summary``, or several where options decide; :mod:`pennsieve_agent.console.schema`
    describes them. ``examples`` are whole command lines for the help page.
    """
    kinds = (answers,) if isinstance(answers, str) else tuple(answers)
    return lambda function: Declared(words, function, kinds, tuple(examples))


def run(row: Command, arguments: Sequence[str], context: Context) -> int:
    """Parse a command's arguments, do it, print what it shows; answers the exit code.

    Raises:
        UsageProblem: the arguments are wrong. Errors as of the command.
    """
    parsed = click_command(row)
    place = f"pennsieve {row.words}"
    try:
        # Not by main(), which makes an exit code of Ctrl+C, and nothing would be said.
        with parsed.make_context(place, list(arguments), obj=context) as ctx:
            code = parsed.invoke(ctx)
    except typer.Exit as end:
        code = end.exit_code
    except (typer.Abort, EOFError):
        raise KeyboardInterrupt from None
    except typer.exceptions.TyperException as error:
        raise _expanded(error, arguments) or _wrong(error, place) from None
    return code


def declared(row: Command) -> Declared[..., Any]:
    """The command's declaration, in the module that the table names."""
    values = vars(_module(row)).values()
    return next(v for v in values if isinstance(v, Declared) and v.words == row.words)


def click_command(row: Command) -> ParsedCommand:
    """What parses a command's arguments; makes its help page, too."""
    form = declared(row)
    return ParsedCommand(row, _callback(form), form.examples)


def _module(row: Command) -> ModuleType:
    return import_module(f"pennsieve_agent.cli.{row.module}")


class ParsedCommand(typer.core.TyperCommand):
    """Parses arguments by a function's parameters, and shows our own help page."""

    def __init__(self, row: Command, callback: Callable[..., Any], examples: Sequence[str]) -> None:
        # Not by get_command_from_info(), which looks at every parameter a second time.
        read = typer.main.get_params_convertors_ctx_param_name_from_function
        parameters, self._convertors, _ = read(callback)
        super().__init__(
            row.words.rpartition(" ")[2],
            callback=callback,
            params=[*parameters],
            help=inspect.getdoc(callback),
            context_settings={"help_option_names": ["-h", "--help"]},
            rich_markup_mode=None,
        )
        self.examples = tuple(examples)
        self._page = typer.core.TyperOption(
            param_decls=["--help", "-h"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            help="Show this page.",
            callback=_show_page,
        )

    def invoke(self, ctx: Any) -> int:
        """Do the command with what was parsed."""
        plain = self._convertors
        values = {name: plain[name](v) if name in plain else v for name, v in ctx.params.items()}
        return int(ctx.invoke(self.callback, ctx, **values))

    def get_help_option(self, ctx: Any) -> typer.core.TyperOption:
        """The option that shows the help page on the command's own streams."""
        del ctx
        return self._page

    def get_help(self, ctx: Any) -> str:
        """The help page, as wide as the terminal."""
        streams = ctx.find_object(Context).streams
        shown = [p for p in self.get_params(ctx) if not getattr(p, "hidden", False)]
        sections = [
            ("Arguments", [_described(p) for p in shown if p.param_type_name == "argument"]),
            ("Options", [_described(p) for p in shown if p.param_type_name == "option"]),
        ]
        usage = " ".join([ctx.command_path, *usage_words(shown), "[OPTIONS]"])
        return pages.command_page(usage, self.help or "", sections, self.examples, streams.width)


def usage_words(parameters: Iterable[Any]) -> Iterator[str]:
    """Arguments as one types them: an optional one in brackets, of several with dots."""
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            name = (parameter.metavar or parameter.name).strip("[]{}").upper()
            if parameter.nargs != 1 and not name.endswith("..."):
                name += "..."
            yield name if parameter.required else f"[{name}]"


def _described(parameter: Any) -> tuple[str, str]:
    """A parameter's name and text, with the values that are possible."""
    if parameter.param_type_name == "argument":
        (name,) = usage_words([parameter])
    else:
        names = [*sorted(parameter.opts, key=len), *parameter.secondary_opts]
        name = ", ".join(names)
        if not parameter.is_flag:
            name += f" {parameter.metavar or (parameter.name or '').upper()}"
    return name, " ".join([parameter.help or "", *_limits(parameter, name)]).strip()


def _limits(parameter: Any, name: str) -> Iterator[str]:
    """The possible values, the default, and whether it must be given."""
    choices = [str(choice) for choice in getattr(parameter.type, "choices", ())]
    if choices and "|" not in name:
        yield f"One of: {', '.join(choices)}."
    least, most = getattr(parameter.type, "min", None), getattr(parameter.type, "max", None)
    if least is not None and most is not None:
        yield f"{least} to {most}."
    elif least is not None:
        yield f"At least {least}."
    default = getattr(parameter.default, "value", parameter.default)
    flag = getattr(parameter, "is_flag", False)
    if default not in (None, "", (), []) and parameter.show_default and not flag:
        yield f"Default: {'the current folder' if str(default) == '.' else default}."
    if parameter.required and parameter.param_type_name == "option":
        yield "Must be given."


def _show_page(ctx: typer.Context, _parameter: object, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        context = ctx.find_object(Context)
        if context is not None:
            context.streams.result(ctx.get_help())
        ctx.exit()


def _callback(form: Declared[..., Any]) -> Callable[..., int]:
    """A function for typer: the command's parameters, and those that all commands have."""
    signature = inspect.signature(form.function, eval_str=True)
    _, *own = signature.parameters.values()
    shared = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _SHARED.items()
    ]
    keyword = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in own]
    first = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)

    def callback(ctx: typer.Context, profile: str | None, json: bool, **values: Any) -> int:
        context = options.use(ctx, profile, as_json=json)
        return _perform(form, context, values)

    parameters = [first, *keyword, *shared]
    callback.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    callback.__annotations__ = {p.name: p.annotation for p in parameters}
    callback.__doc__ = form.function.__doc__
    return callback


def _perform(form: Declared[..., Any], context: Context, values: Mapping[str, Any]) -> int:
    result = form(context, **values)
    if not isinstance(result, GeneratorType):
        code = _print(result, context)
    else:
        code = 0
        with closing(result):
            for shown in result:
                code = _print(shown, context)
    if context.uses_pennsieve and not values.get("dry_run"):
        from pennsieve_agent.cli.dataset.ended import sweep_noted

        sweep_noted(context)
    return code


def _print(shown: Shown, context: Context) -> int:
    show(shown, context.streams, as_json=context.as_json)
    return int(shown.exit_code)


_SHOWN = 3
_TOO_MUCH = "Got unexpected extra argument(s)"
_PLAIN = (
    ("is not a valid float", "is not a number"),
    ("is not a valid integer", "is not a whole number"),
    ("is not a valid int range", "is not a whole number"),
    ("is not a valid int", "is not a whole number"),
    ("Directory '", "'"),
    ("' is a file", "' is a file, not a folder"),
    (_TOO_MUCH, "too many words:"),
    ("requires an argument", "needs a value"),
)
"""What the parser says in a programmer's words, and what is said instead."""


def _expanded(
    error: typer.exceptions.TyperException, arguments: Sequence[str]
) -> UsageProblem | None:
    """What is wrong where a shell replaced a pattern without quotes by the names that fit it."""
    if _TOO_MUCH not in error.format_message() or "--files" not in arguments:
        return None
    after = takewhile(lambda word: not word.startswith("-"), _behind("--files", arguments))
    words = list(after)
    if len(words) < 2:  # noqa: PLR2004 - one is what it takes
        return None
    from pennsieve_agent.domain.selection import quoted_pattern

    shown = " ".join(words[:_SHOWN]) + (" …" if len(words) > _SHOWN else "")
    return UsageProblem(
        f"--files takes one pattern, and {len(words)} words follow it: {shown}",
        hint=f"put a pattern in quotes, as in --files {quoted_pattern(words[0])}, else the shell "
        "replaces it with the names of files here; for several, repeat --files",
    )


def _behind(word: str, arguments: Sequence[str]) -> Sequence[str]:
    return arguments[list(arguments).index(word) + 1 :]


def _wrong(error: typer.exceptions.TyperException, place: str) -> UsageProblem:
    """What was typed wrong, in our form."""
    near = list(getattr(error, "possibilities", None) or ())
    message = (getattr(error, "message", "") if near else "") or error.format_message()
    message = message.rstrip(".")
    for of_parser, plain in _PLAIN:
        message = message.replace(of_parser, plain)
    hint = f"see: {place} --help"
    if near:
        hint = f"did you mean: {' or '.join(sorted(near))}; {hint}"
    return UsageProblem(message[:1].lower() + message[1:], hint=hint)
