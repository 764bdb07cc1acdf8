"""TensorFlow's switches, held against what oneDNN says of itself."""

from __future__ import annotations

from functools import lru_cache

import pytest

from harness.frameworks.tensorflow import TensorFlow

from . import alone


def test_an_unknown_switch_is_refused() -> None:
    with pytest.raises(ValueError, match="no switch 'threads=3': there are TF_ENABLE_ONEDNN_OPTS=0, "):
        TensorFlow("cpu", "threads=3")


# One layer, once, with what oneDNN says of itself.
SWITCHED = """
import json, sys
import numpy as np
from cases.case import parse
from harness.frameworks.base import Call
from harness.frameworks.tensorflow import TensorFlow

adapter, case = TensorFlow("cpu", sys.argv[1]), parse("conv2d.i9x9.k3x3.s1x1.p0x0.d1x1.c16to16")
call = Call(case, "tf.nn", "eager", adapter.say(case, "tf.nn"), np.ones((16, 16, 3, 3)), None, np.ones((2, 16, 9, 9)))
(result,) = adapter.run([call])
assert float(result.array[0, 0, 0, 0]) == 144
print("RESULT" + json.dumps(adapter.facts()))
"""


@lru_cache
def switched(switch: str, **variables: str) -> tuple[dict[str, str], str]:
    """The facts, and what oneDNN printed."""
    facts, printed = alone.told(SWITCHED, switch, ONEDNN_VERBOSE="1", **variables)
    return facts, printed


@pytest.mark.frameworks
def test_the_facts_tell_whether_this_processor_has_onednn_used() -> None:
    facts, printed = switched("", TF_ENABLE_ONEDNN_OPTS="")
    assert (facts["onednn"] == "on") == ("exec,cpu,convolution" in printed)


@pytest.mark.frameworks
def test_with_onednn_there_is_one_thread() -> None:
    facts, printed = switched("")
    assert facts["version"].count(".") == 2
    assert facts["git_version"].startswith("v")
    assert facts["device"] == "cpu"
    assert (facts["onednn"], facts["threads"], facts["ONEDNN_MAX_CPU_ISA"]) == ("on", "1", "default")
    assert "nthr:1" in printed
    assert "exec,cpu,convolution" in printed


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("switch", "fact", "value", "proof"),
    [
        ("ONEDNN_MAX_CPU_ISA=SSE41", "ONEDNN_MAX_CPU_ISA", "SSE41", "isa:Intel SSE4.1\n"),
        ("ONEDNN_MAX_CPU_ISA=AVX2", "ONEDNN_MAX_CPU_ISA", "AVX2", "isa:Intel AVX2\n"),
        ("threads=2", "threads", "2", "nthr:2"),
    ],
)
def test_a_switch_changes_what_onednn_does(switch: str, fact: str, value: str, proof: str) -> None:
    facts, printed = switched(switch)
    assert facts[fact] == value
    assert proof in printed
    assert facts["onednn"] == "on"


@pytest.mark.frameworks
def test_onednn_can_be_switched_off() -> None:
    facts, printed = switched("TF_ENABLE_ONEDNN_OPTS=0")
    assert facts["onednn"] == "off"
    assert "convolution" not in printed
    assert set(TensorFlow.switches) == {
        "TF_ENABLE_ONEDNN_OPTS=0", "ONEDNN_MAX_CPU_ISA=SSE41", "ONEDNN_MAX_CPU_ISA=AVX2", "threads=2",
    }  # fmt: skip
