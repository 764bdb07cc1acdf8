"""On right layers every probe of every case agrees: all operations, one to three axes, whatever a case can say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import stimuli
from cases.case import DTYPES, PADDINGS, Axis, Case, Dtype, Op, Padding, parse
from cases.conventions import numbers
from harness.frameworks.base import Call, Result, Returned
from harness.observe.probe import probes_of

from ..fakes.loops import Loops, size
from .inprocess import verdicts

quick = settings(derandomize=True, deadline=None, max_examples=150)

# At most, by the number of axes. What a transposed convolution puts out is larger than what it takes in.
UNITS: dict[bool, tuple[int, int, int]] = {False: (7, 4, 3), True: (5, 3, 2)}
TAPS = (5, 3, 2)


@st.composite
def axes(draw: st.DrawFn, op: Op, padding: Padding, *, ceil: bool) -> tuple[Axis, ...]:
    rank = draw(st.integers(1, 3))
    found = []
    for _ in range(rank):
        i, k = draw(st.integers(1, UNITS[op == "conv_transpose"][rank - 1])), draw(st.integers(1, TAPS[rank - 1]))
        s, d = draw(st.integers(1, 5 - rank)), draw(st.integers(1, 4 - rank))
        a = draw(st.integers(0, (s if padding != "explicit" else max(s, d)) - 1)) if op == "conv_transpose" else 0
        half = (1 + (k - 1) * d) // 2  # more padding than that has no meaning in ceil mode
        p = draw(st.tuples(*[st.integers(0, min(half, 3) if ceil else 3)] * 2))
        axis = (
            Axis(i, k, s, p[0], p[1], d, a) if padding == "explicit" else numbers(op, padding, Axis(i, k, s, d=d, a=a))
        )
        found.append(axis or Axis(i, k, s, d=d))
    return tuple(found)


@st.composite
def convolutions(draw: st.DrawFn, op: Op) -> Case:
    named: dict[str, tuple[Padding, ...]] = {"conv": PADDINGS, "conv_transpose": ("explicit", "valid", "same")}
    padding = draw(st.sampled_from(named[op]))
    groups = draw(st.integers(1, 3))
    along = draw(axes(op, padding, ceil=False))
    if padding == "same" and op == "conv_transpose":  # a size that 'same' cannot lead to got no numbers above
        along = tuple(numbers(op, padding, Axis(x.i, x.k, x.s, d=x.d)) or x for x in along)
    return Case(
        op=op,
        axes=along,
        padding=padding,
        channels_in=groups * draw(st.integers(1, 2)),
        channels_out=groups * draw(st.integers(1, 2)),
        groups=groups,
        batch=draw(st.sampled_from([None, None, 0, 1, 2])),
        bias=draw(st.booleans()),
        dtype=draw(st.sampled_from(DTYPES)),
    )


@st.composite
def poolings(draw: st.DrawFn, op: Op) -> Case:
    padding: Padding = draw(st.sampled_from(["explicit", "valid", "same", "same_lower"]))
    ceil = padding in ("explicit", "valid") and draw(st.booleans())
    channels = draw(st.integers(1, 2))
    types: list[Dtype] = [dtype for dtype in DTYPES if op == "max_pool" or "float" in dtype]
    return Case(
        op=op,
        axes=draw(axes(op, padding, ceil=ceil)),
        padding=padding,
        channels_in=channels,
        channels_out=channels,
        batch=draw(st.sampled_from([None, None, 0, 1, 2])),
        ceil_mode=ceil,
        count_include_pad=op == "max_pool" or draw(st.booleans()),
        divisor=draw(st.none() | st.integers(1, 9)) if op == "avg_pool" else None,
        dtype=draw(st.sampled_from(types)),
    )


def all_agree(case: Case) -> None:
    found = verdicts(Loops(), [case])
    assert sorted(verdict.aspect for verdict in found) == sorted(probes_of(case))
    assert {verdict.status for verdict in found} == {"agrees"}, found


@quick
@given(convolutions("conv"))
def test_convolutions(case: Case) -> None:
    all_agree(case)


@quick
@given(convolutions("conv_transpose"))
def test_transposed_convolutions(case: Case) -> None:
    all_agree(case)


@quick
@given(poolings("avg_pool"))
def test_average_poolings(case: Case) -> None:
    all_agree(case)


@quick
@given(poolings("max_pool"))
def test_maximum_poolings(case: Case) -> None:
    all_agree(case)


@pytest.mark.parametrize(
    ("name", "probes"),
    [
        ("conv2d.i4x5.k3x2.s2x1.p1x0.d1x2.c2to3", "forward adjoint"),
        ("conv3d.i3x2x4.k2x1x3.s1x2x1.p0x0x1.d2x1x1.c4to2.g2", "forward adjoint"),
        ("conv1d.i4.k3.s1.p1.d1.c2to3.bias", "forward adjoint bias"),
        ("conv1d.i4.k3.s1.p1.d1.c2to3.bias.int8", "forward bias"),  # integers have no gradient
        ("conv1d.i3.k2.s1.p0.d1.c9to9.int8", "forward"),  # 162 taps: two passes
        ("conv1d.i2.k1.s1.p0.d1.c20to20.bfloat16", "forward adjoint"),  # 400 taps: two passes
        ("conv1d.i2.k1.s1.p0.d1.c12to12.bias.bfloat16", "forward adjoint bias"),  # 144 taps: two, beside a bias
        ("conv1d.i1.k1.s1.p0.d1.c33to128.int8", "forward"),  # 4224 taps
        ("conv1d.i4.k3.s1.p1.d1.batch1.bias", "forward adjoint bias"),
        ("conv1d.i4.k3.s1.p1.d1.batch3.bias", "forward adjoint bias"),
        ("conv1d.i4.k3.s1.p1.d1.batch0.bias", "forward adjoint"),  # of no input nothing comes of zeros
        ("conv1d.i4.k3.s1.p1.d1.c0to2.bias", "bias"),
        ("conv1d.i4.k3.s1.p1.d1.c0to2", "bias"),
        ("conv1d.i0.k3.s1.p2.d1", "bias"),  # padding alone: o = 2
        ("conv1d.i1.k5.s7.p3.d1", "forward adjoint"),
        ("conv1d.i1.k3.s1.p0.d1", "forward adjoint"),  # o = -1
        ("conv2d.i4x1.k2x3.s1x1.p0x0.d1x1", "forward adjoint"),  # o = 3 × -1
        ("conv1d.i6.k3.s2.same.p0_1.d1", "forward adjoint"),
        ("conv1d.i6.k3.s2.same_lower.p1_0.d1", "forward adjoint"),
        ("conv1d.i5.k3.s2.causal.p2_0.d1", "forward adjoint"),
        ("conv_transpose1d.i3.k9.s4.p4.d1.a3", "forward adjoint direct"),
        ("conv_transpose1d.i3.k9.s4.same.p2_3.d1.a0", "forward adjoint direct"),
        ("conv_transpose1d.i3.k2.s1.p0.d3.a2", "forward adjoint direct"),  # rows that nothing reaches
        ("conv_transpose1d.i4.k2.s1.p2.d1.a0.c2to3.bias", "forward adjoint direct bias"),  # p' = -1 is a crop
        ("conv_transpose1d.i4.k2.s1.p2.d1.a0.c2to3.batch2", "forward adjoint"),  # the direct one goes as a whole
        ("conv_transpose1d.i1.k1.s1.p1.d1.a0", "forward adjoint"),  # all is cropped, and nothing is left to convolve
        ("conv_transpose2d.i2x3.k3x2.s2x1.p1x0.d1x2.a1x0.c4to2.g2", "forward adjoint direct"),
        ("avg_pool2d.i5x4.k2x3.s2x1.p1x1.d1x1.c2.ceil.nopad.bfloat16", "forward adjoint"),
        ("avg_pool1d.i2.k3.s2.p0.d1.ceil", "forward adjoint"),  # k > i
        ("avg_pool1d.i5.k2.s2.p0.d1.div3.float16", "forward adjoint"),
        ("max_pool1d.i2.k2.s1.p1.d3", "forward adjoint"),  # a window that straddles all units
        ("max_pool2d.i5x4.k2x3.s2x1.p1x1.d1x1.c2.ceil.int8", "forward"),
        ("max_pool1d.i2.k3.s1.p0.d1.batch0", "forward adjoint"),  # nothing to compute of no inputs
    ],
)
def test_layers_at_the_edges(name: str, probes: str) -> None:
    case = parse(name)
    assert set(probes_of(case)) - {"dense", "declared"} == set(probes.split())
    all_agree(case)


class EmptyHanded(Loops):
    """Right too: where there is nothing to compute, it returns an empty tensor in place of an error."""

    def run_one(self, call: Call) -> Result:
        result = super().run_one(call)
        if isinstance(result, Returned):
            return result
        shape = (call.case.channels_out, *(max(o, 0) for o in size(call.case)))
        if call.pull_back:
            return Returned((1, *shape), np.zeros((0, *call.x.shape[1:])))
        return Returned((len(call.x), *shape), np.zeros((len(call.x), *shape)))


@pytest.mark.parametrize(
    "name",
    [
        "conv1d.i2.k3.s1.p0.d1.c2to3",  # o = 0
        "conv2d.i4x1.k2x3.s1x2.p0x0.d1x1",  # o = 3 × 0
        "conv1d.i1.k4.s1.p0.d1.bias",  # o = -2
        "conv1d.i2.k2.s1.p0.d3.int8",  # the dilation is too wide
        "conv_transpose1d.i1.k1.s1.p1.d1.a0.c2to3",  # more is cropped than there is
        "avg_pool1d.i1.k3.s1.p0.d1",
        "max_pool1d.i1.k3.s2.p0.d1.ceil",
    ],
)
def test_nothing_to_compute_is_an_error_or_an_empty_tensor(name: str) -> None:
    for adapter in (Loops(), EmptyHanded()):
        found = verdicts(adapter, [name])
        assert {verdict.status for verdict in found} == {"agrees"}, found
        assert {verdict.expected.partition(" (")[0] for verdict in found} == {"nothing to compute"}


@pytest.mark.parametrize(
    "name",
    [
        "conv1d.i4.k3.s1.p1.d1.c2to0",
        "conv1d.i4.k3.s1.p1.d1.c1to0.bias",
        "conv1d.i4.k3.s1.p1.d1.c0to0",
        "conv1d.i4.k3.s1.p1.d1.c0to2.batch0",
        "conv_transpose1d.i4.k3.s1.p1.d1.a0.c2to0",
        "conv_transpose1d.i4.k3.s1.p1.d1.a0.c0to1.bias",
        "conv1d.i0.k3.s1.p2.d1.bias",
        "conv1d.i0.k3.s1.p2.d1.c2to3.batch1.bias",
        "avg_pool1d.i0.k3.s1.p2.d1",
        "max_pool1d.i0.k3.s1.p2.d1",  # the maximum of nothing
        "max_pool1d.i0.k3.s1.p2.d1.int8",  # the least of the integers
    ],
)
def test_layers_of_nothing(name: str) -> None:
    """Without output maps, without input maps and inputs, or without units."""
    all_agree(parse(name))


@pytest.mark.parametrize(
    ("name", "fed"),
    [
        ("conv2d.i4x5.k3x2.s2x1.p1x0.d1x2.c2to3", True),
        ("conv_transpose1d.i3.k9.s4.p4.d1.a3", True),
        ("max_pool1d.i6.k3.s2.p1.d1.bfloat16", True),
        ("conv1d.i4.k3.s1.p1.d1.c2to3.bias.int8", True),  # 6 products of at most 18, and the bias: 111 of 127
        ("conv1d.i4.k5.s1.p1.d1.c2to3.int8", False),  # 10 products of at most 30: 300
        ("conv2d.i4x4.k3x3.s1x1.p0x0.d1x1.c2to3.bfloat16", False),  # 18 products of at most 54: 972 of 256
        ("avg_pool1d.i4.k3.s1.p1.d1", False),  # rounded
        ("conv1d.i4.k3.s1.p1.d1.batch0", False),
        ("conv1d.i0.k3.s1.p2.d1", False),
    ],
)
def test_a_dense_input_is_fed_where_its_sums_are_exact(name: str, fed: bool) -> None:
    assert ("dense" in probes_of(parse(name))) == fed


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int8"])
def test_a_dense_input_stays_within_the_integers_of_its_type(dtype: Dtype) -> None:
    most = {"float32": 2**24, "float16": 2**11, "bfloat16": 2**8, "int8": 127}[dtype]
    case = Case(op="conv", axes=(Axis(6, 2), Axis(5, 2)), channels_in=2, dtype=dtype, padding="explicit")
    x = stimuli.dense(case)
    assert (x > 0).any()
    assert (x < 0).any()
    assert (x != 0).all()
    # eight products, each of a tap up to 8
    assert 8 * 8 * int(abs(x).max()) <= most
    if dtype == "float32":
        assert int(abs(x).max()) > 2**11  # more digits than TF32 keeps
