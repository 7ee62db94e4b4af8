"""Rules on secrets: in files of the repository, and in the Dockerfile's variables."""

from __future__ import annotations

from collections.abc import Iterator

from pennsieve_agent.check.code import DOCKERFILE, Code
from pennsieve_agent.check.rules import finding
from pennsieve_agent.check.secrets import is_secret_name, is_secret_value, secrets_in
from pennsieve_agent.check.sources import MOST_BYTES, text_of
from pennsieve_agent.domain.code_findings import Finding
from pennsieve_agent.engine.dockerfile_words import words


def secret_findings(code: Code) -> Iterator[Finding]:
    """Secrets that can be told from anything else; none is quoted."""
    for path in code.files.entries:
        content = code.files.read(path, MOST_BYTES)
        text = None if content is None else text_of(content)
        for offset, what in secrets_in(text) if text else ():
            line = (text or "").count("\n", 0, offset) + 1
            yield finding("secret-in-file", path, line, f"the file holds {what}")
    for it in code.instructions:
        if it.name not in {"ENV", "ARG"}:
            continue
        parts = words(it.rest, it.escape)
        if it.name == "ENV" and parts and "=" not in parts[0]:
            parts = [f"{parts[0]}={' '.join(parts[1:])}"]
        for part in parts:
            name, _, value = part.partition("=")
            if is_secret_name(name) and is_secret_value(value):
                text = f"{it.name} gives {name} a value"
                yield finding("dockerfile-secret", DOCKERFILE, it.line, text)
