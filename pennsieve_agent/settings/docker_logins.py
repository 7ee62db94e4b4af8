"""Sign-ins to registries that ``docker login`` keeps in its settings file.

``auths`` in ``config.json`` has them by registry, as basic authentication sends them
(https://docs.docker.com/reference/cli/docker/login/#credential-stores). Where Docker gives them to
a helper program instead, the file has none, and the helper is not asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

_HUB, _HUB_KEY = "docker.io", "https://index.docker.io/v1/"


def docker_login(registry: str, environ: Mapping[str, str], home: Path) -> str:
    """What basic authentication sends to a registry, in Base64; empty where nothing is kept."""
    folder = environ.get("DOCKER_CONFIG") or home / ".docker"
    try:
        auths = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))["auths"]
        keys = (_HUB_KEY, _HUB) if registry == _HUB else (registry, f"https://{registry}")
        return next((str(auths[key]["auth"]) for key in keys if auths.get(key, {}).get("auth")), "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
