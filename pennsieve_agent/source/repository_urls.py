"""One spelling for each repository."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from pennsieve_agent.errors import SourceError

GITHUB = "github.com"
# Hosts that serve a repository under its name without .git, and by https as well as by ssh.
_WITHOUT_SUFFIX = {GITHUB, "gitlab.com", "bitbucket.org", "codeberg.org"}
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SCP = re.compile(r"(?:(?P<user>[^@/]*)@)?(?P<host>[^:/@]+):(?P<path>(?!//|:).+)", re.DOTALL)
_BARE_GITHUB = re.compile(r"(?:www\.)?github\.com[/:]", re.IGNORECASE)
_SHORT_GITHUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]+")
"""``owner/name``: a user name of GitHub has at most 39 letters, digits and hyphens."""
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_USER = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]*")  # a leading hyphen would be an option
_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22}
_GITHUB_SCHEMES = {"https", "http", "git", "ssh", "git+ssh", "git+https"}
_EXAMPLE = "https://github.com/owner/repository"


def canonical(text: str, cwd: Path) -> str:
    """The one spelling of a repository's address.

    Every form of a GitHub address, ``owner/name`` alone where no folder is called so, becomes
    ``https://github.com/<owner>/<name>``; a path, relative to ``cwd``, becomes ``file:///...`` with
    links resolved; other hosts keep their scheme, as https and ssh may mean different rights there.

    Raises:
        SourceError: it is not an address of a repository, or has a password or token in it, which
            is not quoted.

    """
    address = text.strip()
    if not address or any(ord(c) < ord(" ") or ord(c) == 127 for c in address):  # noqa: PLR2004 - DEL
        raise SourceError("no repository is named", hint=f"give a path or {_EXAMPLE}")
    if _URL.match(address):
        return _from_url(address)
    local = _absolute(address, cwd)
    if not os.path.lexists(local):
        if _BARE_GITHUB.match(address):
            return _from_url(f"https://{address.replace(':', '/', 1)}")
        if _SHORT_GITHUB.fullmatch(address) and not Path(local).parent.exists():
            return _github(address)
        if (scp := _SCP.fullmatch(address)) and len(scp["host"]) > 1:
            return _from_scp(scp)
        if "::" in address:
            raise _unusable()  # git would start a helper program of that name
    return local.as_uri()


def same(one: str, other: str) -> bool:
    """Whether two addresses mean one repository; on GitHub letter case does not count."""
    return _key(one) == _key(other)


def is_github(url: str) -> bool:
    """Whether an address, in its one spelling, is a repository of GitHub."""
    return url.startswith(f"https://{GITHUB}/")


def public_host(url: str) -> bool:
    """Whether an address is at one of the hosts that everybody knows."""
    parts = urlsplit(url)
    return parts.scheme == "https" and (parts.hostname or "") in _WITHOUT_SUFFIX


def name_of(url: str) -> str:
    """A repository's name: the last part of its address."""
    last = unquote_to_bytes(re.split(r"[/:]", url.rstrip("/"))[-1])
    return os.fsdecode(last).removesuffix(".git") or "repository"


def local_path(url: str) -> Path | None:
    """The folder a ``file`` address names; None for any other."""
    if not url.casefold().startswith("file://"):
        return None
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(url).path)))


def _key(url: str) -> str:
    try:
        spelled = canonical(url, Path("/"))
    except SourceError:
        return url
    return spelled.casefold() if spelled.startswith(f"https://{GITHUB}/") else spelled


def _absolute(text: str, cwd: Path) -> Path:
    expanded = os.path.expanduser(text)  # noqa: PTH111 - leaves an unknown ~name as it is
    return Path(os.path.realpath(cwd / expanded))


