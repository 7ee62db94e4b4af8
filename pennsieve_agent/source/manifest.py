"""The manifest of a repository: ``app.yml``, else ``application.json``.

The two formats do not match (``contracts/workflows.md`` 1.8). Neither stops the platform when it is
broken, so here a broken manifest gives notes (:attr:`Manifest.notes`), and what can be understood
is used. ``application.json`` has no schema, and nothing that Pennsieve reads; so it, beside
``app.yml`` or alone, has what own nodes alone know: ``command``, a text or a list of words, and
``bids``, the last level of a BIDS App.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.command_lines import (
    LEVELS,
    CommandLine,
    CommandLineFault,
    of_bids_app,
    parse,
)
from pennsieve_agent.domain.workflows import Manifest, ManifestFault, ManifestNote
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.app_yml import note_of, read_app_yml
from pennsieve_agent.source.yaml_nodes import MAX_BYTES, read_json, read_nodes

YAML_FILE, JSON_FILE = "app.yml", "application.json"
FILES = (YAML_FILE, JSON_FILE)


def read(source: Path | Mapping[str, bytes], name: str = "") -> Manifest:
    """The manifest of a repository: a folder, or the contents of its files by name.

    ``name`` is the repository's, used when it has no manifest; a folder's own when not given.

    Raises:
        SourceError: the manifest cannot be read at all, for example because it is a folder.

    """
    files = _files(source) if isinstance(source, Path) else source
    fallback = name or (source.resolve().name if isinstance(source, Path) else "workflow")
    return _with_command(_read(files, fallback), files)


def _read(files: Mapping[str, bytes], fallback: str) -> Manifest:
    for file in FILES:
        if file in files:
            try:
                if file == YAML_FILE:
                    return read_app_yml(read_nodes(files[file], file), fallback)
                return _read_json(files[file], fallback)
            except SourceError as problem:
                note = note_of(problem, problem.message, ManifestFault.UNREADABLE)
                return Manifest(name=fallback, file=file, notes=(note,))
    return Manifest(name=fallback)


def _with_command(manifest: Manifest, files: Mapping[str, bytes]) -> Manifest:
    """A manifest with the command line of ``application.json``."""
    try:
        values = read_json(files[JSON_FILE], JSON_FILE)
    except (KeyError, SourceError):  # what is wrong with it is told elsewhere
        return manifest
    try:
        line = _command(values, {parameter.name for parameter in manifest.parameters})
    except CommandLineFault as fault:
        note = ManifestNote(JSON_FILE, 0, f"the command line {fault}", ManifestFault.COMMAND)
        return replace(manifest, notes=(*manifest.notes, note))
    return replace(manifest, command=line)


def _command(values: Mapping[str, Any], parameters: Collection[str]) -> CommandLine | None:
    text, level = values.get("command"), values.get("bids") or ""
    if level and level not in LEVELS:
        raise CommandLineFault(f"has a key bids, which is not {' or '.join(LEVELS)}")
    if text is None:
        return of_bids_app(level, parameters) if level else None
    if not isinstance(text, str | list) or not all(isinstance(word, str) for word in text):
        raise CommandLineFault("must be a text or a list of texts")
    line = CommandLine(parse(text) if isinstance(text, str) else tuple(text), level)
    line.check(parameters)
    return line


def _files(folder: Path) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    for name in FILES:
        try:
            with (folder / name).open("rb") as file:
                contents[name] = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise SourceError(
                f"{name} cannot be read: {error.strerror}", where=str(folder / name)
            ) from None
    return contents


def _read_json(data: bytes, fallback: str) -> Manifest:
    values = read_json(data, JSON_FILE)
    texts, notes = {}, []
    for key in ("name", "description"):
        value = values.get(key) or ""
        if not isinstance(value, str):
            notes.append(ManifestNote(JSON_FILE, 0, f"{key} must be a text"))
            value = ""
        texts[key] = value.strip()
    name = texts["name"] or fallback
    return Manifest(name, texts["description"], file=JSON_FILE, notes=tuple(notes))
