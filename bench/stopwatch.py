"""Starts one program and says what it took, as JSON: wall seconds, CPU seconds, peak memory.

python -I -S stopwatch.py SECONDS ERRORS PROGRAM [ARGUMENT ...]

A program of its own, and a small one: Linux counts what the parent held when it started a child
towards the child's peak, so the child must not be started by something that holds a lot. Imports
nothing of ours. The program's output goes nowhere, its complaints into the file ERRORS, and after
SECONDS it is killed.
"""

import json
import os
import signal
import sys
import time


def main() -> None:
    """Measure one program."""
    seconds, errors, program = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]
    began = time.perf_counter()
    pid = os.posix_spawnp(program[0], program, os.environ, file_actions=actions)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _, status, used = os.wait4(pid, 0)
    took = time.perf_counter() - began
    answer = {
        "code": os.waitstatus_to_exitcode(status),
        "wall": took,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss * 1024,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
