"""What is said of PyTorch's layers, against PyTorch: strides and divisors left out, and what each switch sets."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import pytest

from cases.case import parse
from harness.frameworks import registry
from harness.frameworks.base import Spelling
from harness.frameworks.torch import FUNCTIONAL, Torch
from harness.observe.supervisor import Place, observe

pytestmark = pytest.mark.frameworks


def said(name: str) -> Spelling:
    found = Torch.say(parse(name), FUNCTIONAL)
    assert isinstance(found, Spelling)
    return found


def facts(switch: str) -> Mapping[str, str]:
    place = Place("torch", registry.BUILT_IN["torch"], sys.executable, switch=switch)
    environment = observe(place, [], lambda seen: None)
    assert environment.failure is None
    return environment.facts


@pytest.mark.parametrize(("name", "stride"), [("conv1d.i8.k3.s1.p0.d1", 1), ("max_pool1d.i8.k3.s3.p0.d1", 3)])
def test_a_stride_that_is_left_out_is_what_is_said(name: str, stride: int) -> None:
    import torch

    assert said(name).stride == ("1" if stride == 1 else "the window")
    x = torch.arange(8.0)[None, None]
    if name.startswith("conv"):
        left_out = torch.nn.functional.conv1d(x, torch.ones(1, 1, 3))
        given = torch.nn.functional.conv1d(x, torch.ones(1, 1, 3), stride=stride)
    else:
        left_out, given = (torch.nn.functional.max_pool1d(x, 3, **stated) for stated in ({}, {"stride": stride}))
    assert left_out.tolist() == given.tolist()


def test_a_divisor_that_is_left_out_counts_the_padding() -> None:
    import torch

    assert said("avg_pool1d.i4.k2.s2.p1.d1").divisor == "the window, padding counted"
    averages = torch.nn.functional.avg_pool1d(torch.ones(1, 1, 4), 2, padding=1)
    assert np.array_equal(averages[0, 0].numpy(), [0.5, 1.0, 0.5])


@pytest.mark.parametrize(
    ("switch", "fact", "state"),
    [
        ("mkldnn=off", "mkldnn", "off"),
        ("threads=2", "threads", "2"),
        ("memory_format=channels_last", "memory_format", "channels_last"),
    ],
)
def test_a_switch_sets_what_it_says_and_nothing_else_does(switch: str, fact: str, state: str) -> None:
    assert facts(switch)[fact] == state
    assert facts("")[fact] != state


def test_a_switch_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="torch has no switch 'mkldnn=maybe': there are mkldnn=off, threads=2"):
        Torch("cpu", "mkldnn=maybe")
