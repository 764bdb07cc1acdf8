"""What is said of PyTorch's layers, and what each of its switches sets: that it is so in PyTorch itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from cases.case import parse
from harness.frameworks import registry
from harness.frameworks.base import Returned, Spelling
from harness.frameworks.torch import FUNCTIONAL, MODULES, Torch
from harness.observe.supervisor import Place, observe

from . import alone
from .asking_torch import PLAIN, ROUTES, calls

pytestmark = pytest.mark.frameworks


def facts(switch: str) -> Mapping[str, str]:
    place = Place("torch", registry.BUILT_IN["torch"], sys.executable, switch=switch)
    environment = observe(place, [], lambda seen: None)
    assert environment.failure is None
    return environment.facts


def said(name: str, route: str = FUNCTIONAL) -> Spelling:
    found = Torch.say(parse(name), route)
    assert isinstance(found, Spelling)
    return found


# What a route leaves to PyTorch.


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("name", "stride"),
    [
        ("conv1d.i8.k3.s1.p0.d1", 1),
        ("conv2d.i8x8.k3x2.s1x1.p0x0.d1x1", (1, 1)),
        ("conv_transpose1d.i4.k3.s1.p0.d1.a0", 1),
        ("conv_transpose3d.i2x3x2.k3x2x2.s1x1x1.p0x0x0.d1x1x1.a0x0x0", (1, 1, 1)),
        ("avg_pool1d.i8.k3.s3.p0.d1", 3),
        ("avg_pool2d.i8x8.k3x2.s3x2.p0x0.d1x1", (3, 2)),
        ("max_pool1d.i8.k3.s3.p0.d1", 3),
        ("max_pool3d.i8x8x6.k3x2x1.s3x2x1.p0x0x0.d1x1x1", (3, 2, 1)),
    ],
)
def test_a_stride_that_is_left_out_is_what_is_said(name: str, stride: int | tuple[int, ...], route: str) -> None:
    import torch

    case, spelling = parse(name), said(name, route)
    assert spelling.stride == ("the window" if case.pools else "1")
    left_out = {name: value for name, value in spelling.arguments.items() if name != "stride"}
    module = getattr(torch.nn if route == MODULES else torch.nn.functional, spelling.function.rpartition(".")[2])
    x = torch.arange(float(np.prod(case.each("i")))).reshape(1, 1, *case.each("i"))
    if route == MODULES:
        made = module(**left_out).stride
        assert made == (stride if case.rank > 1 else (stride,))
        return
    weights = () if case.pools else (torch.ones(1, 1, *case.each("k")),)
    assert module(x, *weights, **left_out).tolist() == module(x, *weights, **left_out, stride=stride).tolist()


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_divisor_that_is_left_out_counts_the_padding(rank: int, route: str) -> None:
    import torch

    axes = [f"{letter}{'x'.join([str(size)] * rank)}" for letter, size in zip("ikspd", (4, 2, 2, 1, 1), strict=True)]
    spelling = said(f"avg_pool{rank}d.{'.'.join(axes)}", route)
    assert spelling.divisor == "the window, padding counted"
    left_out = {name: value for name, value in spelling.arguments.items() if name != "count_include_pad"}
    x = torch.ones(1, 1, *(4,) * rank)
    function = getattr(torch.nn if route == MODULES else torch.nn.functional, spelling.function.rpartition(".")[2])
    averages = function(**left_out)(x) if route == MODULES else function(x, **left_out)
    one = np.array([0.5, 1.0, 0.5])
    expected = one if rank == 1 else np.multiply.outer(one, one) if rank == 2 else np.einsum("i,j,k", one, one, one)
    assert np.array_equal(averages[0, 0].numpy(), expected)


def test_only_an_average_has_a_divisor() -> None:
    assert said(PLAIN).divisor == said("max_pool1d.i4.k2.s2.p1.d1").divisor == ""


# Switches.


@pytest.mark.parametrize(
    ("switch", "fact", "state"),
    [
        ("mkldnn=off", "mkldnn", "off"),
        ("mkldnn=off", "nnpack", "off"),
        ("threads=2", "threads", "2"),
        ("memory_format=channels_last", "memory_format", "channels_last"),
    ],
)
def test_a_switch_sets_what_it_says_and_nothing_else_does(switch: str, fact: str, state: str) -> None:
    without = facts("")
    assert facts(switch)[fact] == state
    assert without[fact] != state
    assert without["threads"] == "1"


def test_facts_say_which_build_it_is() -> None:
    import torch

    found = facts("")
    assert found["version"] == torch.__version__
    assert torch.version.git_version.startswith(found["git"])
    assert found["onednn"] in torch.__config__.show()


def test_a_switch_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="torch has no switch 'mkldnn=maybe': there are mkldnn=off, threads=2"):
        Torch("cpu", "mkldnn=maybe")


# In a process of its own, for a profiler and a process-wide switch.
KERNELS = """
import json, sys
import torch
from cases.case import parse
from harness.frameworks.torch import Torch
from harness.observe import probe as probing

