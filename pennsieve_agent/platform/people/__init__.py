"""The signed-in person, members, teams, collaborators and integrations (``contracts/core.md``)."""
