"""The example of a framework from outside: one file of at most 150 lines, registered, observed like any other."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cases.case import parse
from harness import judge
from harness.__main__ import main
from harness.commands.surfaces import SurfaceSelection, shards
from harness.frameworks import registry
from harness.frameworks.base import Adapter, Spelling, Unsupported
from harness.observe.supervisor import Place, observe
from harness.records import Observation, Verdict

from ..fakes.registered import register
from . import alone
from .test_observed import AGREED, PADDED

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "onnxruntime"
FILE = EXAMPLE / "convarith_onnxruntime.py"
REFERENCE = "convarith_onnxruntime:OnnxRuntime"
SURFACES = {
    "onnxruntime/ai.onnx/session",
    "onnxruntime/ai.onnx/shape_inference",
    "onnxruntime/ai.onnx/session/optimizations=off",
    "onnxruntime/ai.onnx/session/threads=2",
}
# Whatever it can be told beside the sizes: element types, batches, biases, groups, names, divisors.
TOLD = [
    "conv2d.i6x5.k3x2.s2x1.p1_0x0_2.d1x2.c2to4.g2",
    "conv2d.i6x5.k3x2.s1x1.p1x0.d1x1.c2to3.bias.float16",
    "conv2d.i6x5.k3x2.s1x1.p1x0.d1x1.c2to3.batch4.bias",
    "conv2d.i5x6.k3x4.s2x3.same.p1x0_1.d1x1.c2to3",
    "conv2d.i5x6.k4x4.s2x3.same_lower.p2_1x1_0.d1x1.c2to3",
    "conv2d.i6x5.k3x2.s2x1.p0x0.d1x1.c16to32",  # with 16 maps and more it computes in an order of its own
    "conv_transpose2d.i3x4.k5x3.s2x3.p2_1x0_1.d1x2.a1x2.c4to2.g2",
    "conv_transpose2d.i3x4.k5x3.s2x2.same.p1_2x0_1.d1x1.a0x0.c2to3",
    "conv_transpose2d.i3x4.k5x3.s2x2.same.p2x1.d1x1.a0x0.c2to3",  # one unit less than s·i'
    "conv_transpose2d.i3x4.k5x3.s2x2.valid.p0x0.d1x1.a1x0.c2to3.bias",
    "avg_pool2d.i6x7.k3x2.s2x1.p1x0_1.d1x2.c2.nopad",
    "avg_pool2d.i6x7.k3x2.s2x1.p1x0_1.d2x1.c2",
    "avg_pool2d.i6x7.k3x2.s2x2.p1x0.d1x1.c2.ceil.float16",
    "max_pool2d.i6x7.k3x2.s2x2.p1x0.d1x1.c2.ceil.float64",
    "max_pool2d.i6x7.k3x2.s2x1.p1x0.d2x1.c2.int8",
]


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    register(monkeypatch, tmp_path / "example", "onnxruntime", REFERENCE, EXAMPLE)


def adapter() -> type[Adapter]:
    return registry.load(registry.adapters()["onnxruntime"])


def test_it_is_one_file_of_at_most_150_lines() -> None:
    assert len(FILE.read_text("utf-8").splitlines()) <= 150
    assert {path.name for path in EXAMPLE.iterdir() if path.name != "__pycache__"} == {FILE.name, "pyproject.toml"}


def test_its_distribution_registers_it() -> None:
    import tomllib

    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"] == {"convarith.frameworks": {"onnxruntime": REFERENCE}}
    wanted = adapter().how_to_install().rpartition("pip install ")[2].split()
    assert sorted(name.partition(">")[0] for name in project["dependencies"]) == sorted(wanted)


def test_nothing_of_the_program_knows_of_it() -> None:
    assert "onnxruntime" not in registry.BUILT_IN
    assert registry.adapters()["onnxruntime"] == REFERENCE
    paths = [path for room in ("harness", "cases") for path in (ROOT / room).rglob("*") if path.is_file()]
    assert len(paths) > 50
    assert [path for path in paths if path.suffix != ".pyc" and "onnxruntime" in path.read_text("utf-8")] == []


SPELLINGS: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "conv2d.i6x7.k3x2.s2x1.p1_0x0_2.d1x2.c4to6.g2", "Conv",
        # both beginnings, then both ends
        {"kernel_shape": (3, 2), "strides": (2, 1), "dilations": (1, 2), "pads": (1, 0, 0, 2), "group": 2}, "OIHW",
    ),
    (
        "conv1d.i6.k3.s2.same_lower.p1_0.d1", "Conv",
        {"kernel_shape": (3,), "strides": (2,), "dilations": (1,), "auto_pad": "SAME_LOWER", "group": 1}, "OIW",
    ),
    (
        "conv_transpose2d.i3x4.k3x2.s2x3.p1x0.d1x1.a1x2.c2to3", "ConvTranspose",
        {
            "kernel_shape": (3, 2), "strides": (2, 3), "dilations": (1, 1), "pads": (1, 0, 1, 0), "group": 1,
            "output_padding": (1, 2),
        },
        "IOHW",
    ),
    (  # s·i' = 8 units: the name says it
        "conv_transpose1d.i4.k5.s2.same.p1_2.d1.a0", "ConvTranspose",
        {"kernel_shape": (5,), "strides": (2,), "dilations": (1,), "auto_pad": "SAME_UPPER", "group": 1}, "IOW",
    ),
    (  # one less: 2·(4-1) + 5 - 4 = 7
        "conv_transpose1d.i4.k5.s2.same.p2.d1.a0", "ConvTranspose",
        {
            "kernel_shape": (5,), "strides": (2,), "dilations": (1,), "auto_pad": "SAME_UPPER", "group": 1,
            "output_padding": (0,), "output_shape": (7,),
        },
        "IOW",
    ),
    (
        "avg_pool3d.i4x4x4.k2x3x2.s1x2x1.p1x0x1.d1x2x1.c2.ceil.nopad", "AveragePool",
        {
            "kernel_shape": (2, 3, 2), "strides": (1, 2, 1), "dilations": (1, 2, 1), "pads": (1, 0, 1, 1, 0, 1),
            "ceil_mode": 1, "count_include_pad": 0,
        },
        "",
    ),
    (
        "max_pool1d.i6.k3.s1.valid.p0.d1", "MaxPool",
        {"kernel_shape": (3,), "strides": (1,), "dilations": (1,), "auto_pad": "VALID", "ceil_mode": 0}, "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "operator", "arguments", "kernel"), SPELLINGS, ids=[name for name, *_ in SPELLINGS])
def test_it_says_a_layer_by_the_operator_s_attributes(
    name: str, operator: str, arguments: dict[str, Any], kernel: str
) -> None:
    said = adapter().say(parse(name), "ai.onnx")
    assert isinstance(said, Spelling), said
    assert (said.function, said.arguments) == (f"ai.onnx.{operator}", arguments)
    assert (said.data, said.kernel, said.flip) == ("NCDHW"[:2] + "DHW"[3 - parse(name).rank :], kernel, False)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("conv4d.i3x3x3x3.k1x1x1x1.s1x1x1x1.p0x0x0x0.d1x1x1x1", "1 to 3 spatial axes, not 4"),
        ("conv1d.i6.k3.s1.p0.d1.channels_last", "channels first only"),
        ("conv1d.i6.k3.s1.causal.p2_0.d1", "no causal padding"),
        ("conv1d.i6.k3.s1.p0.d1.float64", "no kernel of Conv for float64 on a CPU"),
        ("conv_transpose1d.i6.k3.s1.p0.d1.a0.int32", "no kernel of ConvTranspose for int32 on a CPU"),
        ("avg_pool1d.i6.k3.s1.p0.d1.bfloat16", "no kernel of AveragePool for bfloat16 on a CPU"),
        ("max_pool1d.i6.k3.s1.p0.d1.int32", "no kernel of MaxPool for int32 on a CPU"),
        ("avg_pool1d.i6.k3.s1.p0.d1.div2", "no divisor of the caller's"),
    ],
)
def test_what_it_cannot_say_has_a_reason(name: str, reason: str) -> None:
    said = adapter().say(parse(name), "ai.onnx")
    assert isinstance(said, Unsupported), said
    assert reason in said.reason


def observed(ids: list[str]) -> list[Verdict]:
    """Verdicts on cases by every surface."""
    seen: list[Observation] = []
    for place, ways in SurfaceSelection(framework=("onnxruntime",)).places():
        kinds = [way.kind for way in ways]
        for shard in shards(map(parse, ids), [(place, ways)], lambda _, kinds=kinds: kinds):  # type: ignore[misc]
            environment = observe(shard.place, shard.jobs, seen.append)
            assert environment.failure is None
            assert environment.facts["device"] == "CPUExecutionProvider"
            assert environment.facts["threads"] == ("2" if place.switch == "threads=2" else "1")
    return list(judge.judge(seen))


@pytest.mark.frameworks
def test_every_surface_agrees_where_every_surface_must() -> None:
    verdicts = observed([*AGREED, *PADDED])
    assert [verdict for verdict in verdicts if verdict.status != "agrees"] == []
    assert {str(verdict.surface) for verdict in verdicts} == SURFACES
    counts = Counter(verdict.aspect for verdict in verdicts if str(verdict.surface) == "onnxruntime/ai.onnx/session")
    assert counts == {"forward": 17, "direct": 5, "dense": 16}
    counts = Counter(verdict.aspect for verdict in verdicts if verdict.surface.mode == "shape_inference")
    assert counts == {"declared": 17}


@pytest.mark.frameworks
def test_whatever_it_can_be_told_is_told() -> None:
    verdicts = observed(TOLD)
    assert [verdict for verdict in verdicts if verdict.status != "agrees"] == []
    assert {verdict.case_id for verdict in verdicts} == set(TOLD)


@pytest.mark.frameworks
def test_what_it_does_otherwise_is_seen_and_not_hidden() -> None:
    """SAME of a dilated window: the padding is that of one without dilation, as ONNX does not mean it."""
    found = {str(v.surface): v for v in observed(["max_pool1d.i5.k3.s1.same.p2.d2.c2"]) if v.aspect != "dense"}
    assert found["onnxruntime/ai.onnx/shape_inference"].status == "agrees"
    verdict = found["onnxruntime/ai.onnx/session"]
    assert (verdict.status, verdict.expected, verdict.observed) == ("wrong_shape", "o = 5", "o = 3")


# What is left out: the stride, and whether padding counts.
DEFAULTS = """
import json
import numpy as np
import onnxruntime
from onnx import TensorProto, helper


