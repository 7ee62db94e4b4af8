"""Moving files."""
