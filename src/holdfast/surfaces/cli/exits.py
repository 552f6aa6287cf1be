"""Exit codes: words that last."""

NOTHING = 0  # nothing at or above --fail-on
FINDINGS = 1
COULD_NOT_LOOK = 2  # also: what was asked makes no sense
NOBODY_READS = 141  # 128 + SIGPIPE: the reader of our output went away
