"""A plugin of pytest's (`-p`): Hypothesis tries the same for every mutant, and keeps nothing.

It does not shrink what it finds either: that a test fails is all that is asked.
"""

import hypothesis

NAME = "mutants"

hypothesis.settings.register_profile(
    NAME,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)
