"""The tables of uploads and of viewer assets. Times are unix seconds, sizes bytes."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS upload_manifests (
  id TEXT PRIMARY KEY,
  dataset_int_id INTEGER NOT NULL REFERENCES datasets(int_id) ON DELETE CASCADE,
  user_int_id INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'Initiated',
  created_at REAL NOT NULL,
  archive_token TEXT,
  archive_until REAL
);
CREATE INDEX IF NOT EXISTS upload_manifests_by_dataset ON upload_manifests (dataset_int_id);
-- queued_at is set while a file waits for its import; placed is where it went in the dataset
CREATE TABLE IF NOT EXISTS upload_files (
  manifest_id TEXT NOT NULL REFERENCES upload_manifests(id) ON DELETE CASCADE,
  upload_id TEXT NOT NULL,
  path TEXT NOT NULL,
  name TEXT NOT NULL,
  file_type TEXT NOT NULL,
  status TEXT NOT NULL,
  on_conflict TEXT NOT NULL DEFAULT 'keepBoth',
  size INTEGER,
  sha256 TEXT,
  queued_at REAL,
  placed TEXT,
  PRIMARY KEY (manifest_id, upload_id)
);
CREATE INDEX IF NOT EXISTS upload_files_queued ON upload_files (queued_at)
  WHERE queued_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS upload_files_by_id ON upload_files (upload_id);
-- what the platform's storage keys may do: write below a prefix of one bucket
CREATE TABLE IF NOT EXISTS upload_keys (
  access_key TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL,
  bucket TEXT NOT NULL,
  prefix TEXT NOT NULL,
  expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS viewer_assets (
  id TEXT PRIMARY KEY,
  dataset_int_id INTEGER NOT NULL REFERENCES datasets(int_id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  asset_type TEXT NOT NULL,
  properties TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS viewer_asset_packages (
  asset_id TEXT NOT NULL REFERENCES viewer_assets(id) ON DELETE CASCADE,
  package_id TEXT NOT NULL,
  PRIMARY KEY (asset_id, package_id)
);
"""
