"""The GPU's path of TensorFlow and JAX where there is none. Both are set for a whole process, so each test has its own.

A second CPU stands for the GPU: TensorFlow and JAX can both be told that there are two. What is computed has to come
from there.
"""

from __future__ import annotations

from typing import Any

import pytest

from . import alone

pytestmark = pytest.mark.frameworks

LAYERS = [
    "conv2d.i4x5.k2x3.s1x2.p1x0.d1x1.c2to3",
    "conv_transpose1d.i4.k3.s2.p0.d1.a1.c2to3.batch3",
    "max_pool2d.i5x5.k3x2.s2x2.valid.p0x0.d1x1.c2",
]

ASKING = """
import json, sys
from cases.case import parse
from harness.frameworks.base import NoDeviceError, Raised
from harness.observe import probe as probing

def ask(adapter, route, mode, ids):
    for name in ids:
        for probe in ("forward", "adjoint"):
            calls = probing.prepare(adapter, parse(name), route, mode, probe)
            for result in adapter.run(calls):
                assert not isinstance(result, Raised), result
"""

TENSORFLOW = """
import tensorflow as tf
from harness.frameworks.tensorflow import TensorFlow

class Gpu:
    name = "/physical_device:GPU:0"

def pretend():
    real = tf.config.list_physical_devices
    tf.config.list_physical_devices = lambda kind=None: [Gpu()] if kind == "GPU" else real(kind)
    tf.config.experimental.get_device_details = lambda gpu: {"device_name": "a GPU", "compute_capability": (9, 0)}
    tf.sysconfig.get_build_info = lambda: {"cuda_version": "12.5", "cudnn_version": "9.1"}
"""

JAX = """
from harness.frameworks.jax import Jax
import jax
"""


def outcome(program: str, **environment: str) -> Any:
    """What a program says at its end."""
    return alone.result(ASKING + program, **environment)


def test_tensorflow_names_the_device_and_its_libraries_and_switches_tf32_off() -> None:
    found = outcome(
        TENSORFLOW
        + """
adapter = TensorFlow("gpu")
pretend()
off = adapter.facts()
tf.config.experimental.enable_tensor_float_32_execution(True)
print("RESULT" + json.dumps([off, adapter.facts()["tf32"]]))
"""
    )
    facts, switched_on = found
    assert (facts["device"], facts["compute_capability"]) == ("a GPU", "9.0")
    assert (facts["cuda"], facts["cudnn"], facts["tf32"]) == ("12.5", "9.1", "off")
    assert switched_on == "on"  # it is read back, not remembered


@pytest.mark.parametrize("mode", ["eager", "function", "xla"])
def test_tensorflow_computes_on_the_device(mode: str) -> None:
    devices = outcome(
        TENSORFLOW
        + f"""
adapter = TensorFlow("cpu")
one = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], [one, one])
adapter._device = "/CPU:1"
seen, read = set(), TensorFlow._array
TensorFlow._array = lambda self, tensor: (seen.add(tensor.device[-5:]), read(self, tensor))[1]
ask(adapter, "tf.nn", {mode!r}, {LAYERS!r})
print("RESULT" + json.dumps(sorted(seen)))
"""
    )
    assert devices == ["CPU:1"]


def test_tensorflow_has_no_device() -> None:
    told = outcome(
        TENSORFLOW
        + """
try:
    TensorFlow("gpu").facts()
except NoDeviceError as refusal:
    print("RESULT" + json.dumps([str(refusal), tf.__version__]))
""",
        CUDA_VISIBLE_DEVICES="-1",
    )
    refusal, version = told
    assert refusal == (f"no CUDA device: tensorflow {version} finds none; use --device cpu, or a machine that has one")


def test_jax_names_the_device_and_its_libraries_and_switches_tf32_off() -> None:
    facts, switched_on = outcome(
        JAX
        + """
from types import SimpleNamespace
adapter = Jax("gpu")
client = SimpleNamespace(platform_version="PJRT C API\\ncuda 12090")
jax.devices = lambda: [SimpleNamespace(platform="gpu", device_kind="a GPU", client=client)]
from importlib import metadata
def version(name):
    if name == "nvidia-cudnn-cu12":
        return "9.10.2.21"
    raise metadata.PackageNotFoundError(name)
metadata.version = version
off = adapter.facts()
jax.config.update("jax_default_matmul_precision", None)
print("RESULT" + json.dumps([off, adapter.facts()["tf32"]]))
"""
    )
    assert (facts["device"], facts["platform"]) == ("a GPU", "PJRT C API cuda 12090")
    assert (facts["cudnn"], facts["tf32"]) == ("9.10.2.21", "off")
    assert switched_on == "on"


@pytest.mark.parametrize("mode", ["jit", "eager"])
def test_jax_computes_on_the_device_that_is_the_first(mode: str) -> None:
    devices = outcome(
        JAX
        + f"""
adapter = Jax("cpu")
jax.config.update("jax_default_device", jax.devices()[1])
import numpy

seen, fetch, array = set(), jax.device_get, numpy.asarray
def note(tree):
    for leaf in jax.tree_util.tree_leaves(tree):
        if isinstance(leaf, jax.Array):
            seen.update(str(device) for device in leaf.devices())
jax.device_get = lambda tree: (note(tree), fetch(tree))[1]
numpy.asarray = lambda value, *rest, **more: (note(value), array(value, *rest, **more))[1]
ask(adapter, "jax.lax", {mode!r}, {LAYERS!r})
print("RESULT" + json.dumps(sorted(seen)))
""",
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
    )
    assert devices == ["cpu:1"]


def test_jax_has_no_device() -> None:
    refusal, version = outcome(
        JAX
        + """
try:
    Jax("gpu").facts()
except NoDeviceError as refusal:
    print("RESULT" + json.dumps([str(refusal), jax.__version__]))
"""
    )
    assert refusal == f"no CUDA device: jax {version} finds none; use --device cpu, or a machine that has one"
