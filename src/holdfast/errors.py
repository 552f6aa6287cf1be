"""What can go wrong, said so that the reader knows what to do next.

HoldfastError
├── CouldNotLook        there is no answer, because the cluster or the snapshot could not be read
│   ├── BadKubeconfig   the kubeconfig is missing, malformed or names what does not exist
│   ├── BadCredential   a certificate, token or exec plugin does not yield a usable credential
│   ├── Unauthorized    the API server knows the credential and does not accept it (401)
│   ├── Unreachable     nobody answers at that address, or not over the TLS that we trust
│   ├── Unanswered      the API server answers, but not with what was asked for
│   ├── NoSuchNamespace a namespace that was asked for does not exist
│   └── BadSnapshot     a snapshot folder is empty, cut short or of another kind
├── BadInput            a flag, a code or a setting that people wrote does not fit
├── BadRecord           what should be part of the audit record is malformed or of another
├── CannotSign          a key cannot be used, or its signer did not answer as it must
├── SinkFailed          a copy of the record elsewhere is not one that we may write on
├── SinkAway            such a copy cannot be written now; it is tried again
├── StoreFailed         the database could not do what was asked; nothing of it was done
│   ├── StoreUnreachable  nobody answers there, or it does not let us in
│   ├── StoreRefused    it is full, read-only, locked, or its disk fails
│   ├── AlreadyKept     something of that id is there, and is not written over
│   └── WrongStore      it is of another product, cluster or version, or half upgraded
├── NotReady            a process of ours does not start, or not go on, as things are
├── WorkFailed          a run of a phase does not go on
│   ├── TakenOver       somebody else has it, or it was cancelled: whoever had it writes no more
│   ├── PhaseFailed     an earlier attempt ended with an error, of which the text is left
│   └── UnreadableWork  what the engine kept is not what we wrote, or is of an unknown type
├── NotCanonical        a value that has no one form, and so cannot be hashed or signed
└── UndeclaredRead      a rule read a kind that its declaration does not name

Refusals are values, not errors; what a role forbids is a state of the snapshot, not an error.
"""


def sentence(text: str) -> str:
    """It ends with one full stop, whether or not what it quotes at its end brings one."""
    return text if text.endswith("...") else f"{text.rstrip('.')}."


class HoldfastError(Exception):
    """Says in one sentence what is wrong, and in another what the operator can do."""

    def __init__(self, wrong: str, *, remedy: str) -> None:
        self.wrong = sentence(wrong) if wrong.endswith("..") else wrong
        super().__init__(self.wrong)
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.wrong} {self.remedy}"


class CouldNotLook(HoldfastError):
    """No answer is possible: the cluster or the snapshot could not be read."""


class BadKubeconfig(CouldNotLook):
    """The kubeconfig is missing, malformed, or names what does not exist."""


class BadCredential(CouldNotLook):
    """A certificate, token or exec plugin does not yield a usable credential."""


class Unauthorized(CouldNotLook):
    """The API server does not accept the credential (401)."""


class Unreachable(CouldNotLook):
    """Nobody answers at that address, or not over the TLS that we trust."""


class Unanswered(CouldNotLook):
    """The API server answers, but not with what was asked for."""


class NoSuchNamespace(CouldNotLook):
    """A namespace that was asked for does not exist."""


class BadSnapshot(CouldNotLook):
    """A snapshot folder is empty, cut short or of another kind."""


class BadInput(HoldfastError):
    """A flag, a code or a setting that people wrote does not fit."""


class BadRecord(HoldfastError):
    """What should be part of the audit record is malformed, or is not of this chain."""


class CannotSign(HoldfastError):
    """A key cannot be used, or its signer did not answer as it must."""


class SinkFailed(HoldfastError):
    """A copy of the record is not one that we may write on."""


class SinkAway(HoldfastError):
    """A copy of the record cannot be written now, and is tried again."""


class StoreFailed(HoldfastError):
    """The database could not do what was asked; nothing of it was done."""


class StoreUnreachable(StoreFailed):
    """Nobody answers there, or it does not let us in."""


class StoreRefused(StoreFailed):
    """It is full, read-only, locked, or its disk fails."""


NOT_NOW = (StoreUnreachable, StoreRefused)
"""What a database says at one moment, and may not say at the next."""


class AlreadyKept(StoreFailed):
    """Something of that id is there already, and is not written over."""


class WrongStore(StoreFailed):
    """It is of another product, cluster or version, or half upgraded."""


class WorkFailed(HoldfastError):
    """A run of a phase does not go on."""


class TakenOver(WorkFailed):
    """Somebody else has the run, or it was cancelled; nothing was written."""


class PhaseFailed(WorkFailed):
    """An earlier attempt ended with an error that is none of ours; its text is left."""


class UnreadableWork(WorkFailed):
    """What the engine kept is not what we wrote, or is of a type that nobody registered."""


class NotReady(HoldfastError):
    """A process of ours does not start, or does not go on, as things are."""


class NotCanonical(HoldfastError):
    """A value has no one form, and so cannot be hashed or signed."""


class UndeclaredRead(HoldfastError):
    """A rule read a kind that its declaration does not name."""
