r"""The patterns of AWS's models, which are written for Java, as Python's regular expressions.

AWS matches a whole value, whether or not the pattern has anchors, and its ``\w`` and ``\d`` are
those of ASCII (Java, "Pattern"; AWS's answers name the pattern that a value does not match).
"""

from __future__ import annotations

import functools
import re

_SEPARATORS = (
    "\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"  # Unicode's class Z
)
_TAG_CHARACTERS = r"\p{L}\p{Z}\p{N}_"
"""How almost all services write the characters of tags: letters, spaces, digits."""
_TRANSLATIONS = (
    # Python's \w is Unicode's letters, its numbers, and the underscore.
    (_TAG_CHARACTERS, rf"\w{_SEPARATORS}"),
    # Characters above U+FFFF, which Java has in pairs.
    (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"),
)
_RANGE_FROM_CLASS = re.compile(r"(\\[wds])-")
"""A hyphen after a class, which Java takes for itself, and Python for a wrong range."""

_CATEGORIES = "it names categories of characters that Python's expressions do not know"
NOT_HELD = {
    ("budgets", "BudgetName"): "it turns off upper and lower case in its middle; Python cannot",
    ("cloudwatch", "DefinitionPath"): _CATEGORIES,
    ("dynamodb", "AutoScalingPolicyName"): _CATEGORIES,
    ("ssm", "AzureApplicationDisplayName"): _CATEGORIES,
    ("ssm", "AzureSubscriptionDisplayName"): _CATEGORIES,
    ("ssm", "AzureTenantDisplayName"): _CATEGORIES,
    ("ssm", "CloudConnectorDescription"): _CATEGORIES,
    ("ssm", "DisplayName"): _CATEGORIES,
    ("ssm", "GcpProjectDisplayName"): _CATEGORIES,
}
"""Patterns that values are not held to: botocore's service, the shape, and the reason.

All others of the services that the account emulates are held; the tests say that this list has
neither more nor less than what Python cannot compile or AWS itself does not keep to.
"""


@functools.cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """A pattern as Python's; None where Python has no way to say it."""
    text = pattern
    for java, python in _TRANSLATIONS:
        text = text.replace(java, python)
    flags = re.NOFLAG if text != pattern and _TAG_CHARACTERS in pattern else re.ASCII
    try:
        return re.compile(_RANGE_FROM_CLASS.sub(r"\1\\-", text), flags)
    except re.error:
        return None
