"""GitHub, as the platform's integration with it shows it (``contracts/workflows.md`` 1.9).

Nothing here goes to the network. A bare repository in ``<data>/github/<owner>/<repo>.git`` is a
repository on the sandbox's GitHub: it is listed with its tags as releases, and
``https://github.com/<owner>/<repo>`` means that folder (:func:`local_path`), so that an address
can be registered here as it would be registered on the hosted platform.

    git clone --bare my-workflow ~/.pennsieve/sandbox/github/lab/my-workflow.git

Nobody is connected from the start (:mod:`.connection`). Left out: the authorization in a browser,
in whose place is ``sandbox user connect``, and what only the real GitHub does, such as sending
release events.
"""

from __future__ import annotations

from pennsieve_agent.sandbox.data.github.github_routes import GitHub
from pennsieve_agent.sandbox.data.github.repositories import local_path

__all__ = ["GitHub", "local_path"]
