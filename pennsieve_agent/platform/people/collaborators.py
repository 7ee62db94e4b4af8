"""Who is on a dataset (v1, ``contracts/core.md`` 3.3). Changing it takes a manager."""

from __future__ import annotations

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.sharing import Collaborator, Collaborators
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.surface import Surface, segment

_ASSIGNABLE = (Role.VIEWER, Role.EDITOR, Role.MANAGER)


class DatasetPeople:
    """The people, the teams and the workspace on a dataset."""

    def __init__(self, v1: Surface) -> None:
        self._v1 = v1

    def get(self, dataset_id: str) -> Collaborators:
        """Everybody on a dataset, for its viewers.

        Route: GET v1 /datasets/{id}/collaborators/users
        Route: GET v1 /datasets/{id}/collaborators/teams
        Route: GET v1 /datasets/{id}/collaborators/organizations

        Raises:
            NotFound: there is no such dataset, or the user has no role on it.

        """
        users = self._v1.get_records(_path(dataset_id, "users"))
        teams = self._v1.get_records(_path(dataset_id, "teams"))
        workspace = self._v1.get_record(_path(dataset_id, "organizations"))
        return Collaborators(
            users=tuple(_collaborator(row) for row in users),
            teams=tuple(_collaborator(row) for row in teams),
            workspace_role=Role.of(workspace.text("role") or Role.NONE),
        )

    def set_user(self, dataset_id: str, user_id: str, role: Role) -> None:
        """Put a member of the workspace on a dataset, or change their role.

        Route: PUT v1 /datasets/{id}/collaborators/users

        On api2 it works after five minutes at the latest (``core.md`` section 8, trap 8).

        Raises:
            NotFound: the person is not in the workspace.
            Forbidden: the user is not a manager, or the person is the dataset's owner.

        """
        body = {"id": user_id, "role": _assignable(role)}
        self._v1.call("PUT", _path(dataset_id, "users"), body=body)

    def remove_user(self, dataset_id: str, user_id: str) -> None:
        """Take a person from a dataset.

        Route: DELETE v1 /datasets/{id}/collaborators/users
        """
        self._v1.call("DELETE", _path(dataset_id, "users"), body={"id": user_id})

    def set_team(self, dataset_id: str, team_id: str, role: Role) -> None:
        """Put a team on a dataset, or change its role.

        Route: PUT v1 /datasets/{id}/collaborators/teams

        Raises:
            Invalid: it is a team of the platform, as the publishers.
            Forbidden: the user is not a manager.

        """
        body = {"id": team_id, "role": _assignable(role)}
        self._v1.call("PUT", _path(dataset_id, "teams"), body=body)

    def remove_team(self, dataset_id: str, team_id: str) -> None:
        """Take a team from a dataset.

        Route: DELETE v1 /datasets/{id}/collaborators/teams
        """
        self._v1.call("DELETE", _path(dataset_id, "teams"), body={"id": team_id})

    def set_workspace(self, dataset_id: str, role: Role) -> None:
        """Give every member of the workspace a role on a dataset.

        Route: PUT v1 /datasets/{id}/collaborators/organizations

        Raises:
            Forbidden: the user is not a manager.

        """
        body = {"role": _assignable(role)}
        self._v1.call("PUT", _path(dataset_id, "organizations"), body=body)

    def remove_workspace(self, dataset_id: str) -> None:
        """Take that back.

        Route: DELETE v1 /datasets/{id}/collaborators/organizations
        """
        self._v1.delete(_path(dataset_id, "organizations"))

    def set_owner(self, dataset_id: str, user_id: str) -> None:
        """Give a dataset to another member of the workspace; only its owner may. Sends mail.

        Route: PUT v1 /datasets/{id}/collaborators/owner

        Raises:
            Forbidden: the user is not the owner.

        """
        self._v1.call("PUT", _path(dataset_id, "owner"), body={"id": user_id}, repeatable=False)

    def invite(self, dataset_id: str, email: str, role: Role, message: str = "") -> None:
        """Invite somebody from outside to a dataset, as a guest of the workspace. Sends mail.

        Route: PUT v1 /datasets/{id}/collaborators/external

        Sent once, as each one makes an account or an invitation.

        Raises:
            Forbidden: the user is not a manager.

        """
        # Here the field "id" holds the e-mail address.
        body = {"id": email, "role": _assignable(role)} | ({"message": message} if message else {})
        self._v1.call("PUT", _path(dataset_id, "external"), body=body, repeatable=False)


def _path(dataset_id: str, kind: str) -> str:
    return f"/datasets/{segment(dataset_id)}/collaborators/{kind}"


def _assignable(role: Role) -> str:
    if role not in _ASSIGNABLE:
        words = ", ".join(_ASSIGNABLE)
        raise UsageProblem("that role cannot be given", hint=f"give one of {words}")
    return role.value


def _collaborator(row: Fields) -> Collaborator:
    whole = f"{row.text('firstName')} {row.text('lastName')}".strip()
    return Collaborator(
        id=row.need_text("id"),
        name=row.text("name") or whole or row.text("email"),
        role=Role.of(row.text("role")),
        email=row.text("email"),
    )
