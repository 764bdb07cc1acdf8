"""Which disagreements are observed again: one of each kind, the smallest, whoever has how many of them."""

from __future__ import annotations

import random
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.frameworks.base import Adapter
from harness.records import Status, Surface, Verdict
from harness.vary.kinds import chosen, kinds
from harness.vary.looks import looks
from harness.vary.names import Names
from harness.vary.words import GONE, sentence

from ..fakes.varying import Varying

PLAIN = Surface("fake", "fake.loops", "eager")
OTHER = Surface("other", "fake.loops", "eager")


def verdict(case_id: str, status: Status = "wrong_operator", surface: Surface = PLAIN, words: str = "taps") -> Verdict:
    return Verdict(
        case_id=case_id, surface=surface, aspect="forward", relationships=(), status=status, expected="o = 4",
        observed="o = 4", diagnosis=words,
    )  # fmt: skip


verdicts = st.lists(
    st.builds(
        verdict,
        st.builds("conv{}d.i{}.k3.s1.p0.d1".format, st.integers(1, 2), st.integers(3, 200)),
        st.sampled_from(["wrong_operator", "rejected", "timed_out"]),
        st.sampled_from([PLAIN, OTHER]),
        st.sampled_from(["pads", "strides", "kernel flipped", "divisor"]),
    ),
    unique_by=lambda one: (one.case_id, one.surface),  # as a run's are
    max_size=30,
)


@given(verdicts, st.integers(1, 4), st.integers(1, 5), st.randoms())
def test_shards_have_looked_at_all_that_the_whole_looks_at(
    some: list[Verdict], most: int, shards: int, chance: random.Random
) -> None:
    parts: list[list[Verdict]] = [[] for _ in range(shards)]
    for one in some:
        parts[chance.randrange(shards)].append(one)
    of_shards = {kind.smallest for part in parts for kind in chosen(kinds(part), most)}
    assert {kind.smallest for kind in chosen(kinds(some), most)} <= of_shards
    assert chosen(kinds(chain.from_iterable(parts)), most) == chosen(kinds(some), most)


def test_what_hangs_is_not_waited_for_again_and_our_own_faults_are_no_kind() -> None:
    assert (
        kinds([verdict("conv1d.i4.k3.s1.p0.d1", "timed_out"), verdict("conv1d.i4.k3.s1.p0.d1", "harness_error")]) == []
    )


def test_of_more_kinds_than_are_looked_at_those_with_small_cases_come_first_framework_by_framework() -> None:
    some = [verdict(f"conv1d.i{i}.k3.s1.p0.d1", words=word) for i, word in zip((9, 7, 8), "abc", strict=True)]
    some.append(verdict("conv1d.i99.k3.s1.p0.d1", surface=OTHER))
    assert [kind.smallest.case_id for kind in chosen(kinds(some), 2)] == [
        "conv1d.i7.k3.s1.p0.d1", "conv1d.i8.k3.s1.p0.d1", "conv1d.i99.k3.s1.p0.d1",
    ]  # fmt: skip


def looked_at(case_id: str, adapter: type[Adapter] = Varying, surface: Surface = PLAIN) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in looks(verdict(case_id, surface=surface), adapter):
        found.setdefault(one.dimension, []).append(one.value)
    return found


def test_each_dimension_is_looked_at_with_all_else_equal() -> None:
    found = looked_at("conv1d.i4.k3.s1.p0.d1")
    assert found == {
        "": [""],
        "kernels": ["kernels=old"],
        "threads": ["threads=2", "threads=4"],
        "mode": ["jit"],
        "layout": ["channels_first", "channels_last"],
        "dtype": ["float64", "float16", "bfloat16", "int32", "int8"],
        "batch": ["1", "2"],
    }
    for one in looks(verdict("conv1d.i4.k3.s1.p0.d1"), Varying)[1:]:
        same = (one.case_id == "conv1d.i4.k3.s1.p0.d1", one.surface == PLAIN)
        assert sorted(same) == [False, True]


def test_from_a_process_with_a_switch_only_that_one_is_set_otherwise() -> None:
    found = looked_at("conv1d.i4.k3.s1.p0.d1", surface=Surface("fake", "fake.loops", "eager", "threads=2"))
    assert found["threads"] == ["", "threads=4"]
    assert "kernels" not in found


