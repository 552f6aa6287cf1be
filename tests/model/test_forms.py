"""Forms are looked at before threads read into them: msgspec does not stand two at once."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOGETHER = """
import contextlib, sys, threading
import msgspec
import holdfast.workflow.leashed
from holdfast.model.forms import look_at_forms
sys.setswitchinterval(1e-6)
forms = look_at_forms()
assert len(forms) > 100
barrier = threading.Barrier(8)
def read():
    for form in forms:
        barrier.wait()
        with contextlib.suppress(msgspec.ValidationError):
            msgspec.json.decode(b'{"kind": "x"}', type=form)
threads = [threading.Thread(target=read) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
"""


@pytest.mark.slow
def test_threads_may_read_a_form_for_the_first_time_together() -> None:
    ends = [
        subprocess.run([sys.executable, "-c", TOGETHER], cwd=ROOT, check=False).returncode
        for _ in range(3)
    ]
    assert [0] * 3 == ends
