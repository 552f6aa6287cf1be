"""Plan files of somebody else: what is no plan of two to five steps is none, with a reason."""

from pathlib import Path

import pytest

from holdfast.errors import BadInput
from holdfast.surfaces.cli.repairs.plan_files import read

HEAD = "apiVersion: holdfast.dev/v1alpha1\nkind: Plan\n"
ONE = "  - {trouble: trb_1, action: RolloutRestart, target: shop/web}\n"
TWO = "  - {trouble: trb_2, action: DeleteJob}\n"
GOOD = f"{HEAD}steps:\n{ONE}{TWO}"

FILES: dict[str, str] = {
    "empty": "",
    "no mapping": "- a\n- b\n",
    "steps twice": f"{GOOD}steps:\n{TWO}{ONE}",
    "a key of a step twice": GOOD.replace("trouble: trb_1", "trouble: trb_1, trouble: trb_9"),
    "a key twice, one of them quoted": GOOD.replace(
        "action: DeleteJob", 'action: DeleteJob, "action": X'
    ),
    "an anchor": f"{HEAD}steps:\n  - &a {{trouble: trb_1, action: RolloutRestart}}\n  - *a\n",
    "an anchor that nobody uses": GOOD.replace("trouble: trb_1", "trouble: &x trb_1"),
    "a merge": f"{HEAD}steps:\n{ONE}  - {{<<: {{trouble: trb_2}}, action: DeleteJob}}\n",
    "a bomb": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" + GOOD,
    "a tag": GOOD.replace("steps:", "steps: !!python/object/apply:os.system"),
    "a tag of a text": GOOD.replace("trouble: trb_1", "trouble: !!str trb_1"),
    "two documents": f"{GOOD}---\n{GOOD}",
    "a document after its end": f"{GOOD}...\nkind: Secret\n",
    "another version": GOOD.replace("v1alpha1", "v1"),
    "another kind": GOOD.replace("kind: Plan", "kind: plan"),
    "a kind in Cyrillic": GOOD.replace("kind: Plan", "kind: Рlan"),
    "a key in Cyrillic": GOOD.replace("action: DeleteJob", "аction: DeleteJob"),
    "an approval": f"{GOOD}approved: true\n",
    "a risk": GOOD.replace("action: DeleteJob", "action: DeleteJob, risk: low"),
    "parameters": GOOD.replace("action: DeleteJob", "action: DeleteJob, params: {replicas: 99}"),
    "no steps": HEAD,
    "one step": f"{HEAD}steps:\n{ONE}",
    "six steps": f"{HEAD}steps:\n" + "".join(ONE.replace("trb_1", f"trb_{n}") for n in range(6)),
    "a step twice": f"{HEAD}steps:\n{ONE}{ONE}",
    "a million steps": f"{HEAD}steps:\n" + ONE * 1_000_000,
    "steps that are a mapping": f"{HEAD}steps: {{0: {{trouble: a, action: b}}}}\n",
    "a step that is a text": f"{HEAD}steps: [a, b]\n",
    "a null": GOOD.replace("trb_1", "null"),
    "an endless number": GOOD.replace("trb_1", "9" * 5000),
    "no, which is false": GOOD.replace("trb_1", "no"),
    "a tag by its handle": "%TAG ! tag:yaml.org,2002:\n---\n" + GOOD.replace("trb_1", "!str trb_1"),
    "a tag of nothing": GOOD.replace("trb_1", "! trb_1"),
    "a tag of a key": GOOD.replace("kind: Plan", "!!str kind: Plan"),
    "a tag of a mapping": GOOD.replace("  - {trouble: trb_2", "  - !!map {trouble: trb_2"),
    "a binary": GOOD.replace("trb_1", "!!binary aGk="),
    "depth": f"{HEAD}steps: " + "[" * 5000 + "]" * 5000 + "\n",
    "an endless trouble": GOOD.replace("trb_1", "t" * 400),
    "an endless target": GOOD.replace("shop/web", "s" * 400),
    "a NUL": GOOD.replace("trb_1", "trb\0"),
    "a tab": GOOD.replace("  - {trouble: trb_1", "\t- {trouble: trb_1"),
    "JSON with a key twice": '{"kind":"Plan","kind":"Plan","steps":[]}',
}


@pytest.mark.parametrize("text", FILES.values(), ids=list(FILES))
def test_what_is_no_plan_is_refused_with_its_reason(text: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as no:
        read(file)
    assert no.value.wrong
    assert no.value.remedy
    assert len(no.value.wrong) < 1000


@pytest.mark.parametrize("bytes_", [b"\xff\xfe\x00", b"\xed\xa0\x80", GOOD.encode("utf-16")])
def test_what_is_no_text_is_no_plan(bytes_: bytes, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_bytes(bytes_)
    with pytest.raises(BadInput):
        read(file)


@pytest.mark.parametrize("what", ["/dev/zero", "a folder", "nothing"])
def test_what_is_no_file_is_no_plan(what: str, tmp_path: Path) -> None:
    path = {"/dev/zero": Path("/dev/zero"), "a folder": tmp_path}.get(what, tmp_path / "x.yaml")
    with pytest.raises(BadInput):
        read(path)


def test_a_plan_is_read(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert [each.action for each in read(file).steps] == ["RolloutRestart", "DeleteJob"]
