"""The tables of the compute part."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS compute_accounts (
    uuid TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    account_type TEXT NOT NULL,
    role_name TEXT NOT NULL,
    external_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    UNIQUE (user_id, account_id)
);
CREATE TABLE IF NOT EXISTS compute_enablements (
    account_uuid TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    is_public INTEGER NOT NULL,
    enable_compute INTEGER NOT NULL,
    enable_storage INTEGER NOT NULL,
    enabled_by TEXT NOT NULL,
    enabled_at INTEGER NOT NULL,
    PRIMARY KEY (account_uuid, organization_id)
);
CREATE TABLE IF NOT EXISTS compute_nodes (
    uuid TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    account_uuid TEXT NOT NULL,
    account_id TEXT NOT NULL,
    account_type TEXT NOT NULL,
    created_at TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    workflow_manager_tag TEXT NOT NULL,
    image TEXT NOT NULL,
    image_tag TEXT NOT NULL,
    deployment_mode TEXT NOT NULL,
    enable_llm INTEGER NOT NULL,
    llm_baa INTEGER NOT NULL,
    max_gpu INTEGER NOT NULL,
    gpu_tier TEXT NOT NULL,
    max_interactive INTEGER NOT NULL,
    status TEXT NOT NULL,
    processors TEXT NOT NULL DEFAULT '[]',
    checked_at TEXT NOT NULL DEFAULT '',
    task TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS compute_node_places (
    node_uuid TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    gateway TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS compute_node_health (
    node_uuid TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    issues TEXT NOT NULL,
    checked_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS compute_node_access (
    entity_id TEXT NOT NULL,
    node_uuid TEXT NOT NULL,
    access_type TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    PRIMARY KEY (entity_id, node_uuid)
);
CREATE TABLE IF NOT EXISTS compute_layers (
    node_uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'EMPTY',
    size INTEGER NOT NULL DEFAULT 0,
    files INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    last_accessed TEXT NOT NULL DEFAULT '',
    builder TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (node_uuid, name)
);
CREATE TABLE IF NOT EXISTS app_archived (
    app_uuid TEXT PRIMARY KEY
);
CREATE TABLE IF NOT EXISTS app_store (
    uuid TEXT PRIMARY KEY,
    source_url TEXT NOT NULL UNIQUE,
    source_type TEXT NOT NULL,
    is_private INTEGER NOT NULL,
    visibility TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    about TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS app_access (
    entity_id TEXT NOT NULL,
    app_uuid TEXT NOT NULL,
    access_type TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    PRIMARY KEY (entity_id, app_uuid)
);
CREATE TABLE IF NOT EXISTS app_versions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    app_uuid TEXT NOT NULL,
    version TEXT NOT NULL,
    release_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    status TEXT NOT NULL,
    about TEXT NOT NULL DEFAULT '{}',
    backend TEXT NOT NULL DEFAULT '',
    reference TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS app_versions_of ON app_versions (app_uuid, version);
CREATE TABLE IF NOT EXISTS app_images (
    digest TEXT PRIMARY KEY,
    version_uuid TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS app_images_of ON app_images (version_uuid);
CREATE TABLE IF NOT EXISTS archived_programs (
    sha256 TEXT NOT NULL,
    backend TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (sha256, backend)
);
CREATE TABLE IF NOT EXISTS app_deployments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    version_uuid TEXT NOT NULL,
    initiated_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    started_at TEXT NOT NULL DEFAULT '',
    stopped_at TEXT NOT NULL DEFAULT '',
    last_status TEXT NOT NULL,
    stopped_reason TEXT NOT NULL DEFAULT '',
    errored INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS app_deployments_of ON app_deployments (version_uuid);
CREATE TABLE IF NOT EXISTS app_assets (
    version_uuid TEXT NOT NULL,
    file TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (version_uuid, file)
);
CREATE TABLE IF NOT EXISTS workflow_definitions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    summary TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    nodes TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS workflow_published (
    definition_uuid TEXT PRIMARY KEY,
    published_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS workflow_runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    workflow_uuid TEXT NOT NULL,
    workflow_name TEXT NOT NULL,
    node_uuid TEXT NOT NULL,
    dataset_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    org_int_id INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    user_int_id INTEGER NOT NULL,
    email TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT NOT NULL DEFAULT '',
    completed_at TEXT NOT NULL DEFAULT '',
    dag TEXT NOT NULL,
    request TEXT NOT NULL,
    outputs TEXT NOT NULL DEFAULT '{}',
    token_hash TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS workflow_runs_by_status ON workflow_runs (status);
CREATE INDEX IF NOT EXISTS workflow_runs_of_org ON workflow_runs (organization_id, seq);
CREATE INDEX IF NOT EXISTS workflow_runs_of_org_status
    ON workflow_runs (organization_id, status, seq);
CREATE INDEX IF NOT EXISTS workflow_runs_of_flow
    ON workflow_runs (organization_id, workflow_uuid, seq);
CREATE INDEX IF NOT EXISTS workflow_runs_counted_of_org ON workflow_runs (
    organization_id, created_at, status, started_at, completed_at, created_by, workflow_uuid, uuid
);
CREATE INDEX IF NOT EXISTS workflow_runs_counted_of_flow ON workflow_runs (
    workflow_uuid, created_at, status, started_at, completed_at
);
CREATE TABLE IF NOT EXISTS workflow_run_sources (
    source_url TEXT NOT NULL,
    run_uuid TEXT NOT NULL,
    PRIMARY KEY (source_url, run_uuid)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS workflow_steps (
    run_uuid TEXT NOT NULL,
    node_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    status TEXT NOT NULL,
    started_at TEXT NOT NULL DEFAULT '',
    completed_at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_uuid, node_id)
);
CREATE TABLE IF NOT EXISTS workflow_sessions (
    run_uuid TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    refresh TEXT NOT NULL
);
"""
