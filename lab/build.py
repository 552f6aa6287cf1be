"""Builds the lab's binaries into a cache outside the checkout, once per version and platform.

- A binary appears in the cache in one rename: what is there is whole, whatever was interrupted.
- Two builders never work at once: the second waits for the first and finds its work done.
- `KUBEBUILDER_ASSETS` wins: a binary that stands there is used, and never built.
- Go's own build cache grows to 3 GB. Unless GOCACHE names one, ours is a folder of the lab's
  cache that is kept while the build is unfinished and removed when it is done.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.errors import NotBuilt
from lab.gotool import find_go

_KUBERNETES = "k8s.io/kubernetes/cmd"
MODULES = Path(__file__).parent / "modules"
BARE = ("etcd", "kube-apiserver", "kubectl")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One binary, the module of ours that names it, and what it is built from."""

    name: str
    module: str
    package: str
    seconds: int  # on two idle cores, so that nobody thinks it hangs

    @property
    def version(self) -> str:
        """As the module file says it; the file is the only place that knows."""
        root = re.sub(r"/cmd/.*", "", self.package)
        text = (MODULES / self.module / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(root)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise NotBuilt(f"lab/modules/{self.module}/go.mod does not name {root}.")
        return found[1]

    @property
    def linker_flags(self) -> str:
        """Stripped; Kubernetes takes its version from the linker and is v0.0.0 without."""
        flags = "-s -w"
        if self.package.startswith(_KUBERNETES):
            major, minor, _ = self.version.removeprefix("v").split(".", 2)
            at = "k8s.io/component-base/version"
            flags += f" -X {at}.gitVersion={self.version}"
            flags += f" -X {at}.gitMajor={major} -X {at}.gitMinor={minor}"
        return flags

    @property
    def key(self) -> str:
        """Names the folder of the cache: other sums or other flags are another binary."""
        digest = hashlib.sha256(self.linker_flags.encode())
        for name in ("go.mod", "go.sum"):
            digest.update((MODULES / self.module / name).read_bytes())
        system, machine = platform.system().lower(), platform.machine().lower()
        return f"{self.module}-{self.version}-{system}-{machine}-{digest.hexdigest()[:10]}"


PARTS = (
    Part(name="etcd", module="etcd", package="go.etcd.io/etcd/server/v3", seconds=45),
    Part(
        name="kube-apiserver",
        module="kubernetes",
        package=f"{_KUBERNETES}/kube-apiserver",
        seconds=240,
    ),
    Part(name="kubectl", module="kubernetes", package=f"{_KUBERNETES}/kubectl", seconds=40),
    Part(
        name="kube-controller-manager",
        module="kubernetes",
        package=f"{_KUBERNETES}/kube-controller-manager",
        seconds=60,
    ),
    Part(
        name="kube-scheduler",
        module="kubernetes",
        package=f"{_KUBERNETES}/kube-scheduler",
        seconds=15,
    ),
    Part(name="kwok", module="kwok", package="sigs.k8s.io/kwok/cmd/kwok", seconds=80),
)
EVERYTHING = tuple(each.name for each in PARTS)
OLDEST = Part(
    name="kube-apiserver",
    module="kubernetes-oldest",
    package=f"{_KUBERNETES}/kube-apiserver",
    seconds=240,
)
"""The oldest API server that the fences are for. With HOLDFAST_LAB_OLDEST=1 it takes the place of
the other, beneath the same controllers."""


def parts() -> tuple[Part, ...]:
    """What a lab is made of."""
    if os.environ.get("HOLDFAST_LAB_OLDEST") != "1":
        return PARTS
    return tuple(OLDEST if each.name == OLDEST.name else each for each in PARTS)


def cache_folder() -> Path:
    """Outside the checkout, so that a clean clone does not build again."""
    chosen = os.environ.get("HOLDFAST_LAB_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "holdfast" / "lab"


def find_binaries(names: tuple[str, ...] = EVERYTHING) -> dict[str, Path]:
    """Where each of these stands, or NotBuilt with what to type."""
    found = _found(cache_folder())
    missing = [name for name in names if name not in found]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise NotBuilt(f"The lab's {', '.join(missing)} {are} not built yet: python -m lab build")
    return {name: found[name] for name in names}


def build(say: Say = print, *, cache: Path | None = None) -> dict[str, Path]:
    """Builds what is missing, and returns where everything stands."""
    cache = cache or cache_folder()
    missing = [part for part in parts() if _find(part, cache) is None]
    if missing:
        cache.mkdir(parents=True, exist_ok=True)
        with _only_builder(cache, say):
            _build_missing(cache, say)
    return _found(cache)


def _found(cache: Path) -> dict[str, Path]:
    return {part.name: path for part in parts() if (path := _find(part, cache)) is not None}


def _find(part: Part, cache: Path) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and os.access(Path(assets) / part.name, os.X_OK):
        return Path(assets) / part.name
    built = cache / part.key / part.name
    return built if built.exists() else None


@contextmanager
def _only_builder(cache: Path, say: Say) -> Iterator[None]:
    with (cache / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("lab: somebody else is building; waiting for them")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build_missing(cache: Path, say: Say) -> None:
    missing = [part for part in parts() if _find(part, cache) is None]
    if not missing:
        return
    go = find_go(cache)
    scratch = cache / "go-build"
    environment = os.environ | {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOCACHE": os.environ.get("GOCACHE") or str(scratch),
    }
    began = time.monotonic()
    about = sum(part.seconds for part in missing) / 60
    say(f"lab: building {len(missing)} programs with {go}, once; about {about:.0f} minutes")
    for part in missing:
        say(f"lab: building {part.name} {part.version} (about {part.seconds} s on two cores)")
        _build_one(part, go, cache, environment)
        say(f"lab: built {part.name}; {time.monotonic() - began:.0f} s so far")
    shutil.rmtree(scratch, ignore_errors=True)
    say(f"lab: all programs are in {cache}")


def _build_one(part: Part, go: Path, cache: Path, environment: dict[str, str]) -> None:
    finished = cache / part.key / part.name
    finished.parent.mkdir(parents=True, exist_ok=True)
    unfinished = finished.with_name(f".{part.name}.unfinished")
    done = subprocess.run(
        [go, "build", "-trimpath", "-ldflags", part.linker_flags, "-o", unfinished, part.package],
        cwd=MODULES / part.module,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        end = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise NotBuilt(f"{part.name} could not be built; Go says:\n{end}")
    unfinished.replace(finished)
