"""The theory's operators against the reference evaluator of ONNX, fed the batch of all impulses.

Where the evaluator of ONNX 1.23 is limited, the domain here is narrower than the theory's:

- nothing is compared where there is nothing to compute: it raises on a negative size;
- ConvTranspose with groups is compared for one input and one output map a group only: it slices the kernel by output
  maps where the standard has input maps, and keeps one output map of each group;
- MaxPool with padding is compared for strides or dilations that are not all one: its path for the others takes ``pads``
  in another order than the standard's, fails in 3-d, and gives wrong indices of the maxima;
- MaxPool, and AveragePool that does not count the padding, are compared where every window sees a unit: of padding
  alone they give zero or what is not a number, where the theory has minus infinity and zero;
- AveragePool in ceil mode is compared where a window overhangs by one unit at most: of what is missing beyond the
  padding it adds the half, rounded down, at the beginning of the axis, and so shifts the windows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from cases.case import Axis, Case, Op
from cases.stimuli import scramble
from harness.theory.expected import expected

quick = settings(derandomize=True, deadline=None, max_examples=40)


def evaluate(kind: str, inputs: list[NDArray[Any]], outputs: int = 1, **attributes: Any) -> list[NDArray[Any]]:
    """Run one node."""
    ins, outs = [f"x{number}" for number in range(len(inputs))], [f"y{number}" for number in range(outputs)]
    graph = helper.make_graph(
        [helper.make_node(kind, ins, outs, **attributes)],
        "one_node",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in zip(ins, inputs, strict=True)
        ],
        [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in outs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    answer = ReferenceEvaluator(model).run(None, dict(zip(ins, inputs, strict=True)))
    return [np.asarray(array) for array in answer]


def impulses(case: Case) -> NDArray[np.float32]:
    shape = (case.channels_in, *case.each("i"))
    return np.eye(math.prod(shape), dtype=np.float32).reshape(-1, *shape)


def window(case: Case) -> dict[str, Any]:
    """The attributes that all operations share; ONNX lists the paddings before, then those after."""
    return {
        "kernel_shape": case.each("k"),
        "strides": case.each("s"),
        "pads": case.each("p_before") + case.each("p_after"),
        "dilations": case.each("d"),
    }


def counted(*shape: int) -> NDArray[np.float32]:
    """A kernel of the taps 1, 2, 3 … in row-major order."""
    return np.arange(1, math.prod(shape) + 1, dtype=np.float32).reshape(shape)


def fits(axis: Axis) -> bool:
    """Whether the window fits at least once."""
    return axis.p_before + axis.i + axis.p_after > (axis.k - 1) * axis.d


def paints(axis: Axis) -> bool:
    """Whether the transposed layer leaves something once its padding is cropped."""
    return axis.s * (axis.i - 1) + (axis.k - 1) * axis.d + 1 > axis.p_before + axis.p_after


@st.composite
def layers(draw: st.DrawFn, op: Op, allowed: Callable[[Axis], bool] = fits, most_groups: int = 1) -> Case:
    """Layers of two or three unequal axes that have something to compute."""
    rank = draw(st.integers(2, 3))
    axis = st.builds(
        Axis,
        i=st.integers(1, 5 if rank == 2 else 3),
        k=st.integers(1, 3),
        s=st.integers(1, 3),
        p_before=st.integers(0, 2),
        p_after=st.integers(0, 2),
        d=st.integers(1, 2),
    ).filter(allowed)
    axes = tuple(draw(st.lists(axis, min_size=rank, max_size=rank)))
    groups = draw(st.integers(1, most_groups))
    channels_in, channels_out = (groups * draw(st.integers(1, 2)) for _ in range(2))
    if op in ("avg_pool", "max_pool"):
        channels_out = channels_in
    if op == "conv_transpose":
        axes = tuple(replace(axis, a=draw(st.integers(0, axis.s - 1))) for axis in axes)
    return Case(op=op, axes=axes, channels_in=channels_in, channels_out=channels_out, groups=groups)


def agree(case: Case, answer: NDArray[Any]) -> None:
    """Whether the answers to all impulses, stacked, are the theory's operator."""
    theory = expected(case)
    assert theory.shape == answer.shape[1:]
    assert np.array_equal(theory.operator.dense(), answer.reshape(len(answer), -1).T)


