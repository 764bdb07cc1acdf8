"""Each status, from an observation written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness import judge
from harness.operator import Operator
from harness.records import Observation, Status, Surface, Verdict

SURFACE = Surface("fake", "fake.loops", "eager")

# i = 4, k = 3, s = 1, p = 0: o = 2, taps 1 2 3
CASE = "conv1d.i4.k3.s1.p0.d1"
RIGHT = np.array([[1, 2, 3, 0], [0, 1, 2, 3]])

# i = 2, k = 3: o = 0; i = 2, k = 4: o = -1
ZERO, NEGATIVE = "conv1d.i2.k3.s1.p0.d1", "conv1d.i2.k4.s1.p0.d1"


def seen(matrix: Any = RIGHT, **changes: Any) -> Observation:
    operator = Operator.of(np.asarray(matrix, dtype=float))
    observation = Observation(
        case_id=CASE,
        surface=SURFACE,
        probe="forward",
        outcome="returned",
        shape=(4, 1, 2),
        digest=operator.digest,
        operator=operator.to_json(),
    )
    return replace(observation, **changes)


def refused(**changes: Any) -> Observation:
    return replace(
        Observation(
            case_id=CASE, surface=SURFACE, probe="forward", outcome="raised", error="ValueError", text="too small"
        ),
        **changes,
    )


def empty(case: str, shape: tuple[int, ...]) -> Observation:
    operator = Operator.of(np.zeros((int(np.prod(shape[1:])), shape[0])))
    return seen(case_id=case, shape=shape, digest=operator.digest, operator=operator.to_json())


def verdict(*observations: Observation) -> Verdict:
    (found,) = judge.judge(observations)
    return found


@pytest.mark.parametrize(
    ("observation", "status"),
    [
        (seen(), "agrees"),
        (seen(probe="adjoint", shape=(1, 1, 2)), "agrees"),
        (seen(shape=(4, 1, 3)), "wrong_shape"),
        (seen(shape=(3, 1, 2)), "wrong_shape"),
        (seen(probe="adjoint"), "wrong_shape"),
        (seen([[0, 1, 2, 3], [0, 0, 1, 2]]), "wrong_operator"),
        (seen([[3, 2, 1, 0], [0, 3, 2, 1]]), "wrong_operator"),
        (seen(RIGHT + 1e-12 * (RIGHT > 0)), "wrong_operator"),
        (seen(np.where(RIGHT == 3, np.nan, RIGHT)), "wrong_operator"),
        (seen(digest=None, operator=None), "wrong_operator"),
        (refused(), "rejected"),
        (refused(case_id=ZERO), "agrees"),
        (refused(case_id=NEGATIVE), "agrees"),
        (empty(ZERO, (2, 1, 0)), "agrees"),
        (empty(NEGATIVE, (2, 1, 0)), "agrees"),
        (empty(ZERO, (2, 3, 0)), "wrong_shape"),
        (seen(case_id=ZERO, shape=(2, 1, 2)), "accepted"),
        (refused(outcome="crashed", error="SIGSEGV"), "crashed"),
        (refused(outcome="crashed", error="SIGSEGV", case_id=ZERO), "crashed"),
        (refused(outcome="timed_out", error="more than 60 s"), "timed_out"),
        (refused(outcome="unsupported", error=None, text="it cannot"), "unsupported"),
        (refused(outcome="harness_error"), "harness_error"),
        (refused(outcome="harness_error", case_id=ZERO), "harness_error"),
    ],
)
def test_status(observation: Observation, status: Status) -> None:
    assert verdict(observation).status == status


def test_a_verdict_names_what_speaks_of_the_case_and_the_statements_that_the_aspect_tests() -> None:
    assert verdict(seen()).relationships == ("R1", "R2", "R5", "R6", "R15", "S4")
    assert verdict(seen(probe="adjoint", shape=(1, 1, 2))).relationships == ("R1", "R2", "R5", "R6", "R15", "S5")


def test_the_diagnosis_says_where_the_operator_differs_first() -> None:
    found = verdict(seen([[1, 2, 3, 0], [0, 1, 7, 3]]))
    assert found.diagnosis == (
        "no explanation: 1 of 8 entries of the operator differ, "
        "first output (0, 1) from input (0, 2): 2 expected, 7 observed"
    )


def test_the_diagnosis_says_why_where_that_can_be_read_off() -> None:
    assert verdict(seen([[0, 1, 2, 3], [0, 0, 1, 2]])).diagnosis == (
        "pads (-1, 1); p = 0 says (0, 0): every tap sits one input later"
    )
    assert verdict(seen([[3, 2, 1, 0], [0, 3, 2, 1]])).diagnosis == "kernel flipped"


def test_expected_and_observed_are_sizes_in_the_guide_s_letters() -> None:
    found = verdict(seen(shape=(4, 1, 3)))
    assert (found.expected, found.observed) == ("o = 2", "o = 3")
    assert verdict(refused(case_id=NEGATIVE)).expected == "nothing to compute (o = -1)"
    assert verdict(refused(case_id="conv1d.i6.k3.s1.p0.d1.c2to0")).expected == "no output maps (o = 4)"
    assert verdict(refused()).observed == "ValueError: too small"


def test_the_same_seen_twice_is_one_verdict() -> None:
    assert verdict(seen(), seen(seconds=3.0)).status == "agrees"
    assert verdict(refused(case_id=ZERO), refused(case_id=ZERO, text="other words")).status == "agrees"


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (seen(), seen(RIGHT * 2), "their values"),
        (seen(), seen(RIGHT, shape=(3, 1, 3)), "their shape"),
        (seen(), refused(), "how they ended"),
        (seen(), refused(outcome="crashed", error="SIGABRT"), "how they ended"),
        (refused(), refused(error="TypeError"), "their error"),
    ],
)
def test_different_observations_of_one_case_are_unstable(one: Observation, other: Observation, what: str) -> None:
    for pair in ((one, other), (other, one)):
        assert verdict(*pair).status == "unstable"
        assert verdict(*pair).diagnosis == f"2 observations of the same case differ in {what}"


def test_values_of_what_should_not_be_there_may_be_anything() -> None:
    """Memory that nobody wrote differs from one observation to the next, and so must not decide a verdict."""
    one, other = (seen(RIGHT * n, case_id=ZERO, shape=(2, 1, 2)) for n in (1, 2))
    assert verdict(one, other).status == "accepted"
    longer, otherwise = (seen(RIGHT * n, shape=(3, 1, 3)) for n in (1, 2))
    assert verdict(longer, otherwise).status == "wrong_shape"
    assert verdict(longer, otherwise) == verdict(otherwise, longer)


def test_an_operator_that_is_as_expected_is_known_by_its_digest() -> None:
    assert judge.kept(seen()) == seen(operator=None)
    assert judge.kept(seen(RIGHT * 2)) == seen(RIGHT * 2)


def test_what_a_dying_process_printed_is_no_part_of_the_verdict() -> None:
    crash = refused(outcome="crashed", error="SIGFPE", text="at 12:31:07, pid 4711")
    assert verdict(crash) == verdict(replace(crash, text="at 12:31:09, pid 4712"))


def test_verdicts_do_not_depend_on_the_order_of_observations() -> None:
    observations = [seen(), seen(probe="adjoint", shape=(1, 1, 2)), refused(case_id=ZERO), refused(case_id=NEGATIVE)]
    assert list(judge.judge(observations)) == list(judge.judge(reversed(observations)))


def test_evidence_is_what_differs() -> None:
    assert not judge.is_evidence(seen())
    assert judge.is_evidence(seen(RIGHT * 2))


def test_a_closed_form_that_contradicts_the_operator_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    from cases import claims

    wrong = {name: replace(c, claim=lambda x: x.i) if name == "R6" else c for name, c in claims.BY_ID.items()}
    monkeypatch.setattr("harness.judge.BY_ID", wrong)
    judge.expectation.cache_clear()
    found = verdict(seen())
    judge.expectation.cache_clear()
    assert found.status == "harness_error"
    assert found.diagnosis == "R6 claims o = 4, but the operator has o = 2"


def test_of_an_empty_batch_the_shape_is_judged() -> None:
    case = f"{CASE}.batch0"
    nothing = Operator.empty(2, 0)
    right = seen(case_id=case, shape=(0, 1, 2), digest=nothing.digest, operator=nothing.to_json())
    assert verdict(right).status == "agrees"
    assert verdict(replace(right, shape=(0, 1, 4))).status == "wrong_shape"
    assert verdict(refused(case_id=case)).status == "rejected"


def test_a_bias_is_judged_by_what_comes_of_zeros() -> None:
    case = f"{CASE}.bias"

    def of_zeros(*values: float) -> Observation:
        operator = Operator.of(np.array([values], dtype=float).T)
        return seen(case_id=case, probe="bias", shape=(1, 1, 2), digest=operator.digest, operator=operator.to_json())

    assert verdict(of_zeros(1, 1)).status == "agrees"
    doubled = verdict(of_zeros(2, 2))
    assert doubled.status == "wrong_operator"
    assert doubled.diagnosis == "bias times 2"


def declared(shape: tuple[int | None, ...], case: str = CASE) -> Observation:
    return Observation(case_id=case, surface=SURFACE, probe="declared", outcome="returned", shape=shape)


@pytest.mark.parametrize(
    ("observation", "status", "observed"),
    [
        (declared((2, 1, 2)), "agrees", "o = 2"),
        (declared((None, 1, 2)), "agrees", "o = 2"),
        (declared((2, 1, None)), "agrees", "o = ?"),  # it says nothing, and so nothing wrong
        (declared((2, 1, 3)), "wrong_shape", "o = 3"),
        (declared((1, 1, 2)), "wrong_shape", "o = 2"),
        (declared((2, 2, None)), "wrong_shape", "o = ?"),
        (declared((2, 1, 2, 1)), "wrong_shape", "o = 2×1"),
        (declared((2, 1, 0), ZERO), "agrees", "o = 0"),
        (declared((2, 1, 1), ZERO), "accepted", "o = 1"),
        (declared((2, 1, -1), NEGATIVE), "wrong_shape", "o = -1"),
        (declared((3, 1, 2), f"{CASE}.batch3"), "agrees", "o = 2"),
        (declared((0, 1, 2), f"{CASE}.batch0"), "agrees", "o = 2"),
        (declared((1, 1, 2), f"{CASE}.batch0"), "wrong_shape", "o = 2"),
        (refused(probe="declared"), "rejected", "ValueError: too small"),
        (refused(probe="declared", case_id=ZERO), "agrees", "ValueError: too small"),
    ],
)
def test_a_declared_shape_is_held_against_the_claimed_one(
    observation: Observation, status: Status, observed: str
) -> None:
    found = verdict(observation)
    assert (found.status, found.observed) == (status, observed)
    if status == "wrong_shape":
        assert found.diagnosis.endswith("declared")
