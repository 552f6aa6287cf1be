"""Exit codes: words that last."""

NOTHING = 0  # nothing at or above --fail-on
FINDINGS = 1
FAULTS = 1  # of an installation
BROKEN = 1  # an audit record that does not hold
NOT_RECOVERED = 1  # a repair that did not help, or that was taken back
COULD_NOT_LOOK = 2  # also: what was asked makes no sense
REFUSED = 3  # nothing was done, and nothing is under way: refused, rejected, expired, nothing fits
UNCERTAIN = 4  # nobody can tell whether a repair was done
TRY_AGAIN = 75  # a process of ours whose database is away; as sysexits.h has it
INTERRUPTED = 130  # 128 + SIGINT, as shells count
NOBODY_READS = 141  # 128 + SIGPIPE: the reader of our output went away
TERMINATED = 143  # 128 + SIGTERM