def _from_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").casefold(), parts.port
    except ValueError:
        raise _unusable() from None
    scheme = parts.scheme.casefold()
    if scheme == "file":
        return _from_file(parts, text)
    _refuse_credentials(parts, scheme)
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise _unusable()
    host = host.removeprefix("www.") if host == f"www.{GITHUB}" else host
    if host == GITHUB and scheme in _GITHUB_SCHEMES:
        return _github(parts.path)
    if scheme not in _DEFAULT_PORTS or (scheme == "http" and not _is_loopback(host)):
        raise SourceError(
            f"repositories cannot be fetched by {scheme}",
            hint="use an address that begins with https:// or ssh://",
        )
    user = f"{parts.username}@" if parts.username else ""
    at = "" if port in {None, _DEFAULT_PORTS[scheme]} else f":{port}"
    return f"{scheme}://{user}{_host(host)}{at}/{_path(parts.path, host)}"


def _refuse_credentials(parts: SplitResult, scheme: str) -> None:
    # With https the user name alone may be a token; with ssh it only says whose server account.
    if parts.password is not None or (parts.username is not None and "ssh" not in scheme):
        raise SourceError(
            "the repository's address has a user name or password in it",
            hint="leave it out and let git keep it: git config --global credential.helper store",
        )
    if parts.username is not None and not _USER.fullmatch(parts.username):
        raise _unusable()


def _from_file(parts: SplitResult, text: str) -> str:
    path = os.fsdecode(unquote_to_bytes(parts.path))
    if parts.netloc.casefold() not in {"", "localhost"} or not path.startswith("/"):
        raise _unusable()
    if "?" in text or "#" in text or any(ord(c) < ord(" ") for c in path):
        raise _unusable()
    return Path(os.path.realpath(path)).as_uri()


def _from_scp(match: re.Match[str]) -> str:
    user, host, path = match["user"], match["host"].casefold(), match["path"]
    if user is not None and ":" in user:
        raise SourceError(
            "the repository's address has a password in it",
            hint="leave it out; ssh uses your key",
        )
    if host in {GITHUB, f"www.{GITHUB}"}:
        return _github(path)
    if user is not None and not _USER.fullmatch(user):
        raise _unusable()
    before = f"{user}@" if user else ""
    if host in _WITHOUT_SUFFIX:
        return f"ssh://{before}{host}/{_path(path, host)}"
    # Elsewhere host:path counts from the server account's home, which no URL can say.
    rest = path.rstrip("/")
    if not rest or any(c.isspace() for c in rest):
        raise _unusable()
    return f"{before}{_host(host)}:{rest}"


def _github(path: str) -> str:
    owner, _, rest = path.strip("/").partition("/")
    name, _, inside = rest.partition("/")
    while name.endswith(".git"):
        name = name.removesuffix(".git")
    if not _NAME.fullmatch(owner) or not _NAME.fullmatch(name) or {owner, name} & {".", ".."}:
        raise _unusable()
    if inside:
        raise SourceError(
            "the address names a page inside a repository",
            where=f"https://{GITHUB}/{owner}/{name}",
            hint="give the repository alone, and a tag or branch with --ref",
        )
    return f"https://{GITHUB}/{owner}/{name}"


def _host(host: str) -> str:
    if _HOST.fullmatch(host):
        return host
    try:
        return f"[{ipaddress.IPv6Address(host)}]"
    except ValueError:
        raise _unusable() from None


def _path(path: str, host: str) -> str:
    rest = path.strip("/")
    if host in _WITHOUT_SUFFIX:
        while rest.endswith(".git"):
            rest = rest.removesuffix(".git").rstrip("/")
    # In a URL a question mark or a hash ends the path.
    if not rest or any(c.isspace() or c in "?#" for c in rest) or ".." in rest.split("/"):
        raise _unusable()
    return rest


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unusable() -> SourceError:
    # Not quoted: whatever is wrong with it may be a token in the wrong place.
    return SourceError(
        "that is not the address of a git repository",
        hint=f"give a path, or an address such as {_EXAMPLE}",
    )
