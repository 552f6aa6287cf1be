"""Kubeconfigs of the lab appear whole, whoever else writes the same one."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.identities import write_kubeconfig


@pytest.mark.slow
def test_several_threads_may_write_the_same_kubeconfig_at_once(tmp_path: Path) -> None:
    where = tmp_path / "admin.yaml"

    def write(_: int) -> bytes:
        url, ca = "https://127.0.0.1:1", tmp_path / "ca.pem"
        return write_kubeconfig(where, url=url, ca=ca, user="admin", who="token").read_bytes()

    with ThreadPoolExecutor(8) as several:
        written = set(several.map(write, range(200)))

    assert len(written) == 1
    assert [where] == [*tmp_path.iterdir()]
    assert where.stat().st_mode & 0o777 == 0o600
