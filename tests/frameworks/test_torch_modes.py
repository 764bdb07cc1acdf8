"""PyTorch in each of its modes: that each is what it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cases.case import parse
from harness.frameworks import registry
from harness.frameworks.base import Raised, Returned
from harness.frameworks.torch import FUNCTIONAL, Torch
from harness.observe.supervisor import Place, observe
from harness.records import Job, Observation, Probe, Surface

from .asking_torch import PLAIN, ROUTES, calls

pytestmark = pytest.mark.frameworks


def seen_in_a_worker(variables: Mapping[str, str], mode: str, *ids: str) -> list[Observation]:
    """What a worker with some environment variables sees of cases, forward."""
    place = Place("torch", registry.BUILT_IN["torch"], sys.executable, variables=variables)
    jobs = [Job(name, Surface("torch", FUNCTIONAL, mode), ("forward",)) for name in ids]
    seen: list[Observation] = []
    assert observe(place, jobs, seen.append).failure is None
    return seen


@pytest.mark.parametrize("route", ROUTES)
def test_func_pulls_back_by_torch_func(monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    import torch

    def refused(*_: Any) -> None:
        raise RuntimeError("not that one")

    adapter = Torch("cpu")
    monkeypatch.setattr(torch.func, "vjp", refused)
    assert list(adapter.run(calls(PLAIN, "adjoint", "func", route))) == [Raised("RuntimeError", "not that one")]
    (result,) = adapter.run(calls(PLAIN, "adjoint", "eager", route))
    assert isinstance(result, Returned)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "name",
    [PLAIN + ".bias", "conv_transpose1d.i4.k3.s2.p0.d1.a1.c2to3", "avg_pool2d.i4x5.k2x2.s1x2.p0x0.d1x1.c2"],
)
def test_meta_computes_nothing(name: str, route: str) -> None:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    devices: set[str] = set()

    class Watch(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if any(part in str(function) for part in ("conv", "pool")):
                devices.update(arg.device.type for arg in args if isinstance(arg, torch.Tensor))
            return function(*args, **(kwargs or {}))

    (call,) = calls(name, "declared", "meta", route)
    with Watch():
        (result,) = Torch("cpu").run([call])
    assert isinstance(result, Returned)
    assert devices == {"meta"}
    (computed,) = Torch("cpu").run(calls(name, "forward", "eager", route))
    assert isinstance(computed, Returned)
    assert result.shape[1:] == computed.shape[1:]


MIXED = [
    # A name, and the error where there is one.
    ("conv2d.i4x5.k2x3.s1x2.p1x0.d1x1.c2to4.g2.bias", ""),
    ("conv1d.i3.k5.s1.p0.d1.c2to3", "Kernel size can't be greater than actual input size"),
    ("conv1d.i5.k3.s1.p1.d1.c2to3.batch1.float64", ""),
    ("max_pool1d.i5.k2.s1.p2.d1", "padding should be at most half of kernel size"),
    ("conv1d.i5.k3.s2.same.p1.d1", "padding='same' is not supported for strided convolutions"),
    ("avg_pool2d.i5x5.k3x2.s2x2.p1x1.d1x1.c2.batch0.ceil.nopad", ""),
    ("max_pool2d.i5x4.k2x3.s2x1.p1x1.d1x1.c2.batch3", ""),
    ("conv_transpose1d.i4.k3.s2.p1.d1.a1.c2to3.bias.bfloat16", ""),
]


def test_export_makes_one_graph_of_many_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    graphs = []
    export = torch.export.export

    def watched(*args: Any, **named: Any) -> Any:
        graphs.append(export(*args, **named))
        return graphs[-1]

    monkeypatch.setattr(torch.export, "export", watched)
    asked = [call for name, _ in MIXED for call in calls(name, "declared", "export")]
    results = list(Torch("cpu").run(asked))
    assert len(graphs) == 1
    for (name, error), call, result in zip(MIXED, asked, results, strict=True):
        case = parse(name)
        if error:
            assert isinstance(result, Raised), name
            assert error in result.text
        else:
            (plain,) = Torch("cpu").run(calls(name, "forward", "eager"))
            assert isinstance(result, Returned), name
            assert isinstance(plain, Returned)
            assert result.shape == (len(call.x), *plain.shape[1:])
            assert len(call.x) == (2 if case.batch is None else case.batch)
            assert result.array.size == 0


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many layers each compiled program has."""
    import torch

    sizes: list[int] = []
    original = torch.compile

    def watched(program: Callable[[Sequence[Any]], Any], **named: Any) -> Any:
        assert named == {"fullgraph": True, "dynamic": False}  # inductor is the default
        run = original(program, **named)

        def first(inputs: Sequence[Any]) -> Any:
            sizes.append(len(inputs))
            return run(inputs)

        return first

    monkeypatch.setattr(torch, "compile", watched)
    with monkeypatch.context() as patch:
        patch.setattr("harness.frameworks._torch_graphs._quieten", lambda: None)  # it is for all of a process
        yield sizes


