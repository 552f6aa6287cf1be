"""JSON that is nested more deeply than a decoder climbs costs its depths, and nothing else."""

import json

import msgspec
import pytest

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.shallow import DEEPEST, shallow
from holdfast.adapters.kubernetes.sharing import Sharer
from holdfast.model.kinds import Pod, Secret

ABYSS = 20_000


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def test_what_lies_too_deep_becomes_null() -> None:
    body = f'{{"a": 1, "b": {nested(ABYSS)}, "c": "[[["}}'.encode()

    kept = json.loads(shallow(body))

    assert (1, "[[[") == (kept["a"], kept["c"])
    assert "[" * (DEEPEST - 1) + "null" + "]" * (DEEPEST - 1) == json.dumps(kept["b"])


def test_what_is_deep_enough_stays_as_it_was() -> None:
    body = nested(DEEPEST).encode()
    assert body == shallow(body)


@pytest.mark.parametrize(
    "body",
    [b'"', b'{"a": "', b"[" * ABYSS, b"]" * ABYSS, b'{"a": "\\', b"", b"nonsense"],
    ids=["quote", "text", "opened", "closed", "escape", "empty", "words"],
)
def test_what_is_no_json_is_none_afterwards(body: bytes) -> None:
    with pytest.raises(decode.UNREADABLE):
        decode.decoded(msgspec.json.Decoder(dict), body)


def test_an_object_with_an_abyss_costs_neither_itself_nor_its_list() -> None:
    deep = f'{{"metadata": {{"name": "deep"}}, "spec": {{"future": {nested(ABYSS)}}}}}'
    body = f'{{"kind": "PodList", "items": [{deep}, {{"metadata": {{"name": "web"}}}}]}}'.encode()

    listed = decode.page(Pod, body, Sharer())

    assert ["deep", "web"] == [pod.metadata.name for pod in listed.objects]
    assert () == listed.unreadable


def test_the_abyss_may_stand_beside_what_is_null_or_of_another_type() -> None:
    deep = nested(ABYSS)
    pods = (
        f'{{"metadata": {{"name": "{name}"}}, "spec": {{"nodeName": {node}, "x": {deep}}}}}'
        for name, node in (("null", "null"), ("odd", "7"))
    )
    body = f'{{"kind": "PodList", "items": [{", ".join(pods)}]}}'.encode()

    listed = decode.page(Pod, body, Sharer())

    assert ["null"] == [pod.metadata.name for pod in listed.objects]
    assert ["odd"] == [each.name for each in listed.unreadable]


def test_metadata_alone_may_have_one_as_well() -> None:
    """The fields that somebody manages are written as deeply as the object is nested."""
    managed = f'"managedFields": [{{"fieldsV1": {nested(ABYSS)}}}]'
    secret = f'{{"metadata": {{"name": "deep", {managed}}}}}'
    kind = "PartialObjectMetadataList"
    body = f'{{"kind": "{kind}", "metadata": {{"continue": "on"}}, "items": [{secret}]}}'.encode()

    assert "on" == decode.list_metadata(body).continue_
    assert b"deep" in decode.without_annotations(body)
    assert 1 == len(decode.page(Secret, body, Sharer()).unreadable)
