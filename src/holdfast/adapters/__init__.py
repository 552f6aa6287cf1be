"""Plugs: the only rooms that touch the world, one for each thing outside."""
