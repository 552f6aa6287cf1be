"""Who may write what, by the modes on the way there."""

import pytest

from holdfast.model.reach import Place, Writers, writers

ROOT, ANA, TEAM, AUDIT, VOLUME = 0, 1000, 50, 60, 2000

NOBODY, OURS, OTHERS = Writers


def a_way(*steps: tuple[int, int]) -> list[Place]:
    return [Place(mode=mode, group=group) for mode, group in ((0o755, ROOT), (0o755, ROOT), *steps)]


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        # where all get to: ana's own group is hers alone, the team's is not
        (a_way((0o755, ANA), (0o644, ANA)), NOBODY),
        (a_way((0o775, ANA), (0o664, ANA)), NOBODY),
        (a_way((0o755, TEAM), (0o644, TEAM)), NOBODY),
        (a_way((0o755, TEAM), (0o664, TEAM)), OTHERS),
        (a_way((0o755, ANA), (0o664, TEAM)), OTHERS),
        (a_way((0o755, ANA), (0o646, ANA)), OTHERS),
        (a_way((0o2775, TEAM)), OTHERS),
        (a_way((0o2775, ANA)), NOBODY),
        (a_way((0o777, ANA)), OTHERS),
        # a folder that lets nobody in, at any height
        (a_way((0o700, ANA), (0o666, ANA)), NOBODY),
        (a_way((0o700, TEAM), (0o664, TEAM)), NOBODY),
        (a_way((0o700, ANA), (0o755, ANA), (0o755, ANA), (0o666, TEAM)), NOBODY),
        (a_way((0o700, ANA), (0o777, ANA), (0o777, ANA)), NOBODY),
        (a_way((0o750, ANA), (0o755, ANA), (0o666, ANA)), NOBODY),
        # one that lets the team in and nobody else
        (a_way((0o750, TEAM), (0o755, ANA), (0o644, ANA)), NOBODY),
        (a_way((0o750, TEAM), (0o755, ANA), (0o666, ANA)), OTHERS),
        (a_way((0o710, TEAM), (0o660, TEAM)), OTHERS),
        (a_way((0o750, AUDIT), (0o660, TEAM)), OTHERS),  # of whoever is in both
        # one that lets all in but the team
        (a_way((0o701, TEAM), (0o664, TEAM)), NOBODY),
        (a_way((0o701, TEAM), (0o664, AUDIT)), OTHERS),
        (a_way((0o701, TEAM), (0o666, TEAM)), OTHERS),
        (a_way((0o705, TEAM), (0o606, TEAM)), OTHERS),
        # the group of a volume, which this process was given
        (a_way((0o2775, VOLUME)), OURS),
        (a_way((0o2775, VOLUME), (0o664, VOLUME)), OURS),
        (a_way((0o2770, VOLUME), (0o666, ANA)), OURS),
        (a_way((0o2775, VOLUME), (0o644, VOLUME)), NOBODY),
        (a_way((0o2777, VOLUME)), OTHERS),
    ],
)
def test_who_may_write_the_last_is_told_by_the_modes_on_the_way(
    way: list[Place], expected: Writers
) -> None:
    assert expected == writers(way, shared={TEAM, AUDIT}, ours={VOLUME})
