"""The machine that a worker runs on, as far as it decides which code a framework's kernels take."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from harness.observe import unwritten

# What kernel libraries choose their code by; a processor has hundreds of other flags.
_CHOSEN_BY = re.compile(r"sse4_[12]|avx\w*|amx\w*|fma|f16c|asimd\w*|sve\w*|bf16|i8mm")


def facts(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Python, platform, what memory holds that nobody wrote, and the processor with its instruction sets.

    Parameters
    ----------
    cpuinfo : Path, optional
        Where Linux tells of processors; elsewhere the platform module's word has to do.
    """
    found = {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "unwritten_memory": unwritten.holds(),
    }
    try:
        told = dict(re.findall(r"^(\w[\w ]*?)\s*: (.*)$", cpuinfo.read_text("utf-8", "replace"), re.MULTILINE))
    except OSError:
        return {**found, "processor": platform.processor() or "unknown"}
    sets = sorted(set(filter(_CHOSEN_BY.fullmatch, (told.get("flags") or told.get("Features") or "").split())))
    return {**found, "processor": told.get("model name", "unknown"), "instruction_sets": " ".join(sets)}
