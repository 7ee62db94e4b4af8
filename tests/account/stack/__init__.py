"""The stack: its template in every mode, its roles, and what linters say of both."""
