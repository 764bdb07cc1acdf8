"""PyTorch in each of its modes and with each switch: that each is what it is called, and nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cases.case import parse
from harness.frameworks import registry
from harness.frameworks.base import Call, Raised, Returned, Spelling
from harness.frameworks.torch import FUNCTIONAL, MODULES, Torch
from harness.observe import probe as probing
from harness.observe.supervisor import Place, observe
from harness.records import Job, Observation, Probe, Surface

pytestmark = pytest.mark.frameworks

ROUTES = (FUNCTIONAL, MODULES)
PLAIN = "conv2d.i4x5.k2x3.s1x2.p1x0.d1x1.c2to3"


def facts(switch: str) -> Mapping[str, str]:
    place = Place("torch", registry.BUILT_IN["torch"], sys.executable, switch=switch)
    environment = observe(place, [], lambda seen: None)
    assert environment.failure is None
    return environment.facts


def seen_in_a_worker(variables: Mapping[str, str], mode: str, *ids: str) -> list[Observation]:
    """What a worker with some environment variables sees of cases, forward."""
    place = Place("torch", registry.BUILT_IN["torch"], sys.executable, variables=variables)
    jobs = [Job(name, Surface("torch", FUNCTIONAL, mode), ("forward",)) for name in ids]
    seen: list[Observation] = []
    assert observe(place, jobs, seen.append).failure is None
    return seen


def calls(name: str, probe: Probe, mode: str, route: str = FUNCTIONAL) -> list[Call]:
    prepared = probing.prepare(Torch, parse(name), route, mode, probe)
    assert isinstance(prepared, list)
    return prepared


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
    torch = pytest.importorskip("torch")
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
    torch = pytest.importorskip("torch")
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
    torch = pytest.importorskip("torch")
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
    done = subprocess.run(
        [sys.executable, "-c", KERNELS, switch],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    kernels = json.loads(done.stdout.rpartition("RESULT")[2])
    assert "aten::convolution" in kernels
    assert any("mkldnn" in kernel for kernel in kernels) == used
    assert not any("nnpack_spatial" in kernel for kernel in kernels)


@pytest.fixture
def formats(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The memory formats of the tensors that convolutions and pullbacks are given, in order."""
    torch = pytest.importorskip("torch")
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


# Modes.


@pytest.mark.parametrize("route", ROUTES)
def test_func_pulls_back_by_torch_func(monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    torch = pytest.importorskip("torch")

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
    torch = pytest.importorskip("torch")
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
    torch = pytest.importorskip("torch")
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
    torch = pytest.importorskip("torch")
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
