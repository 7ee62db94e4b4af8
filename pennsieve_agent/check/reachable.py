"""Which files of code a program uses, by what its files import or name."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from pennsieve_agent.check.sources import Language, Source

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<of>[.\w]+)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#;]*)"
    r"|import[ \t]+(?P<plain>[^\n#;]*))",
    re.MULTILINE,
)
_MODULE = re.compile(r"-m[\"',\s]+([\w.]+)")
_FILE = re.compile(r"[\w-]+\.\w{1,5}\b")
_NAME = re.compile(r"[\w.]+")


def reachable(
    entries: Sequence[str], sources: Mapping[str, Source], command: Source | None
) -> Iterator[Source]:
    """The sources that the entry files use, directly or not; all where there is no entry file."""
    if command is not None:
        yield command
    starts = [path for path in entries if path in sources]
    if not starts:
        yield from sources.values()
        return
    names = _Names(sources)
    waiting, seen = list(starts), set(starts)
    while waiting:
        source = sources[waiting.pop(0)]
        yield source
        for path in names.used_by(source):
            if path not in seen:
                seen.add(path)
                waiting.append(path)


def used_by_others(sources: Mapping[str, Source]) -> set[str]:
    """The paths of the sources that another one imports or names."""
    names = _Names(sources)
    return {
        path for source in sources.values() for path in names.used_by(source) if path != source.name
    }


def _key(path: str) -> str:
    """A file's name; with its folder where every package has a file of that name."""
    parts = path.split("/")
    return "/".join(parts[-2:] if parts[-1].startswith("__") else parts[-1:])


class _Names:
    """Paths by the last part of the names under which code is used."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._by_file: dict[str, list[str]] = defaultdict(list)
        for path in sources:
            self._by_file[_key(path)].append(path)

    def used_by(self, source: Source) -> Iterator[str]:
        for hit in _FILE.finditer(source.text):
            yield from self._by_file.get(hit[0], ())
        for hit in _MODULE.finditer(source.text):
            yield from self._module(hit[1], "")
        if source.language is Language.PYTHON:
            yield from self._imports(source)

    def _imports(self, source: Source) -> Iterator[str]:
        here = posixpath.dirname(source.name)
        for hit in _IMPORT.finditer(source.text):
            if hit["plain"]:
                for part in hit["plain"].split(","):
                    yield from self._module(part.split()[0] if part.split() else "", "")
                continue
            module = hit["of"]
            dots = len(module) - len(module.lstrip("."))
            folder = here
            for _ in range(dots - 1):
                folder = posixpath.dirname(folder)
            base = module.lstrip(".")
            yield from self._module(base, folder if dots else "")
            names = hit["names"].strip("()").replace("\n", ",").split(",")
            for name in (part.split()[0] for part in names if part.split()):
                yield from self._module(f"{base}.{name}" if base else name, folder if dots else "")

    def _module(self, name: str, folder: str) -> Iterator[str]:
        """The files that importing a module runs: its own, and those of the packages around it."""
        if not name or not _NAME.fullmatch(name):
            return
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            tail = "/".join(parts[:length])
            for ending in (f"{tail}.py", f"{tail}/__init__.py", f"{tail}/__main__.py"):
                where = posixpath.join(folder, ending)
                for path in self._by_file.get(_key(ending), ()):
                    if path == where or (not folder and path.endswith(f"/{ending}")):
                        yield path
