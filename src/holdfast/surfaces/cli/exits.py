"""Exit codes: words that last."""

NOTHING = 0  # nothing at or above --fail-on
FINDINGS = 1
BROKEN = 1  # an audit record that does not hold
COULD_NOT_LOOK = 2  # also: what was asked makes no sense
INTERRUPTED = 130  # 128 + SIGINT, as shells count
NOBODY_READS = 141  # 128 + SIGPIPE: the reader of our output went away
TERMINATED = 143  # 128 + SIGTERM
