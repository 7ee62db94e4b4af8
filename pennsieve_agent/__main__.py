"""The program's entry point."""

from __future__ import annotations

import contextlib
import gc
import os
import sys

_INTERRUPTED = 130
"""As in ``errors.ExitCode``, which is not loaded yet where this is needed."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:  # a second one
        code = _INTERRUPTED
    if code == _INTERRUPTED:
        # Libraries leave threads behind, such as GitPython's that ends a slow git after minutes,
        # and an ordinary exit would wait for them. Everything that was opened is closed already.
        os._exit(code)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    from pennsieve_agent.console import descriptors  # noqa: PLC0415 - as all here: loaded late

    descriptors.fill()
    if "_PENNSIEVE_COMPLETE" in os.environ:
        from pennsieve_agent.cli.boundary import complete  # noqa: PLC0415 - as below

        return complete(arguments)
    if arguments == ["--version"]:
        from pennsieve_agent import __version__  # noqa: PLC0415 - nothing else is needed

        # Where that fails, the way of all other commands says why.
        with contextlib.suppress(OSError):
            descriptors.stdout().write(f"pennsieve {__version__}\n")
            return 0
    # Imports make objects that live as long as the program: looking through them for garbage again
    # and again takes a twentieth of a short command's time.
    gc.set_threshold(50_000, 20, 20)
    try:
        from pennsieve_agent.cli.boundary import run  # noqa: PLC0415 - keeps --version instant
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was changed\n")
        return _INTERRUPTED
    return run(arguments)


if __name__ == "__main__":
    main()
