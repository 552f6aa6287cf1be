"""Secrets that can be told again wherever they turn up, and objects that are full of them."""

import base64
import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

type Raw = dict[str, Any]


class Mint:
    """Canaries, by what carries them. By itself, each looks like an ordinary word."""

    def __init__(self) -> None:
        self.made: dict[str, list[str]] = defaultdict(list)

    def __call__(self, carrier: str) -> str:
        number = sum(map(len, self.made.values()))
        self.made[carrier].append(f"canary{number:04}bird")
        return self.made[carrier][-1]

    @property
    def all(self) -> list[str]:
        return [each for several in self.made.values() for each in several]

    def told_in(self, text: str) -> set[str]:
        """Those that stand in a text, or in it as base64, also inside of something longer."""
        found = {each for each in self.all if each in text}
        return found | {each for each in self.all if any(form in text for form in encoded(each))}


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def encoded(text: str) -> list[str]:
    """How a text stands in the base64 of a longer one: what the letters beside it do not change."""
    told = text.encode()
    return [
        base64.b64encode(told[skip : skip + (len(told) - skip) // 3 * 3]).decode()
        for skip in range(3)
    ]


def annotated(mint: Mint) -> Raw:
    """Annotations that nobody but their owner understands."""
    return {f"example.com/{n}": mint("annotation") for n in range(8)}


def filled(template: Mapping[str, Any], mint: Mint) -> Raw:
    """A pod's template with a secret wherever one can stand."""
    metadata, spec = template["metadata"], template["spec"]
    labels = {**metadata["labels"], "build": f"ghp_{mint('label')}{'a1' * 12}"}
    headers = [{"name": f"X-{n}", "value": mint("probe header")} for n in range(5)]
    container = {
        **spec["containers"][0],
        "env": [{"name": f"V{n}", "value": mint("env")} for n in range(20)],
        "args": [
            "--port=80",
            f"--db-password={mint('args')}",
            "--api-key",
            mint("args"),
            f"--cache=redis://cache:{mint('args')}@cache:6379/0",
        ],
        "command": ["sh", "-c", f"DB_TOKEN={mint('command')} exec serve"],
        "livenessProbe": {"httpGet": {"path": "/", "port": 80, "httpHeaders": headers}},
    }
    notes = {**metadata.get("annotations", {}), **annotated(mint)}
    metadata = {**metadata, "labels": labels, "annotations": notes}
    return {"metadata": metadata, "spec": {**spec, "containers": [container]}}


def pull_secret(mint: Mint) -> str:
    """What a registry is shown, as it stands in a Secret."""
    auths = {"registry.example": {"username": "ci", "password": mint("image pull secret")}}
    return coded(json.dumps({"auths": auths}))