adapter, kernels = Torch("cpu", sys.argv[1]), set()
for route in adapter.routes:
    for name in ("conv2d.i5x6.k3x3.s1x1.p0x0.d1x1.c2to3", "conv_transpose2d.i3x4.k3x2.s2x1.p0x0.d1x1.a0x0.c2to3"):
        for probe in ("forward", "adjoint"):  # more than 16 inputs at once: NNPACK would take them
            for dtype in ("", ".bfloat16"):
                (call,) = probing.prepare(adapter, parse(name + dtype), route, "eager", probe)
                with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
                    (result,) = adapter.run([call])
                assert result.array.any()
                kernels |= {event.key for event in profile.key_averages()}
print("RESULT" + json.dumps(sorted(kernels)))
"""


@pytest.mark.parametrize(("switch", "used"), [("", True), ("mkldnn=off", False)])
def test_without_mkldnn_its_kernels_are_not_called(switch: str, used: bool) -> None:
    kernels = alone.result(KERNELS, switch)
    assert "aten::convolution" in kernels
    assert any("mkldnn" in kernel for kernel in kernels) == used
    assert not any("nnpack_spatial" in kernel for kernel in kernels)


@pytest.fixture
def formats(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The memory formats of the tensors that convolutions and pullbacks are given, in order."""
    import torch
    from torch._prims_common import suggest_memory_format

    told: list[str] = []

    def tell(*tensors: Any) -> None:
        told.extend(str(suggest_memory_format(tensor)).removeprefix("torch.") for tensor in tensors)

    for name in ("conv1d", "conv2d", "conv3d"):
        real = getattr(torch.nn.functional, name)

        def conv(x: Any, weight: Any, *rest: Any, _real: Callable[..., Any] = real, **named: Any) -> Any:
            tell(x, weight)
            return _real(x, weight, *rest, **named)

        monkeypatch.setattr(torch.nn.functional, name, conv)
    pull = torch.autograd.grad

    def grad(y: Any, x: Any, cotangent: Any) -> Any:
        tell(cotangent)
        return pull(y, x, cotangent)

    monkeypatch.setattr(torch.autograd, "grad", grad)
    return told


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("conv1d.i4.k2.s1.p0.d1.c2to3", "contiguous_format"),
        ("conv2d.i4x5.k2x3.s1x2.p0x0.d1x1.c2to3", "channels_last"),
        ("conv2d.i4x5.k2x3.s1x2.p0x0.d1x1.c2to3.batch3", "channels_last"),
        ("conv2d.i4x5.k2x3.s1x2.p0x0.d1x1", "channels_last"),  # one map: torch tells the formats apart by strides
        ("conv3d.i4x3x5.k2x1x3.s1x2x2.p0x0x0.d1x1x1.c2to3", "channels_last_3d"),
    ],
)
def test_channels_last_tensors_are_given_as_such(name: str, expected: str, formats: list[str]) -> None:
    for probe in ("forward", "adjoint"):
        (call,) = calls(name, probe, "eager")
        (plain,) = Torch("cpu").run([call])
        assert expected not in formats or expected == "contiguous_format"
        formats.clear()
        (result,) = Torch("cpu", "memory_format=channels_last").run([call])
        assert set(formats) == {expected}
        assert isinstance(result, Returned)
        assert isinstance(plain, Returned)
        assert np.array_equal(result.array, plain.array)
        formats.clear()
