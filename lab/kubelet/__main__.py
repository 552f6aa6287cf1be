"""Starts the lab's kubelet; `lab.parts` writes the command line."""

import argparse
import os
import sys
import threading
import traceback
from pathlib import Path

import yaml

from holdfast.model.forms import look_at_forms
from lab.client import Client
from lab.kubelet.logserver import serve_logs
from lab.kubelet.player import Player
from lab.kubelet.provisioner import Provisioner
from lab.nodes import VERSION


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--kubeconfig", "--certificate", "--key"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pace", type=float, required=True)
    parser.add_argument("--quiet", action="store_true")
    asked = parser.parse_args()
    # A thread that fails would leave pods that nobody plays: better that the lab says so.
    threading.excepthook = _give_up
    look_at_forms("lab.")
    player = Player(_client(asked.kubeconfig, "kubelet"), pace=asked.pace, quiet=asked.quiet)
    player.start()
    Provisioner(_client(asked.kubeconfig, "lab-provisioner")).start()
    serve_logs(
        asked.port,
        asked.certificate,
        asked.key,
        lambda namespace, pod, container, previous: player.log_text(
            namespace, pod, container, previous=previous
        ),
    )


def _client(kubeconfig: Path, name: str) -> Client:
    """The API server takes a writer's name in managedFields from the first word of the agent."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    token = config["users"][0]["user"]["token"]
    ca = Path(cluster["certificate-authority"])
    return Client(cluster["server"], ca, token, agent=f"{name}/{VERSION}")


def _give_up(failed: threading.ExceptHookArgs) -> None:
    traceback.print_exception(failed.exc_type, failed.exc_value, failed.exc_traceback)
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
