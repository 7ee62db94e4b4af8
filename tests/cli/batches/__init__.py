"""Batches on an own node, by their commands."""
