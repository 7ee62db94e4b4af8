"""Pennsieve, as the rest of the program sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Self

from pennsieve_agent.domain.profile import ApiKey, Hosts, Identity, User
from pennsieve_agent.domain.sign_in import KeptTokens
from pennsieve_agent.platform.http.auth import Session
from pennsieve_agent.platform.http.network import Network
from pennsieve_agent.platform.http.surface import Surface
from pennsieve_agent.platform.http.transport import Transport, pause, silent
from pennsieve_agent.platform.people.identity import read_identity, read_user

if TYPE_CHECKING:
    from pennsieve_agent.platform.compute.layers import Layers
    from pennsieve_agent.platform.compute.metrics import Metrics
    from pennsieve_agent.platform.compute.node_secrets import NodeSecrets
    from pennsieve_agent.platform.compute.node_sharing import NodeSharings
    from pennsieve_agent.platform.compute.nodes import Compute
    from pennsieve_agent.platform.data.assets import Assets
    from pennsieve_agent.platform.data.datasets import Datasets
    from pennsieve_agent.platform.data.downloads import Downloads
    from pennsieve_agent.platform.data.packages import Packages
    from pennsieve_agent.platform.data.uploads import Uploads
    from pennsieve_agent.platform.people.collaborators import DatasetPeople
    from pennsieve_agent.platform.people.integrations import Integrations
    from pennsieve_agent.platform.people.people import People
    from pennsieve_agent.platform.people.webhooks import Webhooks
    from pennsieve_agent.platform.workflows.applications import Applications
    from pennsieve_agent.platform.workflows.github import GitHub
    from pennsieve_agent.platform.workflows.runs import Runs
    from pennsieve_agent.platform.workflows.workflows import Workflows


class Platform:
    """A session with Pennsieve. Nothing is sent before the first question.

    ``kept`` has the tokens of earlier commands. ``now`` is unix seconds. ``note`` gets a sentence
    whenever a call has to wait or is repeated. ``changing`` is told before a call that changes
    something.
    Use it with ``with``, or call :meth:`close`.
    """

    def __init__(  # noqa: PLR0913 - what a client depends on, each injected by tests
        self,
        hosts: Hosts,
        key: ApiKey,
        *,
        network: Network | None = None,
        kept: KeptTokens | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = pause,
        note: Callable[[str], None] = silent,
        changing: Callable[[], None] = lambda: None,
    ) -> None:
        self._transport = Transport(hosts, network=network, now=now, sleep=sleep, note=note)
        self._session = Session(hosts, key, self._transport, now, kept)
        self.upload_bucket = hosts.upload_bucket
        """The bucket that data targets of a run are told; empty where it is not known."""
        self._v1 = Surface(hosts.api, self._transport, self._session, changing)
        self._v2 = Surface(hosts.api2, self._transport, self._session, changing)
        self._sleep = sleep
        self._note = note

    def __enter__(self) -> Self:
        """Answer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def identity(self) -> Identity:
        """Who is signed in, in which workspace, until when.

        Route: GET v1 /user
        Route: GET v1 /organizations

        Raises:
            NotSignedIn: the key or its secret was refused.

        """
        return read_identity(self._v1, self._session.tokens())

    def user(self) -> User:
        """Who is signed in; a question less than :meth:`identity`.

        Route: GET v1 /user
        """
        return read_user(self._v1)

    def workspace_id(self) -> str:
        """The node id of the key's workspace; needs no more than a sign-in."""
        return self._session.tokens().workspace_id

    # Each command needs one or two of these, so each is imported when it is asked for.

    @cached_property
    def datasets(self) -> Datasets:
        """Datasets and their files."""
        from pennsieve_agent.platform.data.datasets import Datasets  # noqa: PLC0415 - see above

        return Datasets(self._v1, self._note)

    @cached_property
    def integrations(self) -> Integrations:
        """The integrations that are workflows' own identities."""
        from pennsieve_agent.platform.people.integrations import Integrations  # noqa: PLC0415 - see above

        return Integrations(self._v1)

    @cached_property
    def compute(self) -> Compute:
        """AWS accounts and compute nodes."""
        from pennsieve_agent.platform.compute.nodes import Compute  # noqa: PLC0415 - see above

        return Compute(self._v2, self._sleep, self._note)

    @cached_property
    def applications(self) -> Applications:
        """Registered repositories."""
        from pennsieve_agent.platform.workflows.applications import Applications  # noqa: PLC0415 - see above

        return Applications(self._v2)

    @cached_property
    def workflows(self) -> Workflows:
        """Workflow definitions."""
        from pennsieve_agent.platform.workflows.workflows import Workflows  # noqa: PLC0415 - see above

        return Workflows(self._v2)

    @cached_property
    def runs(self) -> Runs:
        """Runs."""
        from pennsieve_agent.platform.workflows.runs import Runs  # noqa: PLC0415 - see above

        return Runs(self._v2, self.workspace_id, self._sleep)

    @cached_property
    def downloads(self) -> Downloads:
        """Where the files of a dataset can be fetched."""
        from pennsieve_agent.platform.data.downloads import Downloads  # noqa: PLC0415 - see above

        return Downloads(self._v2)

    @cached_property
    def uploads(self) -> Uploads:
        """The manifests by which files get into a dataset."""
        from pennsieve_agent.platform.data.uploads import Uploads  # noqa: PLC0415 - see above

        return Uploads(self._v2)

    @cached_property
    def packages(self) -> Packages:
        """Folders and packages, and the files in them."""
        from pennsieve_agent.platform.data.packages import Packages  # noqa: PLC0415 - see above

        return Packages(self._v1, self._v2)

    @cached_property
    def collaborators(self) -> DatasetPeople:
        """Who is on a dataset."""
        from pennsieve_agent.platform.people.collaborators import DatasetPeople  # noqa: PLC0415 - see above

        return DatasetPeople(self._v1)

    @cached_property
    def people(self) -> People:
        """Members and teams of workspaces."""
        from pennsieve_agent.platform.people.people import People  # noqa: PLC0415 - see above

        return People(self._v1)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Webhooks of the workspace."""
        from pennsieve_agent.platform.people.webhooks import Webhooks  # noqa: PLC0415 - see above

        return Webhooks(self._v1)

    @cached_property
    def node_sharing(self) -> NodeSharings:
        """Who may use a compute node."""
        from pennsieve_agent.platform.compute.node_sharing import NodeSharings  # noqa: PLC0415 - see above

        return NodeSharings(self._v2)

    @cached_property
    def node_secrets(self) -> NodeSecrets:
        """Secrets of a compute node, and the code it may run."""
        from pennsieve_agent.platform.compute.node_secrets import NodeSecrets  # noqa: PLC0415 - see above

        return NodeSecrets(self._v2)

    @cached_property
    def layers(self) -> Layers:
        """Layers of a compute node."""
        from pennsieve_agent.platform.compute.layers import Layers  # noqa: PLC0415 - see above

        return Layers(self._v2)

    @cached_property
    def metrics(self) -> Metrics:
        """Totals of runs."""
        from pennsieve_agent.platform.compute.metrics import Metrics  # noqa: PLC0415 - see above

        return Metrics(self._v2)

    @cached_property
    def github(self) -> GitHub:
        """Repositories on GitHub and their releases."""
        from pennsieve_agent.platform.workflows.github import GitHub  # noqa: PLC0415 - see above

        return GitHub(self._v2)

    @cached_property
    def assets(self) -> Assets:
        """Viewer assets of datasets."""
        from pennsieve_agent.platform.data.assets import Assets  # noqa: PLC0415 - see above

        return Assets(self._v2)
