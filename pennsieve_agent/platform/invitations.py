"""Invitations that nobody has followed yet (v1, ``contracts/core.md`` 6.1); for administrators.

They are made by :meth:`pennsieve_agent.platform.people.People.invite`.
"""

from __future__ import annotations

from pennsieve_agent.domain.people import Invitation
from pennsieve_agent.platform.decode import Fields
from pennsieve_agent.platform.surface import Surface, segment
from pennsieve_agent.platform.times import iso

# Named here because inside the class below "list" is the method.
_Invitations = list[Invitation]


class Invitations:
    """The pending invitations of a workspace."""

    def __init__(self, v1: Surface) -> None:
        self._v1 = v1

    def list(self, organization_id: str) -> _Invitations:
        """All pending invitations, by e-mail address.

        Route: GET v1 /organizations/{id}/invites

        The contract does not say what one looks like: nothing but its id is relied on.

        Raises:
            Forbidden: the user is not an administrator.

        """
        invitations = map(_invitation, self._v1.get_records(_path(organization_id)))
        return sorted(
            invitations, key=lambda invitation: (invitation.email.casefold(), invitation.id)
        )

    def resend(self, organization_id: str, invitation_id: str) -> None:
        """Invite once more. Sends mail, and is sent once.

        Route: PUT v1 /organizations/{id}/invites/{invite}

        Raises:
            NotFound: there is no such invitation.
            Forbidden: the user is not an administrator.

        """
        path = f"{_path(organization_id)}/{segment(invitation_id)}"
        self._v1.call("PUT", path, repeatable=False)

    def cancel(self, organization_id: str, invitation_id: str) -> None:
        """Take an invitation back.

        Route: DELETE v1 /organizations/{id}/invites/{invite}

        Raises:
            NotFound: there is no such invitation.
            Forbidden: the user is not an administrator.

        """
        self._v1.delete(f"{_path(organization_id)}/{segment(invitation_id)}")


def _path(organization_id: str) -> str:
    return f"/organizations/{segment(organization_id)}/invites"


def _invitation(row: Fields) -> Invitation:
    whole = f"{row.text('firstName')} {row.text('lastName')}".strip()
    email = row.text("email")
    return Invitation(
        id=row.need_text("id"),
        email=email,
        name=whole or email,
        valid_until=iso(row.raw("validUntil")),
    )
