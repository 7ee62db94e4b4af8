"""The tables of people, datasets, files and integrations. Times are unix seconds."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS workspaces (
  int_id INTEGER PRIMARY KEY AUTOINCREMENT,
  node_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS users (
  int_id INTEGER PRIMARY KEY AUTOINCREMENT,
  node_id TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  is_integration INTEGER NOT NULL DEFAULT 0,
  preferred_workspace INTEGER NOT NULL REFERENCES workspaces(int_id),
  created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS memberships (
  user_int_id INTEGER NOT NULL REFERENCES users(int_id) ON DELETE CASCADE,
  workspace_int_id INTEGER NOT NULL REFERENCES workspaces(int_id) ON DELETE CASCADE,
  role INTEGER NOT NULL,
  PRIMARY KEY (user_int_id, workspace_int_id)
);
CREATE TABLE IF NOT EXISTS teams (
  int_id INTEGER PRIMARY KEY AUTOINCREMENT,
  node_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  workspace_int_id INTEGER NOT NULL REFERENCES workspaces(int_id) ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS team_members (
  team_int_id INTEGER NOT NULL REFERENCES teams(int_id) ON DELETE CASCADE,
  user_int_id INTEGER NOT NULL REFERENCES users(int_id) ON DELETE CASCADE,
  PRIMARY KEY (team_int_id, user_int_id)
);
CREATE TABLE IF NOT EXISTS api_keys (
  key TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL,
  sub TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  user_int_id INTEGER NOT NULL REFERENCES users(int_id) ON DELETE CASCADE,
  workspace_int_id INTEGER NOT NULL REFERENCES workspaces(int_id) ON DELETE CASCADE,
  created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS refresh_tokens (
  token_hash TEXT PRIMARY KEY,
  key TEXT NOT NULL REFERENCES api_keys(key) ON DELETE CASCADE,
  expires_at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS datasets (
  int_id INTEGER PRIMARY KEY AUTOINCREMENT,
  node_id TEXT NOT NULL UNIQUE,
  folder TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT,
  license TEXT,
  tags TEXT NOT NULL DEFAULT '[]',
  workspace_int_id INTEGER NOT NULL REFERENCES workspaces(int_id),
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL
);
-- kind: user, team or workspace; subject_int_id counts in that kind's table
CREATE TABLE IF NOT EXISTS collaborators (
  dataset_int_id INTEGER NOT NULL REFERENCES datasets(int_id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  subject_int_id INTEGER NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (dataset_int_id, kind, subject_int_id)
);
-- path is relative to the dataset's folder, with "/"
CREATE TABLE IF NOT EXISTS packages (
  int_id INTEGER PRIMARY KEY AUTOINCREMENT,
  node_id TEXT NOT NULL UNIQUE,
  dataset_int_id INTEGER NOT NULL REFERENCES datasets(int_id) ON DELETE CASCADE,
  parent_int_id INTEGER REFERENCES packages(int_id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  name TEXT NOT NULL,
  is_folder INTEGER NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  created_at REAL NOT NULL,
  UNIQUE (dataset_int_id, path)
);
CREATE INDEX IF NOT EXISTS packages_by_parent ON packages (parent_int_id);
-- of files that were uploaded; size and mtime_ns are those of then, as a file may be changed since
CREATE TABLE IF NOT EXISTS package_checksums (
  node_id TEXT PRIMARY KEY,
  checksum TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS webhooks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_int_id INTEGER NOT NULL REFERENCES workspaces(int_id),
  api_url TEXT NOT NULL,
  image_url TEXT,
  description TEXT NOT NULL,
  secret TEXT NOT NULL,
  name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  is_private INTEGER NOT NULL,
  is_default INTEGER NOT NULL,
  is_disabled INTEGER NOT NULL DEFAULT 0,
  has_access INTEGER NOT NULL,
  event_targets TEXT NOT NULL,
  custom_targets TEXT NOT NULL,
  integration_user INTEGER NOT NULL REFERENCES users(int_id),
  created_by INTEGER NOT NULL,
  created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS dataset_webhooks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  webhook_id INTEGER NOT NULL REFERENCES webhooks(id) ON DELETE CASCADE,
  dataset_int_id INTEGER NOT NULL REFERENCES datasets(int_id) ON DELETE CASCADE,
  enabled_by INTEGER NOT NULL,
  enabled_on REAL NOT NULL,
  UNIQUE (webhook_id, dataset_int_id)
);

-- what a dataset has beside its description; a dataset without a row has the default of each
CREATE TABLE IF NOT EXISTS dataset_settings (
  dataset_int_id INTEGER PRIMARY KEY REFERENCES datasets(int_id) ON DELETE CASCADE,
  status_id INTEGER NOT NULL DEFAULT 1,
  is_locked INTEGER NOT NULL DEFAULT 0,
  processes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS system_teams (
  team_int_id INTEGER PRIMARY KEY REFERENCES teams(int_id) ON DELETE CASCADE,
  kind TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS invites (
  int_id INTEGER PRIMARY KEY AUTOINCREMENT,
  node_id TEXT NOT NULL UNIQUE,
  workspace_int_id INTEGER NOT NULL REFERENCES workspaces(int_id) ON DELETE CASCADE,
  email TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  role INTEGER NOT NULL,
  valid_until REAL NOT NULL,
  UNIQUE (workspace_int_id, email)
);
-- deleted packages; root_id is the one of them that was named, under which the files are kept
CREATE TABLE IF NOT EXISTS trash (
  int_id INTEGER PRIMARY KEY,
  node_id TEXT NOT NULL UNIQUE,
  dataset_int_id INTEGER NOT NULL REFERENCES datasets(int_id) ON DELETE CASCADE,
  parent_int_id INTEGER,
  path TEXT NOT NULL,
  name TEXT NOT NULL,
  is_folder INTEGER NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  created_at REAL NOT NULL,
  root_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS github_tracking (
  url TEXT PRIMARY KEY,
  user_int_id INTEGER NOT NULL,
  discover INTEGER NOT NULL,
  appstore INTEGER NOT NULL,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS github_publications (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  url TEXT NOT NULL,
  label TEXT NOT NULL,
  created_at REAL NOT NULL,
  UNIQUE (url, label)
);
CREATE INDEX IF NOT EXISTS trash_by_root ON trash (dataset_int_id, root_id);
CREATE INDEX IF NOT EXISTS collaborators_by_subject ON collaborators (kind, subject_int_id);
CREATE INDEX IF NOT EXISTS datasets_by_workspace ON datasets (workspace_int_id);
"""
