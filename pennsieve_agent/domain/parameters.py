"""Parameters of a workflow step: what they may be, and checking what was given.

Every value is text on the wire (``contracts/workflows.md`` 3.1); a parameter's type says which
texts are allowed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pennsieve_agent.domain.server_word import ServerWord


class ParameterType(ServerWord):
    """Types of the manifest schema (``contracts/workflows.md`` 1.8)."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ENUM = "enum"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. ``default`` None means a run must give a value."""

    name: str
    type: ParameterType = ParameterType.STRING
    default: str | None = None
    label: str = ""
    description: str = ""
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def normalise(self, value: str) -> str:
        """The value as it is sent.

        Raises:
            ValueError: the value does not fit; the message is a phrase such as
                "must be a number, not 'ten'".

        """
        match self.type:
            case ParameterType.NUMBER:
                return self._number(value)
            case ParameterType.BOOLEAN:
                return self._boolean(value)
            case ParameterType.ENUM | ParameterType.STRING | ParameterType.UNKNOWN:
                if self.allowed and value not in self.allowed:
                    raise ValueError(f"must be one of {', '.join(self.allowed)}, not {value!r}")
                return value

    def _number(self, value: str) -> str:
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"must be a number, not {value!r}") from None
        if not math.isfinite(number):
            raise ValueError(f"must be a finite number, not {value!r}")
        if self.minimum is not None and number < self.minimum:
            raise ValueError(f"must be at least {self.minimum:g}, not {value}")
        if self.maximum is not None and number > self.maximum:
            raise ValueError(f"must be at most {self.maximum:g}, not {value}")
        return value.strip()

    def _boolean(self, value: str) -> str:
        text = value.strip().casefold()
        if text in {"true", "yes", "1", "on"}:
            return "true"
        if text in {"false", "no", "0", "off"}:
            return "false"
        raise ValueError(f"must be true or false, not {value!r}")
