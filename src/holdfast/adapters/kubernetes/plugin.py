"""Exec plugins: a command that prints a credential (client.authentication.k8s.io v1, v1beta1).

Its output is never quoted, because it may hold half a token; what it writes to stderr is, shortly.
"""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from holdfast.adapters.kubernetes.catch import LARGEST, Catch
from holdfast.adapters.kubernetes.connection import Connection, Plugin
from holdfast.adapters.kubernetes.pace import Pace
from holdfast.adapters.kubernetes.tls import Pair, read
from holdfast.adapters.kubernetes.usable import fault_of_token, without_newline
from holdfast.errors import BadCredential
from holdfast.model.objects import Time

EXCERPT = 200  # characters of stderr that an error repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Yielded:
    """What a plugin printed."""

    token: str = field(default="", repr=False)
    certificate: Pair | None = field(default=None, repr=False)
    expires: datetime | None = None


class _Status(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: Time | None = None


class _Credential(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    api_version: str
    kind: str
    status: _Status | None = None


async def run(spec: Plugin, connection: Connection, pace: Pace) -> Yielded:
    """Run the command once."""
    named = f"The exec plugin {spec.command!r} of user {connection.user!r}"
    if spec.wants_terminal and not spec.may_ask:
        raise BadCredential(
            f"{named} wants to ask somebody, and there is no terminal.",
            remedy="Run Holdfast from a terminal, or give it a credential that needs no answer.",
        )
    limit = pace.plugin_with_person if spec.may_ask else pace.plugin
    with Catch() as out, Catch() as err:
        process = await _start(spec, connection, named, out, err)
        try:
            await _ended(process, limit, (out, err), named)
        finally:
            await _end(process, alone=not spec.may_ask)
        printed, complained = out.everything(), err.everything()
    if process.returncode:
        said = " ".join(complained.decode(errors="replace").split())[-EXCERPT:]
        raise BadCredential(
            f"{named} failed with exit code {process.returncode}{f': {said}' if said else ''}.",
            remedy="Run it by hand, or log in again with its own tool.",
        )
    return _parsed(printed, spec, named)


async def _ended(process: Process, limit: float, caught: tuple[Catch, ...], named: str) -> None:
    """Wait for the command, and not for what it may have left behind with its pipes."""
    end = asyncio.create_task(process.wait())
    waits: list[asyncio.Future[Any]] = [end, *(each.full for each in caught)]
    try:
        done, _ = await asyncio.wait(waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
    finally:
        end.cancel()
    if not done:
        raise BadCredential(
            f"{named} did not end within {limit:g} seconds.",
            remedy="Run it by hand to see what it waits for, or log in again with its own tool.",
        )
    if any(each.full in done for each in caught):
        raise BadCredential(
            f"{named} printed more than {LARGEST} bytes, which no credential has.",
            remedy="Run it by hand: it should print an ExecCredential as JSON and nothing else.",
        )


async def _start(
    spec: Plugin, connection: Connection, named: str, out: Catch, err: Catch
) -> Process:
    remedy = spec.install_hint or "Install it, or correct the command in the kubeconfig."
    try:
        return await asyncio.create_subprocess_exec(
            spec.command,
            *spec.arguments,
            stdin=None if spec.may_ask else DEVNULL,
            stdout=out.give(),
            stderr=None if spec.may_ask else err.give(),  # a person must see the code to type
            env=connection.environment
            | spec.environment
            | {"KUBERNETES_EXEC_INFO": _info(spec, connection)},
            start_new_session=not spec.may_ask,  # so that what it started ends with it
        )
    except FileNotFoundError:
        raise BadCredential(f"{named} is not installed.", remedy=remedy) from None
    except OSError as refused:
        raise BadCredential(
            f"{named} cannot be started ({refused.strerror}).", remedy=remedy
        ) from None


async def _end(process: Process, *, alone: bool) -> None:
    """Leave nothing running, neither after a timeout nor when we were cancelled."""
    if process.returncode is not None and not alone:
        return
    with contextlib.suppress(ProcessLookupError):
        if alone:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    await process.wait()


def _info(spec: Plugin, connection: Connection) -> str:
    about: dict[str, object] = {"interactive": spec.may_ask}
    if spec.wants_cluster:
        about["cluster"] = _cluster(spec, connection)
    whole = {"apiVersion": spec.api_version, "kind": "ExecCredential", "spec": about}
    return msgspec.json.encode(whole).decode()


def _cluster(spec: Plugin, connection: Connection) -> dict[str, object]:
    trust = connection.trust
    cluster: dict[str, object] = {"server": connection.server}
    if trust.server_name:
        cluster["tls-server-name"] = trust.server_name
    if trust.insecure:
        cluster["insecure-skip-tls-verify"] = True
    if trust.authority is not None:
        cluster["certificate-authority-data"] = read(trust.authority, "certificate authority")
    if connection.proxy:
        cluster["proxy-url"] = connection.proxy
    if spec.cluster_config is not None:
        cluster["config"] = spec.cluster_config
    return cluster


def _parsed(out: bytes, spec: Plugin, named: str) -> Yielded:
    remedy = "Run it by hand: it should print an ExecCredential as JSON."
    try:
        said = msgspec.json.decode(out, type=_Credential)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BadCredential(f"{named} printed no ExecCredential.", remedy=remedy) from None
    if said.kind != "ExecCredential" or said.api_version != spec.api_version:
        raise BadCredential(
            f"{named} was asked for an ExecCredential of {spec.api_version} and printed another "
            f"kind or version.",
            remedy="Make the apiVersion in the kubeconfig the one that the plugin speaks.",
        )
    status = said.status or _Status()
    chain, key = status.client_certificate_data, status.client_key_data
    if bool(chain) != bool(key):
        raise BadCredential(f"{named} printed half a certificate.", remedy=remedy)
    pair = (chain.encode(), key.encode()) if chain and key else None
    if not status.token and pair is None:
        raise BadCredential(f"{named} printed neither token nor certificate.", remedy=remedy)
    token = without_newline(status.token or "")
    if wrong := fault_of_token(token):
        raise BadCredential(f"{named} printed a token that {wrong}.", remedy=remedy)
    return Yielded(token=token, certificate=pair, expires=status.expiration_timestamp)
