"""The platform's integration with GitHub (v2, ``contracts/workflows.md`` 1.9).

It makes releases applications or publications by themselves. Connecting an account takes a browser
and the platform's GitHub app; everything here works on an account that is connected.
"""

from __future__ import annotations

from collections.abc import Iterable

from pennsieve_agent.domain.github import (
    GitHubAccount,
    Installation,
    Repository,
    RepositoryPage,
    Tracking,
)
from pennsieve_agent.errors import NotFound, UsageProblem
from pennsieve_agent.platform.http.decode import Fields, parse
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.workflows.github_codec import (
    decode_account,
    decode_installation,
    decode_repository,
    decode_tracking,
)

PAGE = 25
MOST_IN_PAGE = 100
DESTINATIONS = ("discover", "appstore")

_ACCOUNT = "/accounts/github/user"


class GitHub:
    """The user's repositories on GitHub and what becomes of their releases."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def repositories(self, page: int = 1, size: int = PAGE, name: str = "") -> RepositoryPage:
        """A page of repositories, counted from 1; those with ``name`` in ``owner/name``.

        Route: GET v2 /repositories

        Raises:
            UsageProblem: there is no such page, or it would hold none or more than 100.

        """
        if page < 1 or not 1 <= size <= MOST_IN_PAGE:
            raise UsageProblem(
                "there is no such page of repositories",
                hint=f"count pages from 1, and ask for 1 to {MOST_IN_PAGE} repositories",
            )
        query = {"page": page, "size": size, "name": name or None}
        reply = self._v2.get_record("/repositories", query)
        repositories = tuple(decode_repository(row) for row in reply.records("repos"))
        total = reply.integer("total")
        return RepositoryPage(repositories, page, len(repositories) if total is None else total)

    def repository(self, owner: str, name: str) -> Repository:
        """One repository with its releases.

        Route: GET v2 /repository/{owner}/{repo}

        Raises:
            NotFound: there is none, or the platform's app does not see it.

        """
        return decode_repository(self._v2.get_record(_path(owner, name)))

    def set_publishing(self, url: str, *, to_discover: bool, to_app_store: bool) -> Tracking:
        """Say where the releases of a repository go from now on; both are set, each time.

        Route: POST v2 /repositories

        Only what is released after that is taken.

        Raises:
            NotFound: there is no such repository.

        """
        body = {
            "url": url,
            "publish_to_discover": to_discover,
            "publish_to_appstore": to_app_store,
        }
        answer = self._v2.call("POST", "/repositories", body=body, repeatable=True)
        return decode_tracking(Fields(parse(answer), answer.where), url)

    def publish(self, owner: str, name: str, label: str, destinations: Iterable[str] = ()) -> None:
        """Ask for one release to be published now. Sent once.

        Route: POST v2 /repository/{owner}/{repo}/publish

        The platform takes the destinations and does not keep to them (1.9).

        Raises:
            UsageProblem: no release was named, or a destination is not one.
            NotFound: there is no such repository or release.

        """
        services = list(destinations)
        if not label or not set(services) <= set(DESTINATIONS):
            raise UsageProblem(
                "a release has a name, and goes to Discover or to the app store",
                hint=f"name the release, and as destinations {' or '.join(DESTINATIONS)}",
            )
        body = {"label": label} | ({"destinations": services} if services else {})
        self._v2.call("POST", f"{_path(owner, name)}/publish", body=body)

    def account(self) -> GitHubAccount | None:
        """The account that is connected; None when there is none.

        Route: GET v2 /accounts/github/user
        """
        try:
            return decode_account(self._v2.get_record(_ACCOUNT))
        except NotFound:
            return None

    def disconnect(self) -> None:
        """Disconnect the account; it is connected again in the web app.

        Route: DELETE v2 /accounts/github/user
        """
        self._v2.delete(_ACCOUNT)

    def installations(self) -> tuple[Installation, ...]:
        """Where the platform's GitHub app is installed.

        Route: GET v2 /github/installations
        """
        records = self._v2.get_record("/github/installations").records("installations")
        return tuple(decode_installation(row) for row in records)


def _path(owner: str, name: str) -> str:
    return f"/repository/{segment(owner)}/{segment(name)}"
