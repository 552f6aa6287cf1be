"""A key that somebody else holds, behind a command: an agent, a device, a cloud's key service.

The command is run once for each signature, with the key's id as its last argument: the message on
its standard input, the 64 bytes of the signature on its standard output, exit code 0. It has a
deadline, and what it prints is believed only if it is the key's signature over that message.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import IO

from holdfast.adapters.signers.ed25519 import check
from holdfast.errors import CannotSign
from holdfast.model.entries import PublicKey

SIGNATURE = 64  # bytes
_SAID = 2000  # bytes of what it complains that we look at


class CommandSigner:
    """A `Signer` that asks a command."""

    def __init__(self, argv: Sequence[str], public: PublicKey, deadline: float) -> None:
        self._argv = (*argv, public.id)
        self._deadline = deadline
        self.public = public

    def sign(self, message: bytes) -> bytes:
        """The signature over a message, checked before anybody gets it."""
        signature = self._run(message)
        if len(signature) != SIGNATURE or not check(self.public, message, signature):
            raise self._bad(
                f"did not answer with a signature of key {self.public.id}",
                "It must print the 64 bytes of an Ed25519 signature, and nothing else.",
            )
        return signature

    def _run(self, message: bytes) -> bytes:
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as complained:
            asked.write(message)
            asked.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603  (the operator's own command)
                    self._argv,
                    stdin=asked,
                    stdout=subprocess.PIPE,
                    stderr=complained,
                    start_new_session=True,  # so that whatever it starts ends with it
                )
            except OSError as missing:
                raise self._bad(
                    f"cannot be run: {missing.strerror}", "Correct HOLDFAST_SIGNER."
                ) from None
            with process:
                try:
                    told, code = self._heard(process)
                finally:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
            complained.seek(0)
            why = complained.read(_SAID).decode(errors="replace").strip()
        if code != 0:
            said = f" and said: {why.splitlines()[-1]}" if why else ""
            raise self._bad(f"ended with {code}{said}", "Run it by hand, and see what it lacks.")
        return told

    def _heard(self, process: subprocess.Popen[bytes]) -> tuple[bytes, int]:
        """What it printed, up to one byte more than a signature, and how it ended."""
        until = time.monotonic() + self._deadline
        told = b""
        output = process.stdout
        if output is None:
            raise self._bad("has no output", "Run it by hand, and see what it lacks.")
        with selectors.DefaultSelector() as ready:
            ready.register(output, selectors.EVENT_READ)
            while len(told) <= SIGNATURE:
                if not ready.select(max(0.0, until - time.monotonic())):
                    raise self._late()
                more = _some(output)
                if not more:
                    break
                told += more
        if len(told) > SIGNATURE:
            return told, 0  # whatever it is, it is no signature
        try:
            return told, process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise self._late() from None

    def _late(self) -> CannotSign:
        return self._bad(
            f"did not answer within {self._deadline:g} s",
            "See what it waits for, or give it longer with HOLDFAST_SIGNER_TIMEOUT.",
        )

    def _bad(self, what: str, remedy: str) -> CannotSign:
        return CannotSign(f"The signer {self._argv[0]} {what}.", remedy=remedy)


def _some(output: IO[bytes]) -> bytes:
    return os.read(output.fileno(), 4096)
