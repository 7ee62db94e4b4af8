"""Datasets of the sandbox: list, create, change, share, and the integrations enabled on them."""
