"""``convarith translate``: a layer in another framework's code that does exactly the same, and its proof."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from harness.commands.printing import as_json
from harness.errors import AS_EXPECTED, UNEXPECTED, UsageError
from harness.frameworks import registry
from harness.frameworks.arguments import WrittenError
from harness.frameworks.written import Read, read
from harness.investigate.proof import Proof, proved
from harness.investigate.question import by, sizes
from harness.investigate.translation import Translation, candidates, target_of
from harness.report.text import clean


def translate(
    layer: str,
    /,
    *,
    to: str,
    input: str | None = None,
    k: str | None = None,
    channels: str | None = None,
    proof: bool = True,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Say a layer in another framework: code that does exactly the same, weights included, proved by equal operators.

    Parameters
    ----------
    layer
        The layer as it is written: "torch.nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)". It is
        read, never run.
    to
        'keras', 'tensorflow', 'jax', 'flax' or 'torch'.
    input
        Size of the input along each axis, at which it has to hold too: 32x32.
    k
        The kernel's size, where a function takes it from an array: 3x3.
    channels
        Input and output feature maps, where the layer does not say them: 3x8.
    proof
        Run both, and compare their operators.
    json
        All of it as JSON.
    """
    written = _read(layer, k, channels, to)
    size = sizes(input, "--input")
    if size is not None and len(size) == 1:
        size = size * written.layer.rank
    if size is not None and len(size) != written.layer.rank:
        raise UsageError(f"--input {input}: {written.function} has {written.layer.rank} spatial axes")
    if proof:
        found, came = proved(written, to, size)
    else:
        found, came = candidates(written, to)[0], Proof("unproved", (), "it was not asked for")
    if json:
        sys.stdout.write(as_json({"text": found.text, **asdict(found.target), "reason": found.reason, **_told(came)}))
    else:
        sys.stdout.write(_text(found, came, to, size))
    return UNEXPECTED if came.status in ("different", "refused") else AS_EXPECTED


def _read(layer: str, k: str | None, channels: str | None, to: str) -> Read:
    maps = sizes(channels, "--channels")
    target_of(to)
    try:
        found = read(
            layer, registry.functions(), kernel=sizes(k, "--k"), channels=None if maps is None else (maps[0], maps[-1])
        )
    except WrittenError as error:
        raise UsageError(str(error)) from error
    if maps is None and not found.layer.pools and not found.says_maps:
        raise UsageError(f"{found.function} does not say its input maps: say both, as --channels 3x8")
    return found


def _told(came: Proof) -> dict[str, object]:
    return {"proof": came.status, "proved_on": came.sizes, "why": came.why}


def _text(found: Translation, came: Proof, to: str, size: tuple[int, ...] | None) -> str:
    """The code, with what is to be said about it as comments before it."""
    said = {
        "arguments": "",
        "padding": f"No arguments of {to} say it ({found.reason}): the input is padded before.",
        "slice": f"No arguments of {to} say it ({found.reason}): a part of the whole output is taken.",
    }[found.target.how]
    lines = [found.text, *textwrap.wrap(clean(said), 100), *textwrap.wrap(clean(_proof(came, size)), 100)]
    if came.status in ("different", "refused"):
        return "".join(f"# {line}\n" for line in lines)
    return "".join(f"# {line}\n" for line in lines) + "\n" + found.target.text


def _proof(came: Proof, size: tuple[int, ...] | None) -> str:
    if came.status == "proved":
        where = f"on {by(size)} and " if size is not None else ""
        if len(came.sizes) == 1 and size is None:
            return f"Proved: both were run and have the same operator, on an input of {by(came.sizes[0])}."
        return (
            f"Proved: both were run and have the same operator, {where}on all residues of the size modulo the stride."
        )
    if came.status == "unproved":
        return f"Unproved: {came.why}."
    if came.status == "different":
        return f"No translation: what was tried does not do the same: {came.why}."
    return f"No translation: {came.why}."
