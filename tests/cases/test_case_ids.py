"""A case's id says the whole case: readable, the same for the same content, and read back without loss."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import DTYPES, LAYOUTS, OPS, PADDINGS, Axis, Case, parse

quick = settings(derandomize=True, deadline=None, max_examples=300)

PLAIN = "conv1d.i5.k3.s1.p0.d1"


def square(i: int, k: int, s: int, p: int, *, d: int = 1, a: int = 0) -> tuple[Axis, Axis]:
    axis = Axis(i, k, s, p, p, d, a)
    return axis, axis


@st.composite
def any_fields(draw: st.DrawFn) -> dict[str, Any]:
    """Every field of a case, drawn; what a layer has not is left out of it."""
    op = draw(st.sampled_from(OPS))
    pools, average = op in ("avg_pool", "max_pool"), op == "avg_pool"
    size, least_one = st.integers(0, 120), st.integers(1, 120)
    far_end = size if op == "conv_transpose" else st.just(0)
    axis = st.builds(Axis, i=size, k=least_one, s=least_one, p_before=size, p_after=size, d=least_one, a=far_end)
    groups = draw(st.integers(1, 5)) if not pools else 1
    maps = st.integers(0, 9).map(lambda each: each * groups)
    channels_in = draw(maps)
    return {
        "op": op,
        "axes": tuple(draw(st.lists(axis, min_size=1, max_size=9))),
        "padding": draw(st.sampled_from(PADDINGS)),
        "channels_in": channels_in,
        "channels_out": channels_in if pools else draw(maps),
        "groups": groups,
        "batch": draw(st.none() | st.integers(0, 40)),
        "bias": draw(st.booleans()) if not pools else False,
        "ceil_mode": draw(st.booleans()) if pools else False,
        "count_include_pad": draw(st.booleans()) if average else True,
        "divisor": draw(st.none() | st.integers(1, 40)) if average else None,
        "dtype": draw(st.sampled_from([dtype for dtype in DTYPES if "float" in dtype or not average])),
        "layout": draw(st.sampled_from(LAYOUTS)),
    }


@quick
@given(any_fields())
def test_an_id_reads_back_as_its_case(said: dict[str, Any]) -> None:
    assert set(said) == {field.name for field in fields(Case)}, "a field of a case is not drawn"
    case = Case(**said)
    read = parse(case.id)
    assert {name: getattr(read, name) for name in said} == said
    assert read == case
    assert read.id == str(case) == case.id


@quick
@given(any_fields(), any_fields(), st.data())
def test_two_cases_that_differ_in_anything_have_different_ids(
    one: dict[str, Any], other: dict[str, Any], data: st.DataObject
) -> None:
    """The second differs from the first in one field alone, where such a layer can be."""
    name = data.draw(st.sampled_from(sorted(one)))
    try:
        first, second = Case(**one), Case(**{**one, name: other[name]})
    except ValueError:
        return
    assert (first.id == second.id) is (one[name] == other[name])


@pytest.mark.parametrize(
    ("case", "text"),
    [
        (Case(op="conv", axes=square(4, 3, 1, 0)), "conv2d.i4x4.k3x3.s1x1.p0x0.d1x1"),
        (Case(op="conv", axes=square(5, 4, 1, 2)), "conv2d.i5x5.k4x4.s1x1.p2x2.d1x1"),
        (Case(op="conv", axes=square(5, 3, 1, 1)), "conv2d.i5x5.k3x3.s1x1.p1x1.d1x1"),
        (Case(op="conv", axes=square(5, 3, 1, 2)), "conv2d.i5x5.k3x3.s1x1.p2x2.d1x1"),
        (Case(op="conv", axes=square(5, 3, 2, 0)), "conv2d.i5x5.k3x3.s2x2.p0x0.d1x1"),
        (Case(op="conv", axes=square(5, 3, 2, 1)), "conv2d.i5x5.k3x3.s2x2.p1x1.d1x1"),
        (Case(op="conv", axes=square(6, 3, 2, 1)), "conv2d.i6x6.k3x3.s2x2.p1x1.d1x1"),
        (Case(op="conv", axes=square(7, 3, 1, 0, d=2)), "conv2d.i7x7.k3x3.s1x1.p0x0.d2x2"),
        (Case(op="conv_transpose", axes=square(2, 3, 1, 0)), "conv_transpose2d.i2x2.k3x3.s1x1.p0x0.d1x1.a0x0"),
        (Case(op="conv_transpose", axes=square(3, 3, 2, 1, a=1)), "conv_transpose2d.i3x3.k3x3.s2x2.p1x1.d1x1.a1x1"),
        (Case(op="avg_pool", axes=square(5, 3, 1, 0)), "avg_pool2d.i5x5.k3x3.s1x1.p0x0.d1x1"),
        (Case(op="max_pool", axes=square(5, 3, 1, 0)), "max_pool2d.i5x5.k3x3.s1x1.p0x0.d1x1"),
    ],
)
def test_the_guides_figures_have_the_ids_one_would_write(case: Case, text: str) -> None:
    assert case.id == text
    assert parse(text) == case


@pytest.mark.parametrize(
    ("case", "text"),
    [
        (
            Case(op="conv", axes=(Axis(5, 3, 2, 1, 1), Axis(6, 2, 1, 0, 0))),
            "conv2d.i5x6.k3x2.s2x1.p1x0.d1x1",
        ),
        (
            Case(op="conv", axes=(Axis(5, 3, 1, 1, 2), Axis(6, 2, 1, 3, 3)), dtype="float64"),
            "conv2d.i5x6.k3x2.s1x1.p1_2x3.d1x1.float64",
        ),
        (
            Case(op="conv", axes=(Axis(9, 3, 1, 1, 1),), padding="same", channels_in=4, channels_out=6, groups=2),
            "conv1d.i9.k3.s1.same.p1.d1.c4to6.g2",
        ),
        (
            Case(op="max_pool", axes=(Axis(8, 2, 2),) * 3, padding="valid", channels_in=3, channels_out=3),
            "max_pool3d.i8x8x8.k2x2x2.s2x2x2.valid.p0x0x0.d1x1x1.c3",
        ),
        (
            Case(op="conv", axes=(Axis(5, 3),), channels_in=2, channels_out=2, layout="channels_last"),
            "conv1d.i5.k3.s1.p0.d1.c2to2.channels_last",
        ),
        (
            Case(op="avg_pool", axes=(Axis(10, 12),), dtype="float64", layout="channels_first"),
            "avg_pool1d.i10.k12.s1.p0.d1.float64.channels_first",
        ),
        (Case(op="conv", axes=(Axis(5, 3),), batch=0), f"{PLAIN}.batch0"),
        (Case(op="conv", axes=(Axis(5, 3),), batch=1), f"{PLAIN}.batch1"),
        (Case(op="conv", axes=(Axis(5, 3),), bias=True), f"{PLAIN}.bias"),
        (Case(op="conv", axes=(Axis(5, 3),), channels_in=0), f"{PLAIN}.c0to1"),
        (Case(op="conv", axes=(Axis(6, 3, 2, 0, 1),), padding="same"), "conv1d.i6.k3.s2.same.p0_1.d1"),
        (Case(op="conv", axes=(Axis(6, 3, 2, 1, 0),), padding="same_lower"), "conv1d.i6.k3.s2.same_lower.p1_0.d1"),
        (Case(op="conv", axes=(Axis(5, 3, 2, 2, 0),), padding="causal"), "conv1d.i5.k3.s2.causal.p2_0.d1"),
        (Case(op="max_pool", axes=(Axis(5, 2, 2, 1, 1),), ceil_mode=True), "max_pool1d.i5.k2.s2.p1.d1.ceil"),
        (
            Case(op="avg_pool", axes=(Axis(5, 2, 2, 1, 1),), count_include_pad=False),
            "avg_pool1d.i5.k2.s2.p1.d1.nopad",
        ),
        (Case(op="avg_pool", axes=(Axis(5, 2),), divisor=3), "avg_pool1d.i5.k2.s1.p0.d1.div3"),
        (Case(op="max_pool", axes=(Axis(5, 2),), dtype="int32"), "max_pool1d.i5.k2.s1.p0.d1.int32"),
        (
            Case(
                op="conv_transpose",
                axes=(Axis(5, 3, 2, 1, 1, a=1),),
                channels_in=4,
                channels_out=6,
                groups=2,
                batch=3,
                bias=True,
                dtype="int8",
                layout="channels_last",
            ),
            "conv_transpose1d.i5.k3.s2.p1.d1.a1.c4to6.g2.batch3.bias.int8.channels_last",
        ),
        (
            Case(
                op="avg_pool",
                axes=(Axis(5, 2, 2, 1, 1),),
                channels_in=2,
                channels_out=2,
                batch=7,
                ceil_mode=True,
                count_include_pad=False,
                divisor=4,
                dtype="bfloat16",
                layout="channels_first",
            ),
            "avg_pool1d.i5.k2.s2.p1.d1.c2.batch7.ceil.nopad.div4.bfloat16.channels_first",
        ),
    ],
)
def test_an_id_says_only_what_is_not_ordinary(case: Case, text: str) -> None:
    assert case.id == text
    assert parse(text) == case


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "''"),
        ("conv", "'conv' names no operation"),
        ("conv2.i5x5.k3x3.s1x1.p0x0.d1x1", "'conv2' names no operation"),
        ("conv0d", "'conv0d' names no operation"),
        ("convolution2d.i5x5.k3x3.s1x1.p0x0.d1x1", "'convolution2d' names no operation"),
        ("min_pool1d.i5.k3.s1.p0.d1", "'min_pool1d' names no operation"),
        ("conv2d.i5.k3x3.s1x1.p0x0.d1x1", "'i5' needs 2 values"),
        ("conv1d.i5.k3.s1x2.p0.d1", "'s1x2' needs 1 values"),
        ("conv1d.k3.s1.p0.d1", "'i' is missing"),
        ("conv1d.i5.s1.p0.d1", "'k' is missing"),
        ("conv1d.i5.k3.p0.d1", "'s' is missing"),
        ("conv1d.i5.k3.s1.d1", "'p' is missing"),
        ("conv1d.i5.k3.s1.p0", "'d' is missing"),
        ("conv_transpose1d.i5.k3.s1.p0.d1", "'a' is missing"),
        (f"{PLAIN}.q7", "cannot read 'q7'"),
        (f"{PLAIN}.", "cannot read ''"),
        (f"{PLAIN}.int7", "cannot read 'int7'"),
        ("conv1d.i5.k3.s1.p1_2_3.d1", "cannot read 'p1_2_3'"),
        ("conv1d.i-5.k3.s1.p0.d1", "cannot read 'i-5'"),
        ("conv1d.i5x.k3.s1.p0.d1", "cannot read 'i5x'"),
        ("conv1d.i5.k0.s1.p0.d1", "k = 0"),
        ("conv1d.i5.k3.s0.p0.d1", "s = 0"),
        (f"{PLAIN}.c4to6.g4", "groups = 4"),
        ("max_pool1d.i5.k3.s1.p0.d1.c2to4", "pooling has as many output as input channels"),
        ("max_pool1d.i5.k3.s1.p0.d1.bias", "pooling has no bias"),
        (f"{PLAIN}.ceil", "only pooling has a ceil mode"),
        (f"{PLAIN}.nopad", "only average pooling has a divisor"),
        ("max_pool1d.i5.k3.s1.p0.d1.div2", "only average pooling has a divisor"),
        ("avg_pool1d.i5.k3.s1.p0.d1.div0", "divisor = 0"),
        ("avg_pool1d.i5.k3.s1.p0.d1.int8", "average of integers"),
        (f"{PLAIN}.batch", "cannot read 'batch'"),
        (f"{PLAIN}.batch-1", "cannot read 'batch-1'"),
        (f"{PLAIN}.ceil_mode", "cannot read 'ceil_mode'"),
        (f"{PLAIN}.default", f"what it says is written {PLAIN}"),
        (f"{PLAIN}.explicit", f"what it says is written {PLAIN}"),
        (f"{PLAIN}.float32", f"what it says is written {PLAIN}"),
        (f"{PLAIN}.c1to1", f"what it says is written {PLAIN}"),
        (f"{PLAIN}.c2", f"what it says is written {PLAIN}.c2to2"),
        ("conv1d.i05.k3.s1.p0.d1", f"what it says is written {PLAIN}"),
        ("conv1d.i5.k3.s1.p1_1.d1", "what it says is written conv1d.i5.k3.s1.p1.d1"),
        (f"{PLAIN}.bias.batch1", f"what it says is written {PLAIN}.batch1.bias"),
        (f"{PLAIN}.bias.bias", f"what it says is written {PLAIN}.bias"),
    ],
)
def test_an_error_names_the_part_that_cannot_be_read(text: str, told: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the message is compared below, literally)
        parse(text)
    assert told in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("conv1d.i5_6.k3.s1.p0.d1", id="two ends where there is one size"),
        pytest.param("conv1d.i5.i6.k3.s1.p0.d1", id="a letter said twice"),
        pytest.param(f"{PLAIN}.a1", id="a of a layer that has none"),
        pytest.param(f"{PLAIN}.c4to4.g0", id="no groups at all"),
    ],
)
def test_what_no_case_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (that it is refused, not how)
        parse(text)


def test_a_case_says_its_a_or_has_none() -> None:
    """Two cases never share an id: *a* is refused where a layer has none, and elsewhere the id keeps it."""
    axis = Axis(5, 3, a=1)
    with pytest.raises(ValueError, match="a is of a transposed convolution alone"):
        Case(op="conv", axes=(axis,))
    case = Case(op="conv_transpose", axes=(axis, Axis(5, 3)))
    assert case.id.endswith(".a1x0")
    assert parse(case.id) == case
