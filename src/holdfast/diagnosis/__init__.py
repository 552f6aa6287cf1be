"""Why it hurts: findings folded into troubles, and what changed before each."""