def test_the_adjoint_of_integers_is_nothing_to_look_at() -> None:
    one = verdict("conv1d.i4.k3.s1.p0.d1")
    backward = Verdict(**{**{name: getattr(one, name) for name in Verdict.__slots__}, "aspect": "adjoint"})
    assert [look.value for look in looks(backward, Varying) if look.dimension == "dtype"] == [
        "float64", "float16", "bfloat16",
    ]  # fmt: skip


FACTS = {
    ("fake", "", ""): {"version": "1", "onednn": "on", "isa": "default", "threads": "1", "XLA": "a"},
    ("fake", "NO_ONEDNN=1", ""): {"version": "1", "onednn": "off", "isa": "default", "threads": "1", "XLA": "a"},
    ("fake", "threads=2", ""): {"version": "1", "onednn": "on", "isa": "default", "threads": "2", "XLA": "b"},
    ("fake", "quiet=1", ""): {"version": "1", "onednn": "on", "isa": "default", "threads": "1", "XLA": "a"},
    ("other", "NO_ONEDNN=1", ""): {"version": "2"},
}
NAMES = Names("fake", "", FACTS)


def test_a_switch_is_called_by_what_it_changes() -> None:
    assert NAMES.setting("NO_ONEDNN", "") == "oneDNN on"
    assert NAMES.setting("NO_ONEDNN", "NO_ONEDNN=1") == "oneDNN off"
    assert NAMES.about("NO_ONEDNN") == "oneDNN"
    assert NAMES.setting("threads", "threads=2") == "threads 2"  # not the flags that say so as well
    assert NAMES.setting("quiet", "quiet=1") == "quiet=1"
    assert NAMES.setting("quiet", "") == "no quiet"


W, R, A, C = "wrong_operator", "rejected", "agrees", "crashed"


@pytest.mark.parametrize(
    ("status", "seen", "said"),
    [
        (W, {"NO_ONEDNN": [("", W), ("NO_ONEDNN=1", A)]}, "only with oneDNN on"),
        (R, {"NO_ONEDNN": [("NO_ONEDNN=1", R), ("", A)]}, "only with oneDNN off"),
        (W, {"NO_ONEDNN": [("", W), ("NO_ONEDNN=1", R)]}, "rejected with oneDNN off instead"),
        (W, {"threads": [("", W), ("threads=2", C)], "mode": [("eager", W), ("jit", A)]},
         "only in mode eager; crashed with threads 2 instead"),
        (W, {"mode": [("eager", W), ("jit", W), ("xla", A)]}, "in every mode but xla"),
        (W, {"mode": [("eager", W), ("jit", W), ("xla", A), ("graph", A)]}, "only in modes eager and jit"),
        (W, {"dtype": [("float32", W), ("float64", A), ("int8", R)]}, "only in float32 (rejected in int8)"),
        (W, {"dtype": [("float32", W), ("int8", R)]}, "rejected in int8 instead"),
        (W, {"layout": [("default", W), ("channels_first", A)]}, "only with the default layout"),
        (W, {"layout": [("default", A), ("channels_last", W)]}, "only with channels last"),
        (W, {"batch": [("None", W), ("1", A), ("2", W)]}, "only with batch > 1"),
        (W, {"batch": [("None", W), ("1", A), ("2", A)]}, "only with more than 2 inputs in one batch"),
        (W, {"batch": [("1", W), ("None", A), ("2", A)]}, "only with batch 1"),
        (W, {"batch": [("0", W), ("None", A), ("1", A)]}, "only with an empty batch"),
        (W, {"mode": [("eager", W), ("jit", "unstable")]}, "with every mode"),  # values that differ are values that do
        ("unstable", {"mode": [("eager", "unstable"), ("jit", W)]}, "with every mode"),
        (W, {"": [("", A)], "mode": [("eager", W), ("jit", A)]}, GONE),
        (W, {"": [("", W)]}, ""),
    ],
)  # fmt: skip
def test_what_is_said_of_what_was_seen(status: Status, seen: dict[str, list[tuple[str, Status]]], said: str) -> None:
    assert sentence(status, seen, NAMES) == said
