"""The program's entry point."""

from __future__ import annotations

import contextlib
import gc
import os
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        sys.exit(_run(sys.argv[1:]))
    except KeyboardInterrupt:  # while this program was still being loaded, or a second one
        sys.exit(130)


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
    from pennsieve_agent.cli.boundary import run  # noqa: PLC0415 - keeps --version instant

    return run(arguments)


if __name__ == "__main__":
    main()
