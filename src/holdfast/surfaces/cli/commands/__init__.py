"""The commands as they are declared: their flags and help. What they do is imported when run."""