@quick
@given(layers("conv", most_groups=3))
def test_convolution_is_conv(case: Case) -> None:
    kernel = counted(case.channels_out, case.channels_in // case.groups, *case.each("k"))
    (answer,) = evaluate("Conv", [impulses(case), kernel], group=case.groups, **window(case))
    agree(case, answer)


def transposed(case: Case) -> NDArray[Any]:
    kernel = counted(case.channels_in, case.channels_out // case.groups, *case.each("k"))
    (answer,) = evaluate(
        "ConvTranspose",
        [impulses(case), kernel],
        group=case.groups,
        output_padding=case.each("a"),
        **window(case),
    )
    return answer


@quick
@given(layers("conv_transpose", paints))
def test_transposed_convolution_is_conv_transpose(case: Case) -> None:
    agree(case, transposed(case))


@pytest.mark.parametrize("groups", [2, 3])
def test_transposed_convolution_of_one_map_a_group_is_conv_transpose(groups: int) -> None:
    axes = (Axis(3, 2, 2, 1, 0, a=1), Axis(2, 3, 1, 0, 2, d=2))
    case = Case(op="conv_transpose", axes=axes, channels_in=groups, channels_out=groups, groups=groups)
    agree(case, transposed(case))


@quick
@given(layers("avg_pool"))
def test_average_pooling_is_average_pool_that_counts_the_padding(case: Case) -> None:
    (answer,) = evaluate("AveragePool", [impulses(case)], count_include_pad=1, **window(case))
    agree(case, answer)


def starts(axis: Axis, *, ceil: bool) -> list[int]:
    """Where windows begin on the padded axis; in ceil mode one more, if units are left and it begins before the end."""
    padded, span = axis.p_before + axis.i + axis.p_after, (axis.k - 1) * axis.d + 1
    fitting = [*range(0, padded - span + 1, axis.s)]
    following = len(fitting) * axis.s
    left = padded - (following - axis.s + span)
    return [*fitting, following] if ceil and left > 0 and following < axis.p_before + axis.i else fitting


def sees_units(axis: Axis, *, ceil: bool = False) -> bool:
    """Whether every placement of the window has a tap on a unit: dilated ones may straddle a short input."""
    placed = starts(axis, ceil=ceil)
    return bool(placed) and all(
        any(0 <= start + tap * axis.d - axis.p_before < axis.i for tap in range(axis.k)) for start in placed
    )


def overhangs(axis: Axis) -> int:
    """How far the last window of ceil mode reaches beyond the padding."""
    placed = starts(axis, ceil=True)
    return (placed[-1] if placed else 0) + (axis.k - 1) * axis.d + 1 - (axis.p_before + axis.i + axis.p_after)


def half(axis: Axis) -> bool:
    """Whether the padding is at most half a window: that is where ceil mode is defined."""
    return max(axis.p_before, axis.p_after) <= ((axis.k - 1) * axis.d + 1) // 2


def steps(case: Case) -> bool:
    return any(axis.s > 1 or axis.d > 1 for axis in case.axes)


@quick
@given(layers("avg_pool", sees_units))
def test_average_pooling_of_units_alone_is_average_pool_that_does_not_count_the_padding(case: Case) -> None:
    (answer,) = evaluate("AveragePool", [impulses(case)], count_include_pad=0, **window(case))
    agree(replace(case, count_include_pad=False), answer)


def by_one_at_most(axis: Axis) -> bool:
    return sees_units(axis, ceil=True) and half(axis) and overhangs(axis) <= 1


@quick
@given(layers("avg_pool", by_one_at_most), st.booleans())
def test_average_pooling_in_ceil_mode_is_average_pool(case: Case, counted: bool) -> None:
    """The two agree that what lies beyond the padding never counts."""
    (answer,) = evaluate("AveragePool", [impulses(case)], ceil_mode=1, count_include_pad=int(counted), **window(case))
    agree(replace(case, ceil_mode=True, count_include_pad=counted), answer)


@pytest.mark.parametrize(
    ("axis", "o"),
    [
        (Axis(5, 2, 2), 3),  # the last window overhangs by one
        (Axis(5, 2, 2, 1, 1), 3),  # a fourth would start in the far padding
        (Axis(2, 3, 2), 1),  # k > i
        (Axis(4, 2, 2, d=2), 2),  # dilated, and overhanging
    ],
    ids=str,
)
def test_windows_of_ceil_mode_are_average_pool_s(axis: Axis, o: int) -> None:
    assert by_one_at_most(axis)
    case = Case(op="avg_pool", axes=(axis, Axis(3, 2)), ceil_mode=True)
    (answer,) = evaluate("AveragePool", [impulses(case)], ceil_mode=1, count_include_pad=1, **window(case))
    assert answer.shape == (axis.i * 3, 1, o, 2)
    agree(case, answer)


@quick
@given(layers("max_pool", lambda axis: sees_units(axis, ceil=True) and half(axis)).filter(steps))
def test_maximum_pooling_in_ceil_mode_is_max_pool(case: Case) -> None:
    answer, _ = evaluate("MaxPool", [impulses(case)], outputs=2, ceil_mode=1, **window(case))
    agree(replace(case, ceil_mode=True), answer)


@quick
@given(layers("max_pool", sees_units).filter(steps))
def test_maximum_pooling_is_max_pool(case: Case) -> None:
    """Of an impulse the maximum is 1 where a window sees it. Of the scramble, 'Indices' tell which unit won."""
    answer, _ = evaluate("MaxPool", [impulses(case)], outputs=2, **window(case))
    agree(case, answer)

    units = scramble(case)[None].astype(np.float32)
    _, indices = evaluate("MaxPool", [units], outputs=2, **window(case))
    won = np.zeros((indices.size, units.size))
    won[np.arange(indices.size), indices.reshape(-1)] = 1
    assert np.array_equal(expected(case).adjoint.dense(), won)


def test_square_poolings_of_r7_are_the_evaluators() -> None:
    """No padding, as the guide has it: any i, k, s."""
    for i, k, s in itertools.product(range(1, 6), range(1, 4), range(1, 4)):
        if i < k:
            continue
        axes = (Axis(i, k, s), Axis(i, k, s))
        average, maximum = Case(op="avg_pool", axes=axes), Case(op="max_pool", axes=axes)
        agree(average, evaluate("AveragePool", [impulses(average)], kernel_shape=(k, k), strides=(s, s))[0])
        agree(maximum, evaluate("MaxPool", [impulses(maximum)], kernel_shape=(k, k), strides=(s, s))[0])
