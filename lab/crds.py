"""The real definitions of operators' custom resources, out of the operators' own Go modules.

    install(lab, ["cert-manager", "flux"])

They are read from Go's module cache, where they arrive once and are checked against `go.sum`; none
of them is kept in this repository. Only the modules named here are fetched, not what they need.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab.build import MODULES, cache_folder
from lab.client import Client
from lab.control_plane import Lab
from lab.errors import LabError, NotBuilt
from lab.gotool import find_go

_HERE = MODULES / "operators"
_PATIENCE = 60.0


class _Loader(yaml.CSafeLoader):
    """Reads a bare `=`, which some definitions allow as a word, as the text that it is."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A Go module, and the folder in it that holds the definitions."""

    module: str
    folder: str

    @property
    def version(self) -> str:
        """As the module file of the lab says it; the file is the only place that knows."""
        text = (_HERE / "go.mod").read_text()
        found = re.search(rf"^\s+{re.escape(self.module)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise NotBuilt(f"lab/modules/operators/go.mod does not name {self.module}.")
        return found[1]

    @property
    def pinned(self) -> str:
        return f"{self.module}@{self.version}"


def _flux(controller: str) -> Source:
    return Source(module=f"github.com/fluxcd/{controller}", folder="config/crd/bases")


FAMILIES: Mapping[str, tuple[Source, ...]] = {
    "argo-cd": (Source(module="github.com/argoproj/argo-cd/v3", folder="manifests/crds"),),
    "cert-manager": (Source(module="github.com/cert-manager/cert-manager", folder="deploy/crds"),),
    "cloudnative-pg": (
        Source(module="github.com/cloudnative-pg/cloudnative-pg", folder="config/crd/bases"),
    ),
    "external-secrets": (
        Source(module="github.com/external-secrets/external-secrets", folder="config/crds/bases"),
    ),
    "flux": (_flux("helm-controller"), _flux("kustomize-controller"), _flux("source-controller")),
    "gateway-api": (Source(module="sigs.k8s.io/gateway-api", folder="config/crd/standard"),),
    "karpenter": (Source(module="sigs.k8s.io/karpenter", folder="pkg/apis/crds"),),
    "keda": (Source(module="github.com/kedacore/keda/v2", folder="config/crd/bases"),),
    "prometheus-operator": (
        Source(
            module="github.com/prometheus-operator/prometheus-operator",
            folder="example/prometheus-operator-crd",
        ),
    ),
    "velero": (Source(module="github.com/vmware-tanzu/velero", folder="config/crd/v1/bases"),),
}


def definitions(families: Iterable[str] = FAMILIES) -> list[dict[str, Any]]:
    """The CustomResourceDefinitions of these families, as their operators ship them."""
    return [
        document
        for path in _files(families)
        for document in yaml.load_all(path.read_bytes(), Loader=_Loader)
        # Beside the definitions lie lists of them, and a policy that guards their upgrades.
        if document and document["kind"] == "CustomResourceDefinition"
    ]


def install(lab: Lab, families: Iterable[str] = FAMILIES) -> None:
    """Returns when the lab serves every kind of these families in every version."""
    client = lab.client()
    try:
        found = definitions(families)
        for each in found:
            _create(client, each)
        _await(client, {path for each in found for path in _served(each)})
    finally:
        client.close()


def _files(families: Iterable[str]) -> Iterator[Path]:
    sources = [source for family in families for source in _sources(family)]
    folders = _module_folders(sources)
    for source in sources:
        yield from sorted((folders[source.module] / source.folder).glob("*.yaml"))


def _sources(family: str) -> tuple[Source, ...]:
    if family not in FAMILIES:
        raise LabError(f"No family {family!r}; there are {', '.join(FAMILIES)}.")
    return FAMILIES[family]


def _module_folders(sources: list[Source]) -> dict[str, Path]:
    """Where Go keeps these modules; it fetches what is not there yet."""
    done = subprocess.run(
        [find_go(cache_folder()), "mod", "download", "-json", *(each.pinned for each in sources)],
        cwd=_HERE,
        env=os.environ | {"GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    answers = _each_json(done.stdout)
    wrong = [each["Error"] for each in answers if "Error" in each]
    if done.returncode != 0 or wrong:
        raise NotBuilt(f"The definitions could not be had: {' '.join(wrong) or done.stderr}")
    return {each["Path"]: Path(each["Dir"]) for each in answers}


def _each_json(text: str) -> list[dict[str, Any]]:
    """Go writes one object after another."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def _create(client: Client, definition: dict[str, Any]) -> None:
    """One that is there already is the same: a lab has one version of each."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    done = client.send("POST", path, body=definition)
    if not done.ok and done.code != 409:
        name = definition["metadata"]["name"]
        raise LabError(f"{name} could not be created: {done.body.decode()}")


def _served(definition: dict[str, Any]) -> Iterator[str]:
    spec = definition["spec"]
    for version in spec["versions"]:
        if version["served"]:
            yield f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"


def _await(client: Client, paths: set[str]) -> None:
    """A kind is there when its list answers and discovery names its version."""
    deadline = time.monotonic() + _PATIENCE
    while missing := {path for path in paths if not _answers(client, path)}:
        if time.monotonic() > deadline:
            raise LabError(f"Not served within {_PATIENCE:.0f} s: {', '.join(sorted(missing))}.")
        paths = missing
        time.sleep(0.05)


def _answers(client: Client, path: str) -> bool:
    group_version, _, plural = path.rpartition("/")
    group, _, version = group_version.rpartition("/")
    if not client.get(path, limit=1).ok:
        return False
    versions = client.get(group)
    resources = client.get(group_version)
    return (
        versions.ok
        and version in {each["version"] for each in versions.json()["versions"]}
        and resources.ok
        and plural in {each["name"] for each in resources.json()["resources"]}
    )
