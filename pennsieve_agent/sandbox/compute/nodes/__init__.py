"""Accounts and compute nodes: ``/compute/resources`` (``contracts/resources.md``).

The :mod:`.provisioner` enters the customer's emulated AWS account by its role
(:mod:`.cross_account`) and makes a node there (:mod:`.build_node` by :mod:`.node_plan`);
:mod:`.node_gateway` calls it afterwards. Of a node of the user's own the platform knows the
account, and nothing else.
"""
