"""The one table that turns refusals of the platform into our errors.

Refusals come in seven shapes (``contracts/core.md`` 0.3, ``contracts/resources.md`` 0.3): JSON
with ``message``, ``Message`` or ``error``, a bare JSON text, JSON with single quotes, plain text
after the name of a handler, a web page of something in between, half a JSON, and nothing.
"""

from __future__ import annotations

import re

from pennsieve_agent.errors import (
    AgentError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    PlatformError,
    RateLimited,
)
from pennsieve_agent.platform.http.exchange import Answer, host_of
from pennsieve_agent.platform.http.values import as_text, loads
from pennsieve_agent.platform.http.who_may import who_may

_LONGEST_REASON = 300
_TOKENS = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*|(?:Bearer|Callback)\s+[^\s'\"]+")
_HANDLER = re.compile(r"[A-Z]\w+: (?=\S)")
_SINGLE_QUOTED = re.compile(
    r"\{'message':\s*'(?P<reason>.*?)(?:\s*\(requestID:[^)]*\))?'\}", re.DOTALL
)
_WEB_PAGE_HINT = (
    "the answer is a web page: check the hosts of the profile, and whether a proxy answers in its "
    "place"
)
_LOGIN_HINT = "type: pennsieve login"
_ASK_HINT = "ask an owner or manager for this right"

_KINDS: dict[int, tuple[type[PlatformError], str, str | None]] = {
    400: (Invalid, "Pennsieve rejected the request", None),
    403: (Forbidden, "Pennsieve does not allow this", _ASK_HINT),
    404: (NotFound, "Pennsieve does not know this, or hides it from you", None),
    407: (PlatformError, "a proxy asks for a name and password", "check HTTPS_PROXY"),
    409: (Conflict, "Pennsieve cannot do this now", None),
    412: (Conflict, "it was changed by somebody else in the meantime", "check it and try again"),
    422: (Invalid, "Pennsieve rejected the request", None),
    423: (Conflict, "it is locked", "wait until Pennsieve has unlocked it"),
    429: (RateLimited, "Pennsieve asks to slow down", "try again later"),
}


def failure(answer: Answer) -> AgentError:
    """The error for an answer that is not a success. Its message never holds a token."""
    status, text = answer.status, reason(answer.body)
    hint = _WEB_PAGE_HINT if is_web_page(answer.body) else None
    if status == 401:  # noqa: PLR2004 - the status is the word
        return _unauthorised(answer, text)
    if status in _KINDS:
        kind, sentence, usual_hint = _KINDS[status]
        hint = hint or (kind is Forbidden and who_may(answer.where)) or usual_hint
    elif 300 <= status < 400:  # noqa: PLR2004 - redirects
        kind, sentence = PlatformError, f"{_host(answer)} redirected to another address ({status})"
        hint = hint or "check the hosts of the profile"
    elif status >= 500:  # noqa: PLR2004 - the server's own failures
        kind, sentence = PlatformError, f"Pennsieve failed ({status})"
        hint = hint or "try again in a few minutes"
    else:
        kind, sentence = PlatformError, f"Pennsieve answered {status}"
    message = f"{sentence}: {text}" if text else sentence
    return kind(message, where=answer.where, hint=hint, status=status)


def _unauthorised(answer: Answer, text: str) -> AgentError:
    if is_token_refusal(answer):
        return NotSignedIn(
            "Pennsieve does not accept this session", where=answer.where, hint=_LOGIN_HINT
        )
    # Some services say 401 where they mean "not allowed" (core.md 0.3 d, section 8 trap 10).
    message = f"Pennsieve does not allow this{f': {text}' if text else ''}"
    hint = _WEB_PAGE_HINT if is_web_page(answer.body) else who_may(answer.where) or _ASK_HINT
    return Forbidden(message, where=answer.where, hint=hint, status=answer.status)


def is_token_refusal(answer: Answer) -> bool:
    """Whether a gateway refused the token itself, so that signing in again may help.

    An expired token is a 403 ``Forbidden`` with a capital F on api2; any other 403 text is a real
    answer about rights (``contracts/resources.md`` section 6, trap 13). The gateway of v1 answers
    401 or 403 with ``Unauthorized.`` or nothing at all (``contracts/core.md`` 1.8).
    """
    if answer.status == 401:  # noqa: PLR2004 - the status is the word
        return reason(answer.body) in {"Unauthorized", ""} and not is_web_page(answer.body)
    if answer.status == 403:  # noqa: PLR2004 - the status is the word
        return not answer.body.strip() or _exact_message(answer.body) == "Forbidden"
    return False


def _exact_message(body: bytes) -> str | None:
    try:
        value = loads(body)
    except ValueError:
        return None
    return value.get("message") if isinstance(value, dict) else None


def is_web_page(body: bytes) -> bool:
    """Whether a body is HTML or XML."""
    return body[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def reason(body: bytes) -> str:
    """What a refusal says, as one line without a full stop; "" when it says nothing readable."""
    text = body.decode("utf-8", "replace").strip()
    if not text or is_web_page(body):
        return ""
    try:
        return clean(_said(loads(text)))
    except ValueError:
        pass
    if quoted := _SINGLE_QUOTED.fullmatch(text):
        return clean(quoted["reason"])
    if text[0] in "{[":
        return ""
    handler = _HANDLER.match(text)
    return clean(text[handler.end() :] if handler else text)


def _said(value: object) -> str:
    for _ in range(3):
        if not isinstance(value, dict):
            break
        named = {str(key).casefold(): item for key, item in value.items()}
        value = next((named[key] for key in ("message", "error") if named.get(key)), None)
    return as_text(value) or ""


def clean(text: str) -> str:
    """A server's text as one printable line: no control characters, no tokens, not too long."""
    printable = "".join(c if c.isprintable() else " " for c in _TOKENS.sub("[token]", text))
    line = " ".join(printable.split()).rstrip(".")
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"


def _host(answer: Answer) -> str:
    return host_of(answer.where.partition(" ")[2])
