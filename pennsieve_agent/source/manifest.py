"""What a repository says of itself: ``app.yml``, else ``application.json``.

The two formats do not match (``contracts/workflows.md`` 1.8). ``app.yml`` follows a published
schema that allows no other keys; when the file breaks it the platform registers the app without
defaults and without a word, so here a broken manifest is an error. ``application.json`` has no
schema, and nothing that a run needs but a name and a description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Manifest
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.nodes import MAX_BYTES, Node, read_json, read_nodes

YAML_FILE, JSON_FILE = "app.yml", "application.json"
FILES = (YAML_FILE, JSON_FILE)

_SCHEMA_VERSION = "1.0"
_TYPES = ("processor", "preprocessor", "postprocessor")
_CATEGORIES = (
    *("Preprocessing", "Segmentation", "Registration", "Quantification", "Visualization"),
    *("Machine Learning", "Statistics", "Format Conversion", "Quality Control", "Utility"),
)
_COMPUTE_TYPES = ("standard", "lambda")
_CPU = (256, 512, 1024, 2048, 4096, 8192, 16384)
_MEMORY = (512, 1024, 2048, 4096, 8192, 16384, 30720, 61440, 122880)
_DATA_TYPES = ("any", "file", "directory", "package", "dataset", "tabular", "image", "timeseries")
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_KEYS = (
    *("$schema", "schemaVersion", "name", "description", "applicationType", "categories", "tags"),
    *("runtime", "resources", "parameters", "inputs", "outputs"),
)
_PARAMETER_KEYS = (
    *("name", "type", "label", "description", "required", "default", "allowedValues"),
    *("min", "max"),
)


def read(source: Path | Mapping[str, bytes], name: str = "") -> Manifest:
    """The manifest of a repository: a folder, or the contents of its files by name.

    ``name`` is the repository's, used when it has no manifest; a folder's own when not given.

    Raises:
        SourceError: the manifest is broken; says where and what.

    """
    files = _files(source) if isinstance(source, Path) else source
    fallback = name or (source.resolve().name if isinstance(source, Path) else "workflow")
    if YAML_FILE in files:
        return _read_yaml(read_nodes(files[YAML_FILE], YAML_FILE))
    if JSON_FILE in files:
        return _read_json(files[JSON_FILE], fallback)
    return Manifest(name=fallback)


def _files(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name in FILES:
        try:
            with (folder / name).open("rb") as file:
                found[name] = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise SourceError(
                f"{name} cannot be read: {error.strerror}", where=str(folder / name)
            ) from None
    return found


def _read_json(data: bytes, fallback: str) -> Manifest:
    found = read_json(data, JSON_FILE)
    texts = {}
    for key in ("name", "description"):
        value = found.get(key) or ""
        if not isinstance(value, str):
            raise SourceError(
                f"{key} must be a text", where=JSON_FILE, hint="correct the file and commit it"
            )
        texts[key] = value.strip()
    return Manifest(texts["name"] or fallback, texts["description"], file=JSON_FILE)


def _read_yaml(root: Node) -> Manifest:
    keys = root.mapping(_KEYS, required=("schemaVersion", "name"))
    _check_described(keys)
    resources = keys["resources"].mapping(("cpu", "memory")) if "resources" in keys else {}
    return Manifest(
        name=_not_empty(keys["name"]),
        description=keys["description"].text().strip() if "description" in keys else "",
        parameters=_parameters(keys["parameters"]) if "parameters" in keys else (),
        cpu=_size(resources["cpu"], _CPU) if "cpu" in resources else 0,
        memory=_size(resources["memory"], _MEMORY) if "memory" in resources else 0,
        compute_types=_compute_types(keys["runtime"]) if "runtime" in keys else ("standard",),
        file=YAML_FILE,
    )


def _check_described(keys: Mapping[str, Node]) -> None:
    """Checks what is for the app store's pages alone, and so is not kept."""
    version = keys["schemaVersion"]
    if version.scalar() != _SCHEMA_VERSION:
        raise version.problem(
            f'must be "{_SCHEMA_VERSION}"', f'write schemaVersion: "{_SCHEMA_VERSION}"'
        )
    version.text()
    if "$schema" in keys:
        keys["$schema"].text()
    if "applicationType" in keys:
        keys["applicationType"].choice(_TYPES)
    if "categories" in keys:
        _unique(keys["categories"], [n.choice(_CATEGORIES) for n in keys["categories"].items()])
    if "tags" in keys:
        _unique(keys["tags"], [_not_empty(node) for node in keys["tags"].items()])
    for ports in ("inputs", "outputs"):
        for port in keys[ports].items() if ports in keys else ():
            _check_port(port)


