"""Rules on made-up verdicts, where the right ones are known because they were planted."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import generate, grid
from cases.case import Case
from harness.records import Surface
from harness.rules import Rule, rules
from harness.rules.causes import cause, refusal
from harness.rules.search import Bools, Numbers, _Bits, _Search, cover
from harness.rules.table import opened

from ..fakes.verdicts import row, write

pytestmark = pytest.mark.slow

# What is planted: in SQL, and the same of a case in Python.
PLANTS: dict[str, Callable[[Case], bool]] = {
    "k_even": lambda case: all(k % 2 == 0 for k in case.each("k")),
    "s_max > 1": lambda case: max(case.each("s")) > 1,
    "d_max > 1": lambda case: max(case.each("d")) > 1,
    "layout = 'channels_last'": lambda case: case.layout == "channels_last",
    "dtype = 'int8'": lambda case: case.dtype == "int8",
    "rank = 1": lambda case: case.rank == 1,
    "any_s_over_k": lambda case: any(axis.s > axis.k for axis in case.axes),
    "s_mixed": lambda case: len(set(case.each("s"))) > 1,
    "any_p_uneven": lambda case: any(axis.p_before != axis.p_after for axis in case.axes),
    "groups > 1": lambda case: case.groups > 1,
    "batch = 0": lambda case: case.batch == 0,
    "op = 'conv'": lambda case: case.op == "conv",
    "op = 'max_pool'": lambda case: case.op == "max_pool",
}


@lru_cache
def cases() -> tuple[Case, ...]:
    found = sorted(generate.cases(grid.load("pull-request")), key=lambda case: case.id)
    return tuple(random.Random(1).sample(found, 700))


def found(rows: Iterable[Mapping[str, Any]], folder: Path) -> tuple[list[Rule], set[tuple[str, ...]]]:
    """The rules, and what they cover by their own SQL; each counts what its SQL counts."""
    with opened(write(rows, folder)) as database:
        told = rules(database)
        covered: set[tuple[str, ...]] = set()
        for rule in told:
            mine = of(database, rule)
            assert len(mine) == rule.total
            assert sum(status == rule.status for *_, status in mine) == rule.support
            assert rule.example in {key[0] for key in mine if key[-1] == rule.status}
            covered |= {tuple(key[:-1]) for key in mine}
    return told, covered


def of(database: duckdb.DuckDBPyConnection, rule: Rule) -> list[tuple[str, ...]]:
    mine = database.table("verdicts").filter(f"framework = '{rule.framework}' AND {rule.predicate}")
    for column in ("route", "mode", "switch", "aspect"):
        values = {"switch": rule.switches}.get(column, getattr(rule, f"{column}s", ()))
        if values:
            mine = mine.filter(f"{column} IN ({', '.join(map(repr, values))})")
    return mine.project("case_id, route, mode, switch, aspect, status").fetchall()


@pytest.mark.parametrize("planted", ["k_even", "s_max > 1", "any_p_uneven", "dtype = 'int8'"])
def test_one_statement_is_found_and_is_the_only_rule(planted: str, tmp_path: Path) -> None:
    told, _ = found((row(case, "rejected" if PLANTS[planted](case) else "agrees") for case in cases()), tmp_path)
    assert [rule.sql for rule in told] == [(planted,)]
    assert told[0].support == told[0].total == sum(PLANTS[planted](case) for case in cases())
    assert told[0].ops == told[0].aspects == told[0].routes == ()


def test_the_sentence_that_people_would_say(tmp_path: Path) -> None:
    def deviates(case: Case) -> bool:
        return case.op == "conv" and PLANTS["k_even"](case) and PLANTS["s_max > 1"](case)

    many = [case for case in generate.cases(grid.load("smoke")) if case.op != "avg_pool"]
    told, _ = found((row(case, "wrong_operator" if deviates(case) else "agrees") for case in many), tmp_path)
    number = sum(map(deviates, many))
    assert [str(rule) for rule in told] == [f"fake: conv, any s > 1, k even: wrong_operator, {number} of {number}"]
    assert told[0].predicate == "op = 'conv' AND s_max > 1 AND k_even"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(planted=st.sets(st.sampled_from(sorted(PLANTS)), min_size=1, max_size=3))
def test_rules_cover_what_was_planted_and_nothing_else(planted: set[str], tmp_path: Path) -> None:
    def deviates(case: Case) -> bool:
        return all(PLANTS[one](case) for one in planted)

    told, covered = found((row(case, "crashed" if deviates(case) else "agrees") for case in cases()), tmp_path)
    assert {key[0] for key in covered} == {case.id for case in cases() if deviates(case)}
    assert all(rule.support == rule.total and not rule.exceptions for rule in told)
    assert all(len(rule.sql) <= 4 for rule in told)  # three, and whether there is anything to compute


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    either=st.sets(st.sampled_from(sorted(PLANTS)), min_size=1, max_size=2),
    other=st.sets(st.sampled_from(sorted(PLANTS)), min_size=1, max_size=2),
)
def test_two_causes_are_two_rules_or_fewer_that_cover_both(either: set[str], other: set[str], tmp_path: Path) -> None:
    def deviates(case: Case) -> bool:
        return all(PLANTS[one](case) for one in either) or all(PLANTS[one](case) for one in other)

    told, covered = found((row(case, "crashed" if deviates(case) else "agrees") for case in cases()), tmp_path)
    assert {key[0] for key in covered} == {case.id for case in cases() if deviates(case)}
    assert all(rule.support == rule.total for rule in told)


def test_a_few_without_a_rule_hide_none(tmp_path: Path) -> None:
    """What is planted is told as if they were not there, and they are told as what is left."""
    odd = {case.id for case in random.Random(2).sample(cases(), 4)}

    def planted(case: Case) -> bool:
        return case.op == "conv" and PLANTS["s_max > 1"](case)

    told, covered = found(
        (row(case, "crashed" if planted(case) or case.id in odd else "agrees") for case in cases()), tmp_path
    )
    assert (told[0].predicate, told[0].support) == ("op = 'conv' AND s_max > 1", sum(map(planted, cases())))
    assert {case.id for case in cases() if planted(case)} | odd <= {key[0] for key in covered}


def test_where_it_happens_is_said_and_where_it_makes_no_difference_is_not(tmp_path: Path) -> None:
    rows = [
        row(case, "rejected" if bad and PLANTS["k_even"](case) else "agrees", route=route, mode=mode, aspect=aspect)
        for case in cases()[:200]
        for route, mode, aspect, bad in (
            ("a", "eager", "forward", False),
            ("b", "eager", "forward", False),
            ("b", "eager", "adjoint", True),
            ("b", "jit", "adjoint", True),
        )
    ]
    told, _ = found(rows, tmp_path)
    assert [(rule.routes, rule.modes, rule.aspects, rule.sql) for rule in told] == [((), (), ("adjoint",), ("k_even",))]


def test_without_an_exact_rule_exceptions_are_counted_and_named(tmp_path: Path) -> None:
    even = [case for case in cases() if PLANTS["k_even"](case)]
    odd_one_out = min(even, key=lambda case: (len(case.id), case.id))
    lucky = random.Random(2).sample(even, 5)
    rows = [row(case, "crashed" if case in even and case not in lucky else "agrees") for case in cases()]
    # one that no short predicate can tell from the rest: the same parameters on another surface do it
    told, _ = found([*rows, row(odd_one_out, "agrees", aspect="adjoint")], tmp_path)
    for rule in told:
        assert (rule.support == rule.total) == (not rule.exceptions)
    assert all(name in {case.id for case in cases()} for rule in told for name in rule.exceptions)


def test_two_statuses_are_never_one_rule(tmp_path: Path) -> None:
    rows = [
        row(case, ("crashed" if PLANTS["s_max > 1"](case) else "rejected") if PLANTS["k_even"](case) else "agrees")
        for case in cases()
    ]
    told, _ = found(rows, tmp_path)
    assert {rule.status for rule in told} == {"crashed", "rejected"}
    assert all(rule.support == rule.total for rule in told)


def test_what_is_known_is_neither_covered_nor_an_exception(tmp_path: Path) -> None:
    rows = [row(case, "crashed" if PLANTS["k_even"](case) else "agrees") for case in cases()]
    with opened(write(rows, tmp_path)) as database:
        known = [number for (number,) in database.sql("SELECT verdict FROM verdicts WHERE k_even").fetchall()]
        assert rules(database, known) == []
        left = rules(database, known[1:])
        assert [rule.total for rule in left] == [1]


def test_the_same_rules_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = [row(case, "crashed" if PLANTS["any_s_over_k"](case) or case.rank == 3 else "agrees") for case in cases()]
    first, _ = found(rows, tmp_path)
    second, _ = found(rows[::-1], tmp_path)
    assert first == second


def test_nothing_wrong_no_rules(tmp_path: Path) -> None:
    assert found([row(case) for case in cases()[:5]], tmp_path) == ([], set())
    assert found([], tmp_path) == ([], set())


def test_a_hundred_thousand_verdicts_take_seconds(tmp_path: Path) -> None:
    many = list(generate.cases(grid.load("pull-request")))
    surfaces = [
        (route, mode, aspect) for route in "abcd" for mode in "xyz" for aspect in ("forward", "adjoint", "dense")
    ]
    rows = [
        row(
            case,
            "crashed" if aspect != "dense" and route != "a" and PLANTS["k_even"](case) and PLANTS["s_max > 1"](case)
            else "rejected" if route == "a" and PLANTS["s_mixed"](case) and case.dtype == "float16" else "agrees",
            route=route, mode=mode, aspect=aspect,
        )
        for case in many
        for route, mode, aspect in surfaces
    ]  # fmt: skip
    path = write(rows, tmp_path)
    began = time.monotonic()
    with opened(path) as database:
        told = rules(database)
    assert time.monotonic() - began < 60  # a few seconds, on a machine that does nothing else
    assert sum(rule.support for rule in told) == sum(one["status"] != "agrees" for one in rows)
    assert all(rule.support == rule.total for rule in told)


@pytest.mark.parametrize(
    ("status", "observed", "diagnosis", "said"),
    [
        ("rejected", "ValueError: pad should be at most 3 of 5", "", "pad should be at most # of #"),
        ("rejected", "a.b.SomeError: {{function_node x/y:0}} Pad (1, 2) > 4", "", "Pad # > #"),
        ("rejected", "KeyError: ", "", "KeyError:"),
        ("wrong_operator", "o = 3", "gradient: pads (0, 1); p = 1 says (1, 1): every tap sits", "pads"),
        ("wrong_operator", "o = 3", "pads (1, 0); p = 2 says (2, 2)", "pads"),
        ("wrong_shape", "o = 3", "no explanation: shape 2×3 expected, 2×4 declared", "no explanation"),
        ("crashed", "SIGFPE", "the process ended: SIGFPE", "the process ended: SIGFPE"),
    ],
)
def test_what_verdicts_of_one_cause_say_alike(status: str, observed: str, diagnosis: str, said: str) -> None:
    assert cause(status, observed, diagnosis) == said


def test_a_refusal_is_told_without_where_the_error_is_defined_or_raised() -> None:
    assert refusal("a.b.impl.BadError: {{function_node x/y:0}} Pad > 4 [Op:Conv]") == "BadError: Pad > 4 [Op:Conv]"
    assert refusal("ValueError: torch.nn: no") == "ValueError: torch.nn: no"


def test_rules_are_of_causes_where_what_cuts_across_them_would_say_more(tmp_path: Path) -> None:
    """Even kernels and dilations are the causes; the grid happens to have them with a stride, or else with a bias."""
    rows = [row(f"conv1d.i{i}.k3.s1.p0.d1.c2to3") for i in range(8, 40)]
    for letters, words, number in (("k2.{}.p0.d1", "even kernels", 40), ("k3.{}.p0.d2", "dilations", 20)):
        for n in range(number):
            stride, bias = ("s2", "") if n % 5 else ("s1", ".bias")
            case = f"conv1d.i{8 + n}.{letters.format(stride)}.c2to3{bias}"
            rows.append(row(case, "rejected", observed=f"ValueError: {words} are not for {n}"))
    told, _ = found(rows, tmp_path)
    assert [(rule.sql, rule.support, rule.total) for rule in told] == [(("k_even",), 40, 40), (("d_max > 1",), 20, 20)]


@pytest.mark.parametrize(("alone", "chosen"), [(75, [(1, 2)]), (95, [(0,), (1, 2)])])
def test_one_for_all_is_better_than_a_shorter_one_for_most(alone: int, chosen: list[tuple[int, ...]]) -> None:
    """Statement 0 holds of many that are wanted, 1 and 2 together of all: those, or it where few are left."""
    number = np.arange(200)
    holds = np.array([number < alone, number < 150, (number < 100) | (number >= 150)])
    zeros = np.zeros_like(number)
    assert [one.statements for one in cover(holds, number, zeros, [number < 100])] == chosen[-1:]
    assert best(holds, number, zeros, number < 100) == chosen[0]


def best(holds: Bools, case: Numbers, cell: Numbers, wanted: Bools) -> tuple[int, ...]:
    """What is chosen first."""
    bits, others = (_Bits(holds, case[which], cell[which], 1) for which in (wanted, ~wanted))
    told = _Search(bits, others, exact=True).best()
    assert told is not None
    return told.statements


def test_a_rule_that_others_cover_is_not_told(tmp_path: Path) -> None:
    """What is said of one route alone where all of them deviate."""
    rows = [
        row(case, "rejected", observed=f"{route} says no", route=route)
        for case in cases()[:50]
        for route in ("one", "two", "three")
    ]
    told, _ = found(rows, tmp_path)
    assert [str(rule) for rule in told] == ["fake: everything: rejected, 150 of 150"]


def test_rules_name_where_their_smallest_case_was_seen(tmp_path: Path) -> None:
    small, large = "conv1d.i5.k2.s2.p0.d1", "conv1d.i15.k2.s2.p0.d1"
    rows = [row(large, "crashed"), row(small, "crashed", route="other", aspect="dense"), row("conv1d.i5.k3.s2.p0.d1")]
    ((rule,), _) = found(rows, tmp_path)
    assert rule.key == (small, Surface("fake", "other", "eager"), "dense")
