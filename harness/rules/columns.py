"""The columns that predicates speak of: those of a table of verdicts, and what follows from a case's parameters.

A rule's predicate, and that of a known deviation, is SQL over these, so that it reads as people speak of layers:
``op = 'conv' AND k_even AND s_max > 1``. A parameter has one value for each axis. Of a number there are the least and
the greatest (``s_max > 1``: some stride is more than 1; ``s_min > 1``: each is). What holds of an axis or not holds of
every one by its own name (``k_even``), and of some one with ``any_`` before it (``any_k_even``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

LETTERS = (
    "i",
    "k",
    "s",
    "d",
    "p",
    "o",
    "o_truncated",
    "k_hat",
)  # each has a least and a greatest; a has a greatest alone

# Of each axis j, from the columns of the table 'cases': what it spans, the larger end's zeros, the claimed output, and
# the output if the division rounds towards zero, as it does in C, where the claim rounds down.
_K_HAT = "k[j] + (k[j] - 1) * (d[j] - 1)"
_P = "greatest(p_before[j], p_after[j])"
_COUNTED = "(i[j] + p_before[j] + p_after[j] - k_hat[j]) / s[j]"
_O = f"""CAST(CASE
    WHEN op = 'conv_transpose' THEN s[j] * (i[j] - 1) + k_hat[j] + a[j] - p_before[j] - p_after[j]
    WHEN ceil_mode AND ceil({_COUNTED}) * s[j] < i[j] + p_before[j] THEN ceil({_COUNTED}) + 1
    ELSE floor({_COUNTED}) + 1 END AS INTEGER)"""
_O_TRUNCATED = f"CASE WHEN op = 'conv_transpose' OR ceil_mode THEN o[j] ELSE CAST(trunc({_COUNTED}) + 1 AS INTEGER) END"

# What holds of an axis or not.
OF_AN_AXIS: dict[str, str] = {
    "i_even": "i[j] % 2 = 0",
    "i_odd": "i[j] % 2 = 1",
    "k_even": "k[j] % 2 = 0",
    "k_odd": "k[j] % 2 = 1",
    "k_hat_over_i": "k_hat[j] > i[j]",
    "p_over_half": "2 * p[j] > k_hat[j]",
    "p_over_half_k": "2 * p[j] > k[j]",
    "p_reaches_k": "p[j] >= k[j]",
    "p_reaches_k_hat": "p[j] >= k_hat[j]",
    "p_uneven": "p_before[j] <> p_after[j]",
    "s_over_k": "s[j] > k[j]",
    "s_over_k_hat": "s[j] > k_hat[j]",
    "s_over_i": "s[j] > i[j]",
    "a_reaches_s": "a[j] >= s[j]",
    "strided_and_dilated": "s[j] > 1 AND d[j] > 1",
    # input units at the far end that no window covers
    "leftover": "op <> 'conv_transpose' AND o[j] > 0 AND (i[j] + p_before[j] + p_after[j] - k_hat[j]) % s[j] > 0",
    # a window that meets padding alone: none of its elements is one of the input's
    "window_on_padding": "op <> 'conv_transpose' AND len(list_filter(range(o[j]), lambda w: "
    "len(list_filter(range(k[j]), lambda t: w * s[j] + t * d[j] - p_before[j] BETWEEN 0 AND i[j] - 1)) = 0)) > 0",
}

# What holds of the whole layer or not.
OF_A_LAYER: dict[str, str] = {
    "i_mixed": "i_min <> i_max",
    "k_mixed": "k_min <> k_max",
    "s_mixed": "s_min <> s_max",
    "d_mixed": "d_min <> d_max",
    "p_mixed": "p_min <> p_max",
    "strides_and_dilations": "s_max > 1 AND d_max > 1",
    "depthwise": "groups > 1 AND groups = channels_in",
    "integers": "dtype IN ('int32', 'int8')",
    "half": "dtype IN ('float16', 'bfloat16')",
    "no_maps": "channels_in = 0 OR channels_out = 0",
}

FLAGS = (*OF_AN_AXIS, *(f"any_{name}" for name in OF_AN_AXIS), *OF_A_LAYER)
NUMBERS = (*(f"{letter}_{end}" for letter in LETTERS for end in ("min", "max")), "a_max")

# Of a case, as the table of verdicts has them.
PARAMETERS = (
    "op", "rank", "i", "k", "s", "p_before", "p_after", "d", "a", "padding", "channels_in", "channels_out", "groups",
    "batch", "bias", "ceil_mode", "count_include_pad", "divisor", "dtype", "layout",
)  # fmt: skip


def derive(database: duckdb.DuckDBPyConnection, source: str, name: str) -> None:
    """Make a table of the cases of a table of verdicts: their parameters, and all that follows from them.

    Parameters
    ----------
    database : DuckDBPyConnection
    source : str
        A table with the columns of :data:`PARAMETERS` and ``case_id``.
    name : str
        Of the new table: one row for each case, in the order of ids.
    """

    def each(expression: str) -> str:
        return f"list_transform(range(1, rank + 1), lambda j: {expression})"

    numbers = [f"list_{end}({letter}) AS {letter}_{end}" for letter in LETTERS for end in ("min", "max")]
    lists = [f"{each(f'({sql})')} AS each_{flag}" for flag, sql in OF_AN_AXIS.items()]
    every = [f"list_bool_and(each_{flag}) AS {flag}" for flag in OF_AN_AXIS]
    some = [f"list_bool_or(each_{flag}) AS any_{flag}" for flag in OF_AN_AXIS]
    layer = [f"({sql}) AS {flag}" for flag, sql in OF_A_LAYER.items()]
    helpers = ", ".join(["p", "o_truncated", *(f"each_{flag}" for flag in OF_AN_AXIS)])
    steps = (
        f"SELECT DISTINCT case_id, {', '.join(PARAMETERS)} FROM {source}",
        f"SELECT *, {each(_K_HAT)} AS k_hat, {each(_P)} AS p FROM step0",
        f"SELECT *, {each(_O)} AS o FROM step1",
        f"SELECT *, {each(_O_TRUNCATED)} AS o_truncated FROM step2",
        f"SELECT *, {', '.join([*numbers, *lists])}, list_max(a) AS a_max FROM step3",
        f"SELECT * EXCLUDE ({helpers}), {', '.join([*every, *some, *layer])} FROM step4 ORDER BY case_id",
    )
    told = ", ".join(f"step{number} AS ({step})" for number, step in enumerate(steps))
    database.execute(f"CREATE TABLE {name} AS WITH {told} SELECT * FROM step{len(steps) - 1}")