def _check_port(node: Node) -> None:
    keys = node.mapping(
        ("name", "dataType", "description", "required"), required=("name", "dataType")
    )
    keys["name"].text()
    keys["dataType"].choice(_DATA_TYPES)
    if "description" in keys:
        keys["description"].text()
    if "required" in keys:
        keys["required"].boolean()


def _compute_types(node: Node) -> tuple[str, ...]:
    keys = node.mapping(("computeTypes", "gpu"))
    if "gpu" in keys:
        gpu = keys["gpu"].mapping(("enabled", "count", "type"))
        if "enabled" in gpu:
            gpu["enabled"].boolean()
        if "count" in gpu and (gpu["count"].number() < 1 or gpu["count"].number() % 1):
            raise gpu["count"].problem("must be 1 or more")
        if "type" in gpu:
            gpu["type"].text()
    if "computeTypes" not in keys:
        return ("standard",)
    items = keys["computeTypes"].items()
    found = [item.choice(_COMPUTE_TYPES) for item in items]
    return tuple(_unique(keys["computeTypes"], found)) or ("standard",)


def _size(node: Node, sizes: tuple[int, ...]) -> int:
    value = node.number()
    if value not in sizes:
        raise node.problem(f"must be one of {', '.join(map(str, sizes))}")
    return int(value)


def _parameters(node: Node) -> tuple[Parameter, ...]:
    found: dict[str, Parameter] = {}
    for item in node.items():
        parameter = _parameter(item)
        if parameter.name in found:
            raise item.problem(f"has the name of an earlier one, {parameter.name}")
        found[parameter.name] = parameter
    return tuple(found.values())


def _parameter(node: Node) -> Parameter:
    keys = node.mapping(_PARAMETER_KEYS, required=("name", "type"))
    name = keys["name"].text()
    if not _NAME.fullmatch(name):
        raise keys["name"].problem(
            "must be a name for a variable", "use letters, digits and underscores, e.g. THRESHOLD"
        )
    kind = ParameterType.of(
        keys["type"].choice(kind.value for kind in ParameterType if kind.name != "UNKNOWN")
    )
    parameter = Parameter(
        name=name,
        type=kind,
        label=keys["label"].text() if "label" in keys else "",
        description=keys["description"].text().strip() if "description" in keys else "",
        required=keys["required"].boolean() if "required" in keys else False,
        allowed=_allowed(node, keys, kind),
        minimum=keys["min"].number() if "min" in keys else None,
        maximum=keys["max"].number() if "max" in keys else None,
    )
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None and low > high:
        raise keys["min"].problem("is larger than max")
    return _with_default(parameter, keys["default"]) if "default" in keys else parameter


def _allowed(node: Node, keys: Mapping[str, Node], kind: ParameterType) -> tuple[str, ...]:
    if "allowedValues" not in keys:
        if kind is ParameterType.ENUM:
            raise node.problem("is an enum and lacks allowedValues", "list what it may be")
        return ()
    values = tuple(item.scalar() for item in keys["allowedValues"].items())
    if not values:
        raise keys["allowedValues"].problem("must have at least one value")
    return values


def _with_default(parameter: Parameter, node: Node) -> Parameter:
    try:
        return replace(parameter, default=parameter.normalise(node.scalar()))
    except ValueError as error:
        raise node.problem(str(error)) from None


def _not_empty(node: Node) -> str:
    value = node.text().strip()
    if not value:
        raise node.problem("must not be empty")
    return value


def _unique(node: Node, values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise node.problem("has the same item twice")
    return values
