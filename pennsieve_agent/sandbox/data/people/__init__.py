"""The signed-in person, workspaces, members, teams, integrations and messages of the sandbox.

:mod:`.directory` holds people, workspaces and keys; the others are the routes about them.
"""
