"""A person's own SSH key, used as `ssh-keygen -Y sign` uses it: it is never read by us.

The key is a file that somebody named, or the only one that an agent holds, or the one that ssh
itself would take. Whatever ssh-keygen asks (a passphrase) it asks the person at the terminal.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.errors import CannotSign
from holdfast.model.ssh import public_key

USUAL = ("id_ed25519", "id_ecdsa", "id_rsa")
"""The files that ssh tries by itself, in our order: those of hardware keys are not accepted."""

_WITHIN = 10.0  # seconds that an agent has to list its keys


@dataclass(frozen=True, slots=True, kw_only=True)
class SshKeygen:
    """Signs with the key of whoever runs this."""

    home: Path
    keygen: str = "ssh-keygen"
    add: str = "ssh-add"

    def keys(self) -> Sequence[str]:
        """The public keys that the agent holds, of formats that we take; none without an agent."""
        try:
            told = subprocess.run(  # noqa: S603  (the person's own agent)
                (self.add, "-L"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_WITHIN,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ()
        lines = told.stdout.decode(errors="replace").splitlines() if told.returncode == 0 else []
        return [line for line in lines if public_key(line)]

    def usual(self) -> Path | None:
        """The key file that ssh would take, if there is one."""
        there = (self.home / ".ssh" / name for name in USUAL)
        return next((each for each in there if each.is_file()), None)

    def sign(self, key: Path | str, statement: bytes, namespace: str) -> str:
        """The armored signature, by a key file or by the agent's key of that public half."""
        if isinstance(key, Path):
            return self._signed(key, statement, namespace)
        with tempfile.TemporaryDirectory() as folder:
            public = Path(folder) / "key.pub"
            public.write_text(f"{key}\n")
            return self._signed(public, statement, namespace)

    def _signed(self, path: Path, statement: bytes, namespace: str) -> str:
        if not path.is_file():
            raise CannotSign(
                f"There is no key {path}.",
                remedy="Name your private key with --key, or the .pub of one in your agent.",
            )
        words = (self.keygen, "-Y", "sign", "-n", namespace, "-f", str(path))
        try:
            done = subprocess.run(  # noqa: S603  (the person's own key)
                words, input=statement, capture_output=True, check=False
            )
        except FileNotFoundError:
            raise CannotSign(
                "ssh-keygen is not on the PATH, and it is what signs with your key.",
                remedy="Install OpenSSH; or sign elsewhere what `--print` gives, and hand it in "
                "with --statement and --signature.",
            ) from None
        except OSError as failed:
            raise CannotSign(
                f"ssh-keygen cannot be run: {failed.strerror}.", remedy="See what it lacks."
            ) from None
        if done.returncode != 0:
            raise CannotSign(
                f"ssh-keygen did not sign with {path}: {_why(done.stderr)}.",
                remedy="Name a key that you can use with --key, or add it to your agent: ssh-add",
            )
        return done.stdout.decode(errors="replace")


def _why(said: bytes) -> str:
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("Signing ")]
    too_open = [line for line in told if line.startswith("Permissions ")]  # and then no key found
    return (too_open or told or lines or ["it said nothing"])[-1].strip().rstrip(".")
