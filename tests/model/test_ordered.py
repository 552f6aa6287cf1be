from holdfast.model.ordered import ACT, LOOK, CaseOrder

ORDER = CaseOrder(proposal="prp_1", step=2, generation=3)


def test_what_is_claimed_and_run_is_named_by_the_step_of_the_proposal() -> None:
    assert "prp_1/2/3" == ORDER.key
    assert "act/prp_1/2/3" == ORDER.run(ACT)
    assert "look/prp_1/2/3/7" == ORDER.run(LOOK, 7)
