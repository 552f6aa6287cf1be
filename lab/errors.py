"""What can go wrong with the lab, each as one sentence that says what to do next.

LabError
├── NotBuilt        a part could not be had: no Go, no module proxy, a compiler error
├── DidNotStart     a part ended or never answered; the end of its log is in the message
└── NotAllowed      kubectl said no, or failed; what it wrote is in the message
"""


class LabError(Exception):
    """Anything about the lab that a person has to look at."""


class NotBuilt(LabError):
    """A binary could not be had."""


class DidNotStart(LabError):
    """A part of the control plane ended early, or did not answer in time."""


class NotAllowed(LabError):
    """kubectl ended with an error."""
