"""Rules on the manifest itself; those on manifest and code together are in ``variable_rules``."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pennsieve_agent.check.code import Code
from pennsieve_agent.check.rules import finding
from pennsieve_agent.domain.code_findings import Finding
from pennsieve_agent.domain.job_sizes import DEFAULT_CPU, DEFAULT_MEMORY, VCPU, fit
from pennsieve_agent.domain.workflows import ManifestFault
from pennsieve_agent.engine.run_parameters import RESERVED_PREFIX, is_reserved
from pennsieve_agent.source.manifest import JSON_FILE, YAML_FILE

_RULES = {
    ManifestFault.SCHEMA: "manifest-schema",
    ManifestFault.UNREADABLE: "manifest-unreadable",
    ManifestFault.DISAGREES: "manifest-disagrees",
    ManifestFault.COMMAND: "manifest-command",
}
_OTHER_NAMES = {"app.yaml", "application.yml", "application.yaml", "pennsieve.yml"}
_STANDARD = "standard"


def manifest_findings(code: Code) -> Iterator[Finding]:
    """What breaks a rule in the manifests."""
    manifest = code.manifest
    other = sorted(_OTHER_NAMES & code.files.entries.keys())
    if YAML_FILE not in code.manifests and other:
        text = f"{other[0]} is not read; the manifest is called {YAML_FILE}"
        mend = f"rename it: git mv {other[0]} {YAML_FILE}"
        yield finding("manifest-name", other[0], 0, text, mend)
    elif not code.manifests:
        yield finding("manifest-missing", "", 0, f"the repository has no {YAML_FILE}")
    for note in manifest.notes:
        line = _line_of(code, "command") if note.kind is ManifestFault.COMMAND else note.line
        yield finding(_RULES[note.kind], note.file, line, note.text, note.hint)
    yield from _two_files(code)
    yield from _resources(code)
    for parameter in manifest.parameters:
        if is_reserved(parameter.name):
            who = "AWS Batch" if parameter.name.startswith(RESERVED_PREFIX) else "the node"
            text = f"parameter {parameter.name} has a name that {who} uses"
            line = manifest.lines.get(parameter.name, 0)
            yield finding("parameter-reserved", manifest.file, line, text)


def _two_files(code: Code) -> Iterator[Finding]:
    """``app.yml`` is read here, ``application.json`` is what Pennsieve's store keeps (1.8)."""
    if not {YAML_FILE, JSON_FILE} <= code.manifests.keys():
        return
    try:
        other = json.loads(code.manifests[JSON_FILE].decode("utf-8-sig"))
    except (ValueError, RecursionError):
        text = f"{JSON_FILE} is not JSON"
        yield finding("manifest-unreadable", JSON_FILE, 0, text)
        return
    for key in ("name", "description"):
        value = other.get(key) if isinstance(other, dict) else None
        mine = getattr(code.manifest, key)
        if isinstance(value, str) and value.strip() and mine and value.strip() != mine:
            text = f"{JSON_FILE} has another {key} than {YAML_FILE}"
            yield finding("manifest-disagrees", JSON_FILE, _line_of(code, key), text)


def _line_of(code: Code, key: str) -> int:
    lines = code.manifests[JSON_FILE].decode("utf-8", errors="replace").splitlines()
    return next((n for n, line in enumerate(lines, 1) if f'"{key}"' in line), 0)


def _resources(code: Code) -> Iterator[Finding]:
    """Sizes on the table of Fargate; machines with a GPU and functions have sizes of their own."""
    manifest = code.manifest
    if not (manifest.cpu or manifest.memory) or manifest.compute_types[:1] != (_STANDARD,):
        return
    line = manifest.lines.get("memory") or manifest.lines.get("cpu") or 0
    try:
        cpus, memory = fit(manifest.cpu, manifest.memory)
    except ValueError as error:
        yield finding("manifest-resources", manifest.file, line, str(error))
        return
    declared = (manifest.cpu or DEFAULT_CPU, manifest.memory or DEFAULT_MEMORY)
    if declared != (round(cpus * VCPU), memory):
        text = (
            f"a run gets {round(cpus * VCPU)} CPU units and {memory} MB, as Fargate does not have "
            f"{declared[0]} with {declared[1]} MB"
        )
        yield finding("manifest-resources-rounded", manifest.file, line, text)
