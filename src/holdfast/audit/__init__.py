"""What happened: the chain, its proofs, and how anybody verifies them. It holds no key."""
