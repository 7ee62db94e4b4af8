"""``app.yml``: the manifest of a repository, in either of its two forms.

The older form has its keys at the top and the sizes under ``resources``; the newer has
``application`` and has the sizes under ``runtime`` (``contracts/workflows.md`` 1.8 and
``contracts/upstream-2026-11.md`` 4). The published schema allows no other keys. A file that breaks
it does not stop the platform, which registers the application without its defaults; so here it
gives notes, and what can be understood is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pennsieve_agent.domain.job_sizes import MANIFEST_CPU, MANIFEST_MEMORY
from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Manifest, ManifestFault, ManifestNote
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.yaml_nodes import Node

_SCHEMA_VERSION = "1.0"
_TYPES = ("processor", "preprocessor", "postprocessor")
_CATEGORIES = (
    *("Preprocessing", "Segmentation", "Registration", "Quantification", "Visualization"),
    *("Machine Learning", "Statistics", "Format Conversion", "Quality Control", "Utility"),
)
_COMPUTE_TYPES = ("standard", "lambda", "gpu")
_DATA_TYPES = ("any", "file", "directory", "package", "dataset", "tabular", "image", "timeseries")
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_KEYS = (
    *("$schema", "schemaVersion", "name", "description", "applicationType", "categories", "tags"),
    *("application", "runtime", "resources", "parameters", "inputs", "outputs"),
)
_APPLICATION_KEYS = (
    *("id", "name", "description", "type", "version", "maintainers", "categories", "tags"),
)
_RUNTIME_KEYS = ("computeTypes", "gpu", "cpu", "memory", "timeoutSeconds")
_PARAMETER_KEYS = (
    *("name", "type", "label", "description", "required", "default", "defaultValue"),
    *("allowedValues", "validValues", "min", "max"),
)
_PORT_KEYS = ("name", "dataType", "description", "required")

T = TypeVar("T")
Keys = Mapping[str, Node]


def read_app_yml(root: Node, fallback: str) -> Manifest:
    """The manifest whose file's root is given; ``fallback`` is its name if it has none."""
    return _Reading().manifest(root, fallback)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of a manifest, and what is wrong with it."""

    notes: list[ManifestNote] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def manifest(self, root: Node, fallback: str) -> Manifest:
        keys = self._mapping(root, _KEYS, ("schemaVersion",))
        is_new = "application" in keys
        about = self._mapping(keys["application"], _APPLICATION_KEYS, ("name",)) if is_new else keys
        if not is_new and keys and "name" not in keys:
            self._note(root.problem("lacks name"))
        self._check_described(keys, about, is_new=is_new)
        runtime = self._mapping_of(keys, "runtime", _RUNTIME_KEYS)
        older = self._mapping_of(keys, "resources", ("cpu", "memory"))
        for name in ("cpu", "memory"):
            self._agree(older, name, runtime, name)
        if is_new:
            self._agree(keys, "name", about, "name")
            self._agree(keys, "description", about, "description")
        sizes = {**older, **runtime}
        manifest = Manifest(
            name=self._get(about, "name", _not_empty, fallback),
            description=self._get(about, "description", Node.text, "").strip(),
            parameters=self._parameters(keys, is_new=is_new),
            cpu=self._size(sizes, "cpu", MANIFEST_CPU),
            memory=self._size(sizes, "memory", MANIFEST_MEMORY),
            compute_types=self._compute_types(runtime),
            timeout_seconds=self._seconds(runtime),
            file=root.file,
            sizes_key="runtime" if is_new or {"cpu", "memory"} & runtime.keys() else "resources",
            lines=self.lines,
        )
        return replace(manifest, notes=tuple(self.notes))

    def _note(self, problem: SourceError, more: str = "") -> None:
        self.notes.append(note_of(problem, f"{problem.message}{more}"))

    def _agree(self, older: Keys, name: str, newer: Keys, newer_name: str) -> None:
        """Note two keys of one meaning that say two things; the newer one counts."""
        if name not in older or newer_name not in newer:
            return
        first, second = older[name], newer[newer_name]
        if first.written() != second.written():
            text = f"{first.place} and {second.place} do not agree; {second.place} is used"
            problem = second.problem("")
            self.notes.append(note_of(problem, text, ManifestFault.DISAGREES))

    def _try(self, read: Callable[[Node], T], node: Node, otherwise: T) -> T:
        try:
            return read(node)
        except SourceError as problem:
            self._note(problem)
            return otherwise

    def _get(self, keys: Keys, name: str, read: Callable[[Node], T], otherwise: T) -> T:
        if name not in keys:
            return otherwise
        return self._try(read, keys[name], otherwise)

    def _mapping(self, node: Node, known: Iterable[str], required: Iterable[str] = ()) -> Keys:
        names = tuple(known), tuple(required)
        return self._try(lambda value: value.mapping(*names, self._note), node, {})

    def _mapping_of(self, keys: Keys, name: str, known: Iterable[str]) -> Keys:
        return self._mapping(keys[name], known) if name in keys else {}

    def _items(self, keys: Keys, name: str) -> list[Node]:
        return self._get(keys, name, Node.items, [])

    def _check_described(self, keys: Keys, about: Keys, *, is_new: bool) -> None:
        """Checks what is for the app store's pages alone, and so is not kept."""
        self._get(keys, "schemaVersion", _schema_version, "")
        self._get(keys, "$schema", Node.text, "")
        self._get(about, "type" if is_new else "applicationType", _application_type, "")
        for name in ("id", "version") if is_new else ():
            self._get(about, name, Node.text, "")
        categories = Node.text if is_new else _category
        for name, read in (("categories", categories), ("tags", _not_empty)):
            words = [self._try(read, node, "") for node in self._items(about, name)]
            if len(set(words)) < len(words):
                self._note(about[name].problem("has the same item twice"))
        for node in self._items(about, "maintainers") if is_new else ():
            self._mapping(node, ("name", "email"))
        for name in ("inputs", "outputs"):
            for node in self._items(keys, name):
                port = self._mapping(node, _PORT_KEYS, ("name", "dataType"))
                self._get(port, "dataType", Node.text if is_new else _data_type, "")
                self._get(port, "required", Node.boolean, False)  # noqa: FBT003 - otherwise

    def _compute_types(self, runtime: Keys) -> tuple[str, ...]:
        gpu = self._mapping_of(runtime, "gpu", ("enabled", "count", "type"))
        self._get(gpu, "enabled", Node.boolean, False)  # noqa: FBT003 - otherwise
        self._get(gpu, "count", _one_or_more, 0)
        words = (
            self._try(_compute_type, node, "") for node in self._items(runtime, "computeTypes")
        )
        return tuple(dict.fromkeys(filter(None, words))) or ("standard",)

    def _size(self, keys: Keys, name: str, sizes: tuple[int, ...]) -> int:
        value = self._get(keys, name, _one_or_more, 0)
        if name in keys:
            self.lines[name] = keys[name].line
        if value and value not in sizes:
            known = ", ".join(map(str, sizes))
            problem = keys[name].problem(f"is {value}, which is not one of {known}")
            self._note(problem, "; it is used all the same")
        return value

    def _seconds(self, runtime: Keys) -> int:
        return self._get(runtime, "timeoutSeconds", _one_or_more, 0)

    def _parameters(self, keys: Keys, *, is_new: bool) -> tuple[Parameter, ...]:
        known: dict[str, Parameter] = {}

        def read(node: Node) -> Parameter | None:
            return self._parameter(node, is_new=is_new)

        for node in self._items(keys, "parameters"):
            parameter = self._try(read, node, None)
            if parameter is None:
                continue
            if parameter.name in known:
                self._note(node.problem(f"has the name of an earlier one, {parameter.name}"))
                continue
            known[parameter.name] = parameter
            self.lines[parameter.name] = node.line
        return tuple(known.values())

    def _parameter(self, node: Node, *, is_new: bool) -> Parameter:
        keys = node.mapping(_PARAMETER_KEYS, ("name", "type"), self._note)
        if "name" not in keys:
            raise node.problem("has no name, so it is left out")
        kind = self._get(keys, "type", _parameter_type, ParameterType.STRING)
        for new, old in (("defaultValue", "default"), ("allowedValues", "validValues")):
            self._agree(keys, old, keys, new)
        default = next((keys[n] for n in ("defaultValue", "default") if n in keys), None)
        parameter = Parameter(
            name=_variable(keys["name"]),
            type=kind,
            label=self._get(keys, "label", Node.text, ""),
            description=self._get(keys, "description", Node.text, "").strip(),
            required=self._get(keys, "required", Node.boolean, is_new and default is None),
            allowed=self._allowed(keys),
            minimum=self._get(keys, "min", Node.number, None),
            maximum=self._get(keys, "max", Node.number, None),
        )
        if kind is ParameterType.ENUM and not parameter.allowed:
            self._note(node.problem("is an enum and lacks allowedValues"))
        low, high = parameter.minimum, parameter.maximum
        if low is not None and high is not None and low > high:
            self._note(keys["min"].problem("is larger than max"))
            parameter = replace(parameter, minimum=None, maximum=None)
        if default is None:
            return parameter
        return self._try(lambda node: _with_default(parameter, node), default, parameter)

    def _allowed(self, keys: Keys) -> tuple[str, ...]:
        for name in ("allowedValues", "validValues"):
            if name in keys:
                words = (self._try(Node.scalar, node, "") for node in self._items(keys, name))
                values = tuple(word for word in words if word)
                if not values:
                    self._note(keys[name].problem("must have at least one value"))
                return values
        return ()


