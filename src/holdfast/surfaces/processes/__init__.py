"""The two processes: how each starts, what it answers, and how it ends."""
