"""Applications, workflow definitions, runs and GitHub (``contracts/workflows.md``)."""