def note_of(
    problem: SourceError, text: str, kind: ManifestFault = ManifestFault.SCHEMA
) -> ManifestNote:
    """What an error says of a manifest, at its place."""
    file, *numbers = re.split(r", (?:line|column) ", problem.where or "")
    line, column = (*(int(number) for number in numbers), 0, 0)[:2]
    return ManifestNote(file, line, text, kind, problem.hint or "", column)


def _with_default(parameter: Parameter, node: Node) -> Parameter:
    try:
        return replace(parameter, default=parameter.normalise(node.scalar()))
    except ValueError as error:
        raise node.problem(str(error)) from None


def _schema_version(node: Node) -> str:
    if node.scalar() != _SCHEMA_VERSION:
        raise node.problem(f'must be "{_SCHEMA_VERSION}"')
    return node.text()


def _application_type(node: Node) -> str:
    return node.choice(_TYPES)


def _compute_type(node: Node) -> str:
    return node.choice(_COMPUTE_TYPES)


def _category(node: Node) -> str:
    return node.choice(_CATEGORIES)


def _data_type(node: Node) -> str:
    return node.choice(_DATA_TYPES)


def _parameter_type(node: Node) -> ParameterType:
    known = (kind.value for kind in ParameterType if kind is not ParameterType.UNKNOWN)
    return ParameterType.of(node.choice(known))


def _variable(node: Node) -> str:
    name = node.text()
    if not _NAME.fullmatch(name):
        raise node.problem("must be a name for a variable, so the parameter is left out")
    return name


def _not_empty(node: Node) -> str:
    value = node.text().strip()
    if not value:
        raise node.problem("must not be empty")
    return value


def _one_or_more(node: Node) -> int:
    value = node.number()
    if value < 1 or value % 1:
        raise node.problem("must be a whole number, 1 or more")
    return int(value)
