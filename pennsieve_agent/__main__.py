"""The program's entry point."""

from __future__ import annotations

import gc
import os
import sys

_INTERRUPTED = 130
"""As in ``errors.ExitCode``, which is not loaded yet where this is needed."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    arguments = sys.argv[1:]
    if "_PENNSIEVE_COMPLETE" in os.environ:
        from pennsieve_agent.cli.boundary import complete  # noqa: PLC0415 - as below

        sys.exit(complete(arguments))
    if arguments == ["--version"]:
        from pennsieve_agent import __version__  # noqa: PLC0415 - nothing else is needed

        sys.stdout.write(f"pennsieve {__version__}\n")
        return
    # Imports make objects that live as long as the program: looking through them for garbage again
    # and again takes a twentieth of a short command's time.
    gc.set_threshold(50_000, 20, 20)
    try:
        from pennsieve_agent.cli.boundary import run  # noqa: PLC0415 - keeps --version instant
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was changed\n")
        sys.exit(_INTERRUPTED)
    code = run(arguments)
    if code == _INTERRUPTED:
        # Libraries leave threads behind, such as GitPython's that ends a slow git after minutes,
        # and an ordinary exit would wait for them. Everything that was opened is closed already.
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
