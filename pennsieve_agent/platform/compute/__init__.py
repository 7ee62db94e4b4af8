"""AWS accounts, compute nodes, their sharing, secrets and layers (``contracts/resources.md``)."""
