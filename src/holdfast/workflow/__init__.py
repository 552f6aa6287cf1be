"""The thread through the rooms. It waits, so it is async; it speaks only to ports."""
