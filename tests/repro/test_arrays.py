"""Arrays as text: what is written gives the array again, and is short where the array is one that is fed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases import direct, stimuli
from cases.case import parse
from harness.frameworks import scripts
from harness.frameworks.base import Unsupported
from harness.frameworks.registry import BUILT_IN, load
from harness.observe.probe import prepare, probes_of


def given(text: str) -> Any:
    return eval(text, {"np": np})  # our own text


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros((1, 2, 3)), "np.zeros((1, 2, 3))"),
        (np.eye(6).reshape(6, 1, 2, 3), "np.eye(6).reshape(6, 1, 2, 3)"),
        (np.eye(7, 6).reshape(7, 1, 2, 3), "np.eye(7, 6).reshape(7, 1, 2, 3)"),
        (np.eye(6).reshape(6, 1, 6) - 2, "np.eye(6).reshape(6, 1, 6) - 2"),
        (np.moveaxis(np.eye(6).reshape(6, 2, 3), 1, -1), "np.moveaxis(np.eye(6).reshape(6, 2, 3), 1, -1)"),
        (np.eye(9)[2:9:3].reshape(3, 1, 9), "np.eye(9)[2:9:3].reshape(3, 1, 9)"),
        (np.eye(5, 4)[[4, 0, 2]].reshape(3, 1, 4), "np.eye(5, 4)[[4, 0, 2]].reshape(3, 1, 4)"),
        (np.arange(1, 13).reshape(2, 3, 2), "np.arange(1, 13).reshape(2, 3, 2)"),
        (
            np.arange(1, 13).reshape(2, 3, 2).transpose(2, 1, 0),
            "np.arange(1, 13).reshape(2, 3, 2).transpose(2, 1, 0)",
        ),
        (np.arange(1, 7).reshape(1, 2, 3)[:, :, ::-1], "np.arange(1, 7).reshape(1, 2, 3)[:, :, ::-1]"),
        (np.arange(20) % 7 + 1, "np.array([1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6])"),
        (np.array([[0.5, -1]]), "np.array([[0.5, -1.0]])"),
        (np.array([3]), "np.array([3])"),
    ],
)
def test_an_array_is_written_so(array: Any, text: str) -> None:
    assert scripts.array(array) == text
    assert np.array_equal(given(text), array)


def test_what_an_impulse_is_not_is_no_impulse() -> None:
    almost = np.eye(6).reshape(6, 1, 2, 3)
    almost[3, 0, 0, 1] = 1
    assert np.array_equal(given(scripts.array(almost)), almost)
    assert "eye" not in scripts.array(almost)


LAYERS = [
    "conv2d.i4x5.k3x2.s2x1.p0x0.d1x1.c2to3",
    "conv2d.i3x4.k2x2.s1x1.p0x0.d1x1.c4to6.g2.bias",
    "conv3d.i2x3x4.k2x1x3.s1x2x1.p0x0x0.d1x1x1.c2to2",
    "conv1d.i4.k3.s1.p0.d1.c8to8.int8",
    "conv_transpose2d.i2x3.k3x2.s2x3.p2x1.d1x1.a1x0.c3to2",
    "avg_pool2d.i5x4.k3x2.s2x1.p0x0.d1x1.c3",
    "max_pool2d.i5x4.k3x2.s2x1.p0x0.d1x1.c3",
    "max_pool2d.i20x20.k3x2.s2x1.p0x0.d1x1.bfloat16",
]


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("framework", BUILT_IN)
def test_all_that_is_fed_is_given_again_by_its_text(framework: str, name: str) -> None:
    adapter, case = load(BUILT_IN[framework]), parse(name)
    for route in adapter.routes:
        for probe in probes_of(case):
            calls = prepare(adapter, case, route, next(iter(adapter.routes[route].modes)), probe)
            for call in [] if isinstance(calls, Unsupported) else calls:
                for array in (call.x, call.kernel, call.bias):
                    if array is not None:
                        assert np.array_equal(given(scripts.array(array)), array)


def test_taps_and_stretched_impulses_are_short() -> None:
    case = parse("conv_transpose2d.i4x4.k3x3.s2x2.p0x0.d1x1.a0x0.c6to8")
    assert len(scripts.array(stimuli.kernel(case))) < 60
    assert len(scripts.array(direct.flipped(case, stimuli.kernel(case)))) < 80
    one = parse("conv_transpose1d.i40.k3.s2.p0.d1.a0")
    assert scripts.array(direct.stretched_impulses(one)) == "np.eye(83)[2:81:2].reshape(40, 1, 83)"
