"""Which command calls which method of the client, read from the sources of both.

No command is run and none is imported. A method is used where a name that ends in the resource's
own (``platform.runs.cancel``, ``self._compute.nodes``) is asked for it; a command uses what the
functions use that it names, and so on. Too much can be found that way, by names that are equal,
but hardly too little.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pennsieve_agent

PACKAGE = "pennsieve_agent"
LAYERS = ("cli", "services", "account", "transfer")
_SHORT = {"registry": "compute", "manifests": "uploads"}
"""Protocols for what a layer needs of the client, and the resource that meets each."""
_CLIENTS = frozenset({"platform", "context"})
"""What the client itself is called, or what hands on what it says."""
_ROOT = Path(pennsieve_agent.__file__).parent


@dataclass(slots=True)
class _Module:
    """A module: its functions, and where its names come from."""

    name: str
    tree: ast.Module
    imported: dict[str, str] = field(default_factory=dict)
    functions: dict[str, ast.AST] = field(default_factory=dict)


def commands_by_method(resources: Mapping[str, frozenset[str]]) -> dict[str, set[str]]:
    """For each ``resource.method`` of the client, the commands that come to it."""
    modules = {module.name: module for module in _modules()}
    used_by: dict[str, set[str]] = defaultdict(set)
    for command, start in _commands(modules):
        for used in _reached(start, modules, resources):
            used_by[used].add(command)
    return used_by


def _modules() -> Iterator[_Module]:
    for layer in LAYERS:
        for path in sorted((_ROOT / layer).rglob("*.py")):
            parts = path.relative_to(_ROOT).with_suffix("").parts
            name = ".".join((PACKAGE, *parts)).removesuffix(".__init__")
            module = _Module(name, ast.parse(path.read_text(encoding="utf-8")))
            for node in ast.walk(module.tree):
                if isinstance(node, ast.ImportFrom) and node.module:
                    for alias in node.names:
                        module.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            for part in module.tree.body:
                if isinstance(part, ast.FunctionDef | ast.ClassDef):
                    module.functions[part.name] = part
            yield module


def _commands(modules: Mapping[str, _Module]) -> Iterator[tuple[str, str]]:
    """Each command's words, and the qualified name of its function."""
    for name, module in modules.items():
        for function, node in module.functions.items():
            for decorator in getattr(node, "decorator_list", []):
                if words := _declared_words(decorator):
                    yield words, f"{name}.{function}"


def _declared_words(decorator: ast.AST) -> str:
    """The words of ``@command("run cancel", ...)``; empty for other decorators."""
    if (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id == "command"
        and decorator.args
        and isinstance(decorator.args[0], ast.Constant)
    ):
        return str(decorator.args[0].value)
    return ""


def _resolve(node: ast.AST, module: _Module) -> str:
    """The qualified name of a function of ours that an expression names; empty for others."""
    if isinstance(node, ast.Name):
        if node.id in module.functions:
            return f"{module.name}.{node.id}"
        return module.imported.get(node.id, f"{module.name}.{node.id}")
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = module.imported.get(node.value.id)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def _reached(
    start: str, modules: Mapping[str, _Module], resources: Mapping[str, frozenset[str]]
) -> set[str]:
    """The methods of the client that a function calls, directly or through others."""
    used: set[str] = set()
    seen, waiting = {start}, [start]
    while waiting:
        owner, _, name = waiting.pop().rpartition(".")
        module = modules.get(owner)
        function = module.functions.get(name) if module else None
        if module is None or function is None:
            continue
        local, short = _local_imports(function, module), _short_names(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute):
                used |= _method(node, resources, short)
            if isinstance(node, ast.Name | ast.Attribute):
                target = _resolve(node, local)
                if target and target not in seen:
                    seen.add(target)
                    waiting.append(target)
    return used


def _local_imports(function: ast.AST, module: _Module) -> _Module:
    """The module as a function sees it that imports for itself."""
    imported = dict(module.imported)
    for node in ast.walk(function):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return _Module(module.name, module.tree, imported, module.functions)


def _short_names(function: ast.AST) -> dict[str, str]:
    """Names that a function gives to resources: ``secrets = platform.node_secrets``."""
    return {
        target.id: node.value.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _method(
    node: ast.Attribute, resources: Mapping[str, frozenset[str]], short: Mapping[str, str]
) -> set[str]:
    owner = node.value
    last = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    resource = str(last).strip("_")
    resource = short.get(resource, resource)
    resource = _SHORT.get(resource, resource)
    if node.attr in resources.get(resource, ()):
        return {f"{resource}.{node.attr}"}
    if resource in _CLIENTS and node.attr in resources.get("", ()):
        return {node.attr}
    return set()
