"""The table of commands, and what is made of it: help, wrong words, old words, letters."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import pennsieve_agent
from pennsieve_agent.cli import tree
from pennsieve_agent.cli.boundary import run
from pennsieve_agent.cli.command import Declared, click_command, declared
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.resolve import HELP, Call, Page, resolve
from pennsieve_agent.cli.tree.entries import Command, Old
from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import is_plain, kinds_in
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.errors import UnknownCommand, UsageProblem
from tests.cli.harness import Agent, Result

LETTERS = {
    "-d": "--dataset",
    "-w": "--workflow",
    "-n": "--node",
    "-p": "--param",
    "-f": "--follow",
    "-s": "--step",
    "-L": "--limit",
    "-y": "--yes",
    "-t": "--timestamps",
    "-h": "--help",
}
PROSE = {"command", "or", "for", "fi", "values"}
"""Words after "pennsieve" in sentences, and in the completion scripts, that are no commands."""
ROWS = list(tree.walk())
PAGES = [[], *([*entry.words.split()] for entry in tree.ENTRIES)]


def typed(*words: str, width: int = 80, environ: dict[str, str] | None = None) -> Result:
    return Agent(environ or {})(*words, width=width)


def forms() -> list[tuple[Command, Declared[..., Any]]]:
    return [(row, declared(row)) for row in ROWS]


def test_every_row_has_a_command_and_every_command_a_row() -> None:
    for row in ROWS:
        assert click_command(row).callback, row.words
    assert {row.words for row in ROWS} == set(tree.COMMANDS)


LOCAL = {"login", "logout", "completion"}
READS = {
    *("receipt", "which", "diff"),  # a receipt is written to this machine alone
    *("list", "show", "files", "download", "grants", "logs", "wait", "cost", "members", "teams"),
    *("doctor", "installer", "boundary", "template", "review", "role", "whoami", "start", "add"),
    *("check", "set", "test", "repos", "versions", "watch"),
}
"""Words of commands that change nothing, or have said elsewhere what they do."""


def test_every_change_can_be_rehearsed() -> None:
    """What changes only this machine, such as a profile, is left out."""
    changes = [
        (row, form)
        for row, form in forms()
        if row.words.split()[0] not in {*LOCAL, "profile", "aws", "sandbox"}
        and row.words.split()[-1] not in READS
    ]
    assert len(changes) > 25
    for row, form in changes:
        assert "dry_run" in inspect.signature(form.function).parameters, row.words


def test_no_level_has_more_than_fourteen_commands() -> None:
    grown = {g: len(list(tree.level(g))) for g in ("", *tree.GROUPS)}
    assert {g: n for g, n in grown.items() if n > tree.MOST_ON_A_LEVEL} == {}
    assert all(grown.values())


def test_words_are_said_once() -> None:
    words = [entry.words for entry in tree.ENTRIES] + list(tree.OLD)
    assert len(words) == len(set(words))
    hidden = {"ls", "rm", "help", "version"} - {"rm"} | set(LETTERS)
    assert not hidden & {word.rpartition(" ")[2] for word in words}


def test_a_command_says_in_its_first_line_what_the_table_says() -> None:
    wrong = []
    for row, form in forms():
        paragraph = " ".join((inspect.getdoc(form.function) or "").split("\n\n")[0].split())
        if not paragraph.startswith(row.help):
            wrong.append(f"{row.words}: {paragraph}")
    assert not wrong


def test_every_command_has_examples_that_are_commands() -> None:
    groups = [(g.words, g.examples) for g in tree.GROUPS.values()]
    for words, lines in [*groups, *((row.words, form.examples) for row, form in forms())]:
        assert lines, words
        for line in lines:
            assert line.startswith("pennsieve "), line
            meaning = resolve(line.split()[1:])
            assert isinstance(meaning, Call), line
            assert not meaning.notes, f"{line} is an old word"
            assert meaning.command.words.startswith(words), line


def test_every_command_names_documents_that_are_described() -> None:
    for row, form in forms():
        assert form.answers, row.words
        for kind in (one for answer in form.answers for one in kinds_in(answer)):
            assert is_plain(kind) or kind in DOCUMENTS, f"{row.words}: {kind}"


def test_every_document_that_is_described_is_an_answer_or_a_part_of_one() -> None:
    reached: set[str] = set()
    sent = ("run_ended", "batch_ended")  # to the address of --webhook
    answers = [kind for _, form in forms() for answer in form.answers for kind in kinds_in(answer)]
    waiting = ["error", *sent, *answers]
    while waiting:
        name = waiting.pop()
        if name in DOCUMENTS and name not in reached:
            reached.add(name)
            waiting += [kind for field in DOCUMENTS[name].fields for kind in kinds_in(field.type)]
    assert set(DOCUMENTS) == reached


def test_a_letter_means_one_thing() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for row in ROWS:
        page = typed(*row.words.split(), "--help", width=200).out
        for letter, names in re.findall(r"(?m)^  (-\w), (--[a-z-]+)", page):
            found[letter].add(names)
    wrong = {letter: names for letter, names in found.items() if names != {LETTERS.get(letter)}}
    assert not {k: v for k, v in wrong.items() if (k, v) != ("-p", {"--param", "--parents"})}


def test_every_command_has_json_and_profile() -> None:
    for row, _ in forms():
        options = {o for p in click_command(row).params for o in p.opts}
        assert {"--json", "--profile"} <= options, row.words


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_help_fits_the_terminal(words: list[str]) -> None:
    for width in (80, 40):
        page = typed(*words, "--help", width=width)
        assert page.code == 0, page.err
        assert "…" not in page.out
        wide = [line for line in page.out.splitlines() if len(line) > width]
        assert [line for line in wide if " " in line.strip()] == [], "only a word may be wider"
        assert " ".join(page.out.split()).startswith(" ".join(["Usage: pennsieve", *words]))
    assert typed(*words, "-h").out == typed(*words, "--help").out


def test_help_of_a_level_lists_the_table_and_nothing_hidden() -> None:
    for group in ("", *tree.GROUPS):
        page = typed(*group.split(), "--help").out
        text = " ".join(page.split())
        assert [e.words for e in tree.level(group) if e.help not in text] == [], "a line is cut"
        listed = [line.split()[0] for line in page.splitlines() if line.startswith("  ")]
        names = [entry.words.rpartition(" ")[2] for entry in tree.level(group)]
        assert [name for name in listed if name in names][: len(names)]
        assert set(names) <= set(listed), group
        assert not {"ls", "help", "version"} & set(listed)


def test_words_that_many_type_are_understood_everywhere() -> None:
    page = typed("run", "start", "--help").out
    assert typed("help", "run", "start").out == page
    assert typed("run", "help", "start").out == page
    assert typed("run", "help").out == typed("run", "--help").out
    assert typed("version").out == typed("--version").out == typed("run", "version").out
    assert resolve(["run", "ls", "--json"]) == Call(tree.COMMANDS["run list"], ("--json",))
    assert resolve(["profile", "rm", "x"]) == Call(tree.COMMANDS["profile remove"], ("x",))


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["rum"], "pennsieve run"),
        (["run", "strat"], "pennsieve run start"),
        (["run", "metrcs"], "pennsieve run cost"),
        (["datasets", "list"], "pennsieve dataset"),
        (["cancel", "x"], "pennsieve run cancel"),
        (["profile", "lst"], "pennsieve profile list"),
    ],
)
def test_a_wrong_word_is_answered_with_the_nearest(words: list[str], near: str) -> None:
    with pytest.raises(UnknownCommand) as caught:
        resolve(words)
    assert f"did you mean: {near}" in (caught.value.hint or "")
    said = typed(*words, "--json")
    assert (said.code, said.document["error"]["code"]) == (2, "unknown_command")


def test_a_word_that_is_like_no_other_shows_where_help_is() -> None:
    said = typed("run", "qqqqq")
    assert (said.code, "see: pennsieve run --help" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "list", "--jsn"], "invalid_option", "did you mean: --json"),
        (["--jsn"], "invalid_option", "no such option: --jsn"),
        (["run", "cancel"], "invalid_option", "missing argument 'RUN'"),
        (["run", "list", "--limit", "0"], "invalid_option", "--limit"),
        (["run", "list", "--limit", "x"], "invalid_option", "'x' is not a whole number"),
        (["run", "start", "--parallel", "x"], "invalid_option", "'x' is not a whole number"),
        (["run", "wait", "--timeout", "x"], "invalid_option", "'x' is not a number"),
        (["run", "list", "x"], "invalid_option", "too many words: (x)"),
        (["dataset", "rename", "D"], "invalid_option", "option '--name' needs a value"),
        (["run", "list", "--status", "wrong"], "invalid_option", "--status"),
    ],
)
def test_a_wrong_option_says_so(words: list[str], code: str, said: str) -> None:
    result = typed(*words)
    assert (result.code, said in result.err) == (2, True), result.err
    assert typed(*words, "--json").document["error"]["code"] == code


def test_nothing_typed_after_a_group_shows_its_page() -> None:
    for words in ([], ["run"], ["sandbox", "user"]):  # nobody is signed in
        bare = typed(*words)
        assert bare.code == 2
        assert bare.err == typed(*words, "--help").out


@pytest.mark.parametrize("old", tree.OLD.values(), ids=lambda old: old.words)
def test_old_words_mean_commands_of_today_and_say_so(old: Old) -> None:
    now = old.now.split(" -")[0]
    if now in tree.GROUPS:
        first = next(entry for entry in tree.level(now) if isinstance(entry, Command))
        meaning = resolve([*old.words.split(), first.words.rpartition(" ")[2]])
        assert isinstance(meaning, Call)
        assert meaning.command == first
        assert meaning.notes
        return
    meaning = resolve([*old.words.split(), "x", "--json"])
    assert isinstance(meaning, Call)
    assert meaning.command.words == now
    shown = f"{old.now} {old.later}".strip()
    assert meaning.arguments[:2] == ("x", "--json")
    assert meaning.notes == (f"note: 'pennsieve {old.words}' is now 'pennsieve {shown}'",)
    page = typed(*old.words.split(), "--help")
    assert (page.code, page.err) == (0, f"{meaning.notes[0]}\n")


def test_an_old_command_that_did_two_things_leads_to_both() -> None:
    plain = resolve(["run", "outputs", "spike", "--json", "--", "y"])
    assert isinstance(plain, Call)
    assert (plain.command.words, plain.arguments) == (
        "run show",
        ("spike", "--json", "--outputs", "--", "y"),
    )
    for option in (["--download", "here"], ["--download=here"]):
        fetched = resolve(["run", "outputs", "spike", *option])
        assert isinstance(fetched, Call)
        assert fetched.command.words == "run download"
        renamed = tuple(word.replace("--download", "--to") for word in option)
        assert fetched.arguments == ("spike", *renamed)


def test_arguments_that_became_options_are_passed_on() -> None:
    for line, words, arguments in (
        ("dataset rename Old New", "dataset update", ("Old", "--name=New")),
        (
            "dataset rename --description a Old --json -- -New",
            "dataset update",
            ("--description", "a", "Old", "--json", "--name=-New"),
        ),
        ("dataset give D --yes vera", "dataset update", ("D", "--yes", "--owner=vera")),
        ("compute rename N", "compute update", ("N", "--name")),
        (
            "workflow defaults W --profile p A=1 B=2",
            "workflow update",
            ("W", "--profile", "p", "--default=A=1", "--default=B=2"),
        ),
    ):
        meaning = resolve(line.split())
        assert isinstance(meaning, Call)
        assert (meaning.command.words, meaning.arguments) == (words, arguments)
    key = resolve(["sandbox", "key", "grace@example.org", "--profile", "g"])
    assert isinstance(key, Call)
    assert (key.command.words, key.arguments) == (
        "sandbox user key",
        ("grace@example.org", "--as", "g"),
    )


def test_an_argument_that_became_an_option() -> None:
    old = Old("dataset rename", "dataset update", later="--name")
    for typed_before, now in (
        (["A", "B"], ["A", "--name=B"]),
        (
            ["A", "--description", "x", "B", "--json"],
            ["A", "--description", "x", "--name=B", "--json"],
        ),
        (["--yes", "A", "--", "-B"], ["--yes", "A", "--name=-B"]),
    ):
        assert old.rewrite(typed_before) == (["dataset", "update", *now], "dataset update --name")


def test_the_older_agents_words_are_answered(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "pennsieve"
    program.parent.mkdir()
    program.write_bytes(b"\x7fELF and more")
    program.chmod(0o755)
    for word in ("agent", "upload", "download", "manifest", "map", "config", "account"):
        said = typed(word, "x", "--flag")
        assert (said.code, said.out) == (2, "")
        assert "older Pennsieve agent" in said.err
        assert "is installed as" not in said.err
        command = said.err.partition("hint: type: pennsieve ")[2].split()
        assert isinstance(resolve(command), Call), said.err
        there = typed(word, environ={"PATH": f"/nowhere:{program.parent}"})
        assert f"that agent is installed as {program}" in there.err
    program.write_bytes(b"#!/usr/bin/python3\n")
    assert "is installed as" not in typed("upload", environ={"PATH": str(program.parent)}).err


def test_options_before_a_command_are_refused() -> None:
    with pytest.raises(UsageProblem, match="--json"):
        resolve(["--json", "run", "list"])
    for word in HELP:
        assert resolve(["run", word]) == Page("run", by_option=True)


def test_two_commands_can_be_run_in_one_process() -> None:
    streams = Streams.for_test()
    assert run(["run", "start", "--help"], Context(streams, {})) == 0
    assert run(["run", "list", "--help"], Context(streams, {})) == 0


def test_every_command_that_a_text_of_the_package_names_is_one_of_today() -> None:
    wrong = []
    for path in sorted(Path(pennsieve_agent.__file__).parent.rglob("*.py")):
        for line, text in _literals(path):
            found = [words for words in _named(text) if not _is_of_today(words)]
            wrong += [f"{path.name}:{line}: pennsieve {' '.join(words)}" for words in found]
    assert wrong == []


def test_a_text_that_names_no_command_of_today_is_seen() -> None:
    for words in ("dataset people X", "sandbox key EMAIL", "compute policy --installer", "upload"):
        assert [_is_of_today(named) for named in _named(f"see: pennsieve {words}")] == [False]
    for words in ("dataset show X", "run logs, or", "compute policy", "NAME", "--help", ""):
        assert all(_is_of_today(named) for named in _named(f"see: pennsieve {words}"))


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module, with their lines; what is put into one is three dots."""
    tree_of = ast.parse(path.read_text(encoding="utf-8"))
    parts = {id(p) for n in ast.walk(tree_of) if isinstance(n, ast.JoinedStr) for p in n.values}
    for node in ast.walk(tree_of):
        if isinstance(node, ast.JoinedStr):
            values = (getattr(part, "value", None) for part in node.values)
            yield node.lineno, "".join(v if isinstance(v, str) else "..." for v in values)
        elif isinstance(node, ast.Constant) and id(node) not in parts:
            yield node.lineno, str(node.value)


def _named(text: str) -> list[list[str]]:
    """What follows the program's name on a line, but for prose and a note about an old word."""
    text = re.sub(r"'pennsieve [^']*' is now", "", text)
    said = re.findall(r"\bpennsieve((?: (?:[a-z][a-z-]*|--installer)\b)+)", text)
    return [words for words in map(str.split, said) if words[0] not in PROSE]


def _is_of_today(words: Sequence[str]) -> bool:
    """Whether words begin with a command, or are a group alone."""
    paths = [" ".join(words[:count]) for count in range(1, len(words) + 1)]
    return any(path in tree.COMMANDS for path in paths) or paths[-1] in tree.GROUPS
