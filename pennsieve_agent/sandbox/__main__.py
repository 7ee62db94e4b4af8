"""The sandbox's process: ``python -m pennsieve_agent.sandbox --data DIR``."""

from __future__ import annotations

import sys

from pennsieve_agent.sandbox.host.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
