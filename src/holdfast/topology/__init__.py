"""Who depends on whom: edges that a snapshot shows, each with the field where it was read."""
