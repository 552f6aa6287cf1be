"""The dice: the one place that asks the system for randomness."""

import secrets


class SystemDice:
    """`Dice`."""

    def roll(self, count: int) -> bytes:
        """So many random bytes."""
        return secrets.token_bytes(count)
