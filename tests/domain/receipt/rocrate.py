"""What the validator of the RO-Crate community says of a folder; its contexts are files here."""

from __future__ import annotations

import io
from pathlib import Path

import requests
from requests_cache import CachedSession
from rocrate_validator import services
from urllib3 import HTTPResponse

_CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": "ro-crate-1.1.jsonld",
    "https://w3id.org/ro/terms/workflow-run/context": "workflow-run.jsonld",
}
_FOLDER = Path(__file__).parent / "contexts"


def fill_cache(path: Path) -> None:
    """Write the contexts where the validator looks for them in place of the network."""
    with CachedSession(cache_name=str(path), backend="sqlite", expire_after=-1) as session:
        for url, name in _CONTEXTS.items():
            data = (_FOLDER / name).read_bytes()
            answer = requests.Response()
            answer.status_code, answer.url = 200, url
            answer._content = data
            answer.headers["Content-Type"] = "application/ld+json"
            answer.request = requests.Request("GET", url).prepare()
            headers = dict(answer.headers)
            answer.raw = HTTPResponse(io.BytesIO(data), headers, 200, preload_content=False)
            session.cache.save_response(answer)


def problems(folder: Path, profile: str, cache: Path) -> list[str]:
    """What a profile requires of a crate, with those that it is based on, and does not find."""
    settings = services.ValidationSettings(
        rocrate_uri=str(folder),
        profile_identifier=f"{profile}-run-crate-0.5",
        requirement_severity="REQUIRED",
        offline=True,
        cache_path=cache,
    )
    return [str(issue.message) for issue in services.validate(settings).get_issues()]
