"""As whom a run acts on Pennsieve: the workflow's own user, or the person who started the run."""
