"""Which files a program uses; each is read once, however many there are."""

from __future__ import annotations

from typing import Any, cast

from pennsieve_agent.check.reachable import reachable, used_by_others
from pennsieve_agent.check.sources import Language, Source

CHAIN = 400


def code(**texts: str) -> dict[str, Source]:
    rows = {f"{name}.py": text for name, text in texts.items()}
    return {path: Source(path, Language.PYTHON, text) for path, text in rows.items()}


class Counted:
    """A source that counts how often it is read."""

    language = Language.PYTHON

    def __init__(self, name: str, text: str) -> None:
        self.name, self._text, self.reads = name, text, 0

    @property
    def text(self) -> str:
        self.reads += 1
        return self._text


def test_what_others_import_or_name_is_used() -> None:
    files = code(
        main="import a\nsubprocess.run(['python', 'b.py'])", a="", b="from c import d", c=""
    )
    assert used_by_others(files) == {"a.py", "b.py", "c.py"}


def test_files_that_use_each_other_are_both_used_and_itself_does_not_count() -> None:
    files = code(a="import b", b="import a", alone="import alone")
    assert used_by_others(files) == {"a.py", "b.py"}


def test_it_is_what_the_others_reach() -> None:
    files = code(a="import b", b="import c", c="import b, d", d="", e="import e")
    reached = {x.name for p in files for x in reachable([p], files, None) if x.name != p}
    assert used_by_others(files) == reached


def test_each_file_is_read_as_often_among_many_as_among_few() -> None:
    def reads(many: int) -> int:
        rows = {f"s{i}.py": Counted(f"s{i}.py", f"import s{i + 1}") for i in range(many)}
        used = used_by_others(cast("dict[str, Any]", rows))
        assert len(used) == many - 1
        return max(row.reads for row in rows.values())

    assert reads(CHAIN) == reads(2)
