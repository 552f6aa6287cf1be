"""Keys: who may sign, and how a signature is checked."""