def run(operator, **attributes):
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xy")
    weight = [helper.make_tensor("w", TensorProto.FLOAT, (1, 1, 2), [1, 1])] if "Conv" in operator else []
    node = helper.make_node(operator, ["x", "w"][: 1 + len(weight)], ["y"], **attributes)
    model = helper.make_model(helper.make_graph([node], "one", [x], [y], weight),
                              opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.ones((1, 1, 6), dtype="float32")})[0][0, 0].tolist()

print("RESULT" + json.dumps({
    "Conv": run("Conv"), "ConvTranspose": run("ConvTranspose"),
    "AveragePool": run("AveragePool", kernel_shape=[2], pads=[1, 1]), "MaxPool": run("MaxPool", kernel_shape=[2]),
}))
"""


@pytest.mark.frameworks
def test_what_is_left_out_is_what_the_spelling_says() -> None:
    found = alone.result(DEFAULTS)
    assert {name: len(y) for name, y in found.items()} == {
        "Conv": 5,
        "ConvTranspose": 7,
        "AveragePool": 7,
        "MaxPool": 5,
    }
    assert found["AveragePool"] == [1] * 7  # in front and behind one unit of two is padding
    for name in ("conv1d.i6.k2.s1.p0.d1", "conv_transpose1d.i6.k2.s1.p0.d1.a0", "max_pool1d.i6.k2.s1.p0.d1"):
        said = adapter().say(parse(name), "ai.onnx")
        assert isinstance(said, Spelling)
        assert (said.stride, said.divisor) == ("1", "")
    said = adapter().say(parse("avg_pool1d.i6.k2.s1.p0.d1"), "ai.onnx")
    assert isinstance(said, Spelling)
    assert (said.stride, said.divisor) == ("1", "the units that are no padding")


@pytest.mark.frameworks
def test_a_gpu_that_is_not_there_is_one_sentence() -> None:
    environment = observe(Place("onnxruntime", REFERENCE, sys.executable, device="gpu"), [], lambda seen: None)
    if environment.failure is None:
        assert shutil.which("nvidia-smi"), "there is none here, and it was found"
        assert environment.facts["tf32"] == "off"
        return
    assert "no CUDA device: onnxruntime " in environment.failure
    assert "cannot start its CUDAExecutionProvider; use --device cpu" in environment.failure
    assert "\n" not in environment.failure


@pytest.mark.frameworks
def test_the_page_s_adapters_are_told_what_the_page_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "adding-a-framework.md").read_text("utf-8")
    adapters = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    told = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert (len(adapters), len(told)) == (2, 2)
    for number, code in enumerate([1, 0]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "mine.py").write_text(adapters[number])
        monkeypatch.chdir(folder)
        monkeypatch.delitem(sys.modules, "mine", raising=False)
        assert main(["check-adapter", "mine:OnnxRuntime"]) == code
        printed = re.sub(r"(facts: version) \S+", r"\1 1.32.0", capsys.readouterr().out)
        assert printed == told[number]
    monkeypatch.delitem(sys.modules, "mine")


@pytest.mark.frameworks
def test_the_program_takes_it_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check-adapter", "onnxruntime"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"ok     found: 'onnxruntime' is {REFERENCE}"
    assert main(["run", "-f", "onnxruntime", "--case", "padding_strides", "--out", "run"]) == 0
    assert capsys.readouterr().out.startswith("As expected: 3 verdicts, 3 agree")
    assert main(["routes", "--case", "padding_strides", "--format", "json"]) == 0
    said = {row["route"]: row["call"] for row in json.loads(capsys.readouterr().out)}
    assert said["ai.onnx"] == (
        "ai.onnx.Conv(kernel_shape=(3, 3), strides=(2, 2), dilations=(1, 1), pads=(1, 1, 1, 1), group=1)"
    )
