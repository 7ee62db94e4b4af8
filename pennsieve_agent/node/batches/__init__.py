"""Batches of runs: one document is accepted, and its runs begin a few at a time."""