@pytest.mark.filterwarnings("ignore")  # what torch's compiler warns of is its own
@pytest.mark.parametrize("probe", ["forward", "adjoint"])
def test_compile_gives_what_eager_gives(probe: Probe, programs: list[int]) -> None:
    names = [
        *(name for name, _ in MIXED),
        "conv2d.i4x3.k2x2.s1x2.p1x0.d1x1.c2to3.batch3",  # 24 impulses in eights, 12 or 24 cotangents
        "conv1d.i4.k2.s1.p1.d1.batch3",  # four impulses: one is left over, fed in a shape of its own
        "conv1d.i2.k3.s1.p0.d1",  # nothing to compute
    ]
    asked = [call for name in names for call in calls(name, probe, "compile")]
    found = list(Torch("cpu").run(asked))
    plain = list(Torch("cpu").run([call for name in names for call in calls(name, probe, "eager")]))
    for name, one, other in zip(names, found, plain, strict=True):
        if isinstance(other, Raised):
            assert isinstance(one, Raised), name
            assert not one.ours
            assert "/" + "harness" not in one.text, name
            assert " at 0x" not in one.text
        else:
            assert isinstance(one, Returned), (name, one)
            assert one.shape == other.shape, name
            assert np.array_equal(one.array, other.array), name
    assert max(programs) >= 3  # layers share a program
    assert len(programs) > 1


@pytest.mark.filterwarnings("ignore")
def test_a_layer_that_fails_when_it_is_run_costs_itself_alone(programs: list[int]) -> None:
    good = [f"conv1d.i{size}.k3.s1.p0.d1.int32" for size in (4, 5, 6)]
    bad = "conv1d.i5.k2.s1.p0.d2.int8"  # traced, but PyTorch has no kernel for it
    asked = [call for name in (*good, bad) for call in calls(name, "forward", "compile")]
    results = list(Torch("cpu").run(asked))
    assert [type(result) for result in results] == [Returned, Returned, Returned, Raised]
    assert "slow_conv_dilated" in str(results[-1])
    assert programs[1:3] == [4, 2]  # after x + 1: all, then halves


def test_what_is_not_compiled_is_not_passed_off_as_such() -> None:
    (seen,) = seen_in_a_worker({"TORCHDYNAMO_DISABLE": "1"}, "compile", PLAIN)
    assert seen.outcome == "harness_error"
    assert "torch.compile has made 0 graphs of what is one program" in (seen.text or "")


def test_a_missing_compiler_is_one_sentence_and_not_the_layers_fault(tmp_path: Path) -> None:
    variables = {"CXX": str(tmp_path / "none"), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    for seen in seen_in_a_worker(variables, "compile", PLAIN, "max_pool1d.i4.k2.s2.p0.d1"):
        assert seen.outcome == "harness_error"
        assert seen.text == (
            "torch.compile needs a C++ compiler: install g++, or name one in the environment variable CXX"
        )
