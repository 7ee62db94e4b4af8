"""Rows that several parts look up."""

from __future__ import annotations

from pennsieve_agent.sandbox.host.store import Row, Store


def find_account(store: Store, uuid: str) -> Row | None:
    """An account's row."""
    return store.row("SELECT * FROM compute_accounts WHERE uuid = ?", (uuid,))


def find_enablement(store: Store, account_uuid: str, organization_id: str) -> Row | None:
    """An account's enablement for a workspace."""
    return store.row(
        "SELECT * FROM compute_enablements WHERE account_uuid = ? AND organization_id = ?",
        (account_uuid, organization_id),
    )


def find_node(store: Store, uuid: str) -> Row | None:
    """A compute node's row."""
    return store.row("SELECT * FROM compute_nodes WHERE uuid = ?", (uuid,))


def find_run(store: Store, uuid: str) -> Row | None:
    """A run's row."""
    return store.row("SELECT * FROM workflow_runs WHERE uuid = ?", (uuid,))


def find_definition(store: Store, uuid: str) -> Row | None:
    """A workflow definition's row; ``published`` says whether every workspace may use it."""
    return store.row(
        "SELECT d.*, EXISTS (SELECT 1 FROM workflow_published WHERE definition_uuid = d.uuid)"
        " AS published FROM workflow_definitions d WHERE d.uuid = ?",
        (uuid,),
    )
