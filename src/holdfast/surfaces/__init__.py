"""Doors: how people and machines come in. They never know what is behind the ports."""
