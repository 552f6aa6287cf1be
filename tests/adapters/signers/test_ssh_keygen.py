"""A person's own key, through the real ssh-keygen and a real agent."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.adapters.signers.ssh import check
from holdfast.adapters.signers.ssh_keygen import SshKeygen
from holdfast.approvals.ssh_signatures import key_named, to_check
from holdfast.errors import CannotSign
from tests.approvals.keygen import make_key, public

TEXT = b'{"v":1}'
NAMESPACE = "holdfast-approval"


def counts(signature: str, by: str) -> bool:
    return key_named(signature) == by and check(to_check(signature, TEXT, NAMESPACE, by))


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An agent of this test's own, without a key."""
    socket = tmp_path / "agent"
    words = ["ssh-agent", "-D", "-a", str(socket)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it says where it listens once it does
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        yield
        process.terminate()


@pytest.mark.parametrize(
    "sort",
    ["ed25519", *(pytest.param(each, marks=pytest.mark.slow) for each in ("ecdsa", "rsa"))],
)
def test_signs_with_a_key_file(tmp_path: Path, sort: str) -> None:
    key = make_key(tmp_path, sort, 2048 if sort == "rsa" else 0)

    assert counts(SshKeygen(home=tmp_path).sign(key, TEXT, NAMESPACE), public(key))


def test_signs_with_the_key_of_an_agent(agent: None, tmp_path: Path) -> None:
    key = make_key(tmp_path, "ed25519")
    subprocess.run(["ssh-add", "-q", str(key)], check=True)
    by = public(key)
    key.unlink()
    pen = SshKeygen(home=tmp_path)

    assert [f"{by} ana@desk"] == list(pen.keys())
    assert counts(pen.sign(pen.keys()[0], TEXT, NAMESPACE), by)
    assert counts(pen.sign(key.with_suffix(".pub"), TEXT, NAMESPACE), by)


def test_an_agent_without_keys_holds_none(agent: None, tmp_path: Path) -> None:
    assert [] == list(SshKeygen(home=tmp_path).keys())


def test_where_there_is_no_agent_there_are_no_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "nobody"))

    assert [] == list(SshKeygen(home=tmp_path).keys())
    assert [] == list(SshKeygen(home=tmp_path, add=str(tmp_path / "missing")).keys())


def test_the_usual_key_is_the_first_that_is_there(tmp_path: Path) -> None:
    pen = SshKeygen(home=tmp_path)
    assert pen.usual() is None

    (tmp_path / ".ssh").mkdir()
    for name in ("id_ed25519_sk", "id_rsa", "id_ed25519"):
        (tmp_path / ".ssh" / name).touch()

    assert tmp_path / ".ssh" / "id_ed25519" == pen.usual()


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotSign, match="There is no key"):
        SshKeygen(home=tmp_path).sign(tmp_path / "missing", TEXT, NAMESPACE)


def test_without_ssh_keygen_there_is_another_way(tmp_path: Path) -> None:
    key = make_key(tmp_path, "ed25519")

    with pytest.raises(CannotSign, match="not on the PATH") as told:
        SshKeygen(home=tmp_path, keygen="holdfast-has-no-such-program").sign(key, TEXT, NAMESPACE)
    assert "--print" in told.value.remedy


def test_what_is_no_key_says_so(tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("nothing")
    (tmp_path / "odd").chmod(0o600)

    with pytest.raises(CannotSign, match="did not sign with"):
        SshKeygen(home=tmp_path).sign(tmp_path / "odd", TEXT, NAMESPACE)


def test_a_key_that_others_may_read_is_not_told_as_missing(tmp_path: Path) -> None:
    key = make_key(tmp_path, "ed25519")
    key.chmod(0o644)

    with pytest.raises(CannotSign, match=r"Permissions 0644 for .* are too open"):
        SshKeygen(home=tmp_path).sign(key, TEXT, NAMESPACE)


SIGN = """
import sys
from pathlib import Path
from holdfast.adapters.signers.ssh_keygen import SshKeygen
path = Path(sys.argv[1])
Path(sys.argv[2]).write_text(SshKeygen(home=path.parent).sign(path, b'{"v":1}', sys.argv[3]))
"""


@pytest.mark.slow
def test_the_passphrase_is_asked_of_whoever_sits_at_the_terminal(tmp_path: Path) -> None:
    key = make_key(tmp_path, "ed25519")
    words = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", str(key)]
    subprocess.run(words, check=True, capture_output=True)
    signature = tmp_path / "signature"

    child, terminal = pty.fork()
    if child == 0:
        program = (sys.executable, "-c", SIGN, str(key), str(signature), NAMESPACE)
        os.execv(sys.executable, program)  # noqa: S606
    seen = b""
    while b"passphrase" not in seen:
        seen += os.read(terminal, 1000)
    os.write(terminal, b"open sesame\n")
    _, status = os.waitpid(child, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 0
    assert counts(signature.read_text(), public(key))
