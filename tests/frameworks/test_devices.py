"""The GPU's path where there is none: where tensors are put, what is set and read back, and the refusal; by fakes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cases.case import parse
from harness.frameworks.base import Adapter, NoDeviceError, Raised, Returned
from harness.frameworks.jax import Jax
from harness.frameworks.tensorflow import TensorFlow
from harness.frameworks.torch import FUNCTIONAL, MODULES, Torch, _tf32, _without_tf32
from harness.observe import probe as probing
from harness.observe.worker import introduce
from harness.records import Probe

pytestmark = pytest.mark.frameworks


@pytest.fixture
def torch() -> Iterator[Any]:
    """PyTorch, whose precision is put back."""
    module = importlib.import_module("torch")
    settings = (module.backends.cuda.matmul, module.backends.cudnn.conv, module.backends.cudnn.rnn)
    before = [setting.fp32_precision for setting in settings]
    yield module
    module.backends.cuda.matmul.allow_tf32 = False  # as it is by default
    module.backends.cudnn.allow_tf32 = True
    for setting, precision in zip(settings, before, strict=True):
        setting.fp32_precision = precision


@pytest.fixture
def gpu(torch: Any, monkeypatch: pytest.MonkeyPatch) -> Torch:
    """The adapter on a GPU that is not there, as far as can be asked of it."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"a GPU as {device}")
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)
    return Torch("gpu")


def test_facts_name_the_device_and_its_libraries(gpu: Torch) -> None:
    found = gpu.facts()
    assert found["device"] == "a GPU as cuda"
    assert found["cuda"] == "13.0"
    assert found["cudnn"] == "91002"
    assert found["tf32"] == "off"


@pytest.mark.parametrize("setting", ["cuda.matmul", "cudnn.conv", "cudnn.rnn"])
def test_tf32_is_read_back_from_torch(gpu: Torch, torch: Any, setting: str) -> None:
    library, _, operation = setting.partition(".")
    held = getattr(getattr(torch.backends, library), operation)
    assert held.fp32_precision == "ieee"
    held.fp32_precision = "tf32"
    assert gpu.facts()["tf32"] == "on"


def test_the_old_ways_of_asking_still_answer(gpu: Torch, torch: Any) -> None:
    """PyTorch refuses to be asked by the old names where it was told different things by the new ones."""
    assert torch.backends.cuda.matmul.allow_tf32 is False
    assert torch.backends.cudnn.allow_tf32 is False


def test_tf32_before_there_were_precisions() -> None:
    matmul, cudnn = SimpleNamespace(allow_tf32=True), SimpleNamespace(allow_tf32=True)
    old = SimpleNamespace(backends=SimpleNamespace(cuda=SimpleNamespace(matmul=matmul), cudnn=cudnn))
    assert _tf32(old) == "on"
    _without_tf32(old)
    assert (matmul.allow_tf32, cudnn.allow_tf32) == (False, False)
    assert _tf32(old) == "off"
    cudnn.allow_tf32 = True
    assert _tf32(old) == "on"


def test_on_a_cpu_nothing_is_said_of_tf32(torch: Any) -> None:
    before = torch.backends.cudnn.conv.fp32_precision
    found = Torch("cpu").facts()
    assert found["device"] == "cpu"
    assert not {"tf32", "cuda", "cudnn"} & set(found)
    assert torch.backends.cudnn.conv.fp32_precision == before


