"""What is known of compute nodes: who may use one, and the own node's owner functions."""