def test_no_device_is_one_sentence(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(NoDeviceError) as refusal:
        Torch("gpu").facts()
    assert str(refusal.value) == (
        f"no CUDA device: torch {torch.__version__} finds none; use --device cpu, or a machine that has one"
    )


@pytest.fixture
def placed(torch: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Torch, dict[str, set[str]]]]:
    """The adapter with the meta device for a GPU, and on which devices each operation found its tensors."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    found: dict[str, set[str]] = {}

    class Watch(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            tensors = [leaf for leaf in tree_leaves((args, kwargs, result)) if isinstance(leaf, torch.Tensor)]
            found.setdefault(function.name(), set()).update(tensor.device.type for tensor in tensors)
            return result

    adapter = Torch("cpu")
    adapter.device = torch.device("meta")
    # What lies on this device cannot be read.
    monkeypatch.setattr(Torch, "numpy", staticmethod(lambda tensor: np.zeros(tuple(tensor.shape))))
    with Watch():
        yield adapter, found


@pytest.mark.parametrize("route", [FUNCTIONAL, MODULES])
@pytest.mark.parametrize("mode", ["eager", "func"])
@pytest.mark.parametrize(
    "name",
    [
        "conv2d.i4x5.k2x3.s1x2.p1x0.d1x1.c2to4.g2.bias",
        "conv2d.i5x5.k1x3.s1x1.same.p0x1.d1x1.batch1",
        "conv_transpose1d.i4.k3.s2.p1.d1.a1.c2to3.batch3.bias.bfloat16",
        "avg_pool2d.i5x5.k3x2.s2x2.p1x1.d1x1.c2.ceil.nopad",
        "max_pool3d.i4x5x3.k2x3x1.s2x1x1.p1x1x0.d1x1x1.float64",
    ],
)
def test_every_tensor_is_put_on_the_device(
    name: str, mode: str, route: str, placed: tuple[Torch, dict[str, set[str]]]
) -> None:
    adapter, found = placed
    probes: tuple[Probe, ...] = ("adjoint",) if mode == "func" else ("forward", "adjoint")
    for probe in probes:
        calls = probing.prepare(adapter, parse(name), route, mode, probe)
        assert isinstance(calls, list)
        (result,) = adapter.run(calls)
        assert isinstance(result, Returned), result
    # Arrays come to the device by a copy, and a module's first weights are replaced before it is run.
    layers = {name: devices for name, devices in found.items() if "conv" in name or "pool" in name}
    assert any("backward" in name for name in layers)
    assert set().union(*layers.values()) == {"meta"}
    assert {"cpu"} not in [devices for name, devices in found.items() if name in ("aten::eye", "aten::repeat")]


def test_a_tensor_left_behind_would_show(placed: tuple[Torch, dict[str, set[str]]], torch: Any) -> None:
    _, found = placed
    x = torch.zeros(1, 1, 4, 4, device="meta")
    torch.nn.functional.conv2d(x, torch.zeros(1, 1, 2, 2))
    assert any("cpu" in devices for name, devices in found.items() if "conv" in name)


def test_a_worker_without_the_device_says_so_and_nothing_else(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    lines: list[str] = []
    reports: Any = SimpleNamespace(write=lines.append, flush=lambda: None)
    introduce(Torch("gpu"), reports)
    assert len(lines) == 1
    assert lines[0].startswith('{"failed": "no CUDA device: torch ')


# What each said where eleven others had taken a GPU's memory, and what CUDA's documentation calls sticky errors.
TROUBLES = [
    (Torch, "torch.OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB.", "memory"),
    (Torch, "torch.AcceleratorError", "CUDA error: out of memory\nSearch for `cudaErrorMemoryAllocation'", "memory"),
    (Torch, "torch.AcceleratorError", "CUDA error: an illegal memory access was encountered", "device"),
    (Torch, "RuntimeError", "CUDA error: device-side assert triggered", "device"),
    (Torch, "RuntimeError", "Trying to create tensor with negative dimension -1: [1, 2, -1, -1]", ""),
    (Jax, "RuntimeError", "Unable to initialize backend 'cuda': INTERNAL: no supported devices found", "device"),
    (Jax, "jax.errors.JaxRuntimeError", "INTERNAL: CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access", "device"),
    (Jax, "jax.errors.JaxRuntimeError", "RESOURCE_EXHAUSTED: : CUDA_ERROR_OUT_OF_MEMORY: out of memory", "memory"),
    (Jax, "ValueError", "Negative padding is larger than the size of the corresponding dimension", ""),
    (TensorFlow, "tensorflow.python.framework.errors_impl.ResourceExhaustedError", "OOM when allocating", "memory"),
    (TensorFlow, "tensorflow.python.framework.errors_impl.InternalError", "CUDA_ERROR_ILLEGAL_ADDRESS", "device"),
    (TensorFlow, "ValueError", "`strides` > `window_shape` not supported", ""),
]


@pytest.mark.parametrize(("adapter", "error", "text", "trouble"), TROUBLES)
def test_what_an_error_tells_of_the_machine(adapter: type[Adapter], error: str, text: str, trouble: str) -> None:
    assert adapter.trouble(Raised(error, text)) == trouble
