"""A linear layer as what it is: a matrix, kept as its non-zero entries.

Needs NumPy only: operators are made where a framework is observed, and compared where the theory is.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Operator:
    """A matrix of a row for each output and a column for each input, both unrolled feature map first, row-major.

    Attributes
    ----------
    rows, columns : int
    indices : ndarray of int64
        Positions of the non-zero entries, row * columns + column, ascending.
    values : ndarray of float64
        The entries there. What was not a number stays one.
    """

    rows: int
    columns: int
    indices: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, matrix: NDArray[Any]) -> Operator:
        """The operator of a dense matrix of shape (rows, columns), of any number type."""
        flat = matrix.ravel()
        indices = (flat != 0).nonzero()[0]  # of booleans they are found fastest
        return cls(matrix.shape[0], matrix.shape[1], indices, flat[indices].astype(np.float64))

    @classmethod
    def empty(cls, rows: int, columns: int) -> Operator:
        """The operator without an entry."""
        return cls(rows, columns, np.zeros(0, dtype=np.int64), np.zeros(0))

    @cached_property
    def digest(self) -> str:
        """A name for the content: equal operators, and only they, have equal digests."""
        told = hashlib.blake2b(f"{self.rows}x{self.columns}".encode(), digest_size=12)
        told.update(np.ascontiguousarray(self.indices, dtype="<i8").data)
        values = self.values
        if (unlike := np.isnan(values)).any():  # a NaN has many bit patterns; all are the same news
            values = np.where(unlike, np.nan, values)
        told.update(np.ascontiguousarray(values, dtype="<f8").data)
        return told.hexdigest()

    def dense(self) -> Matrix:
        """The matrix, of shape (rows, columns)."""
        flat = np.zeros(self.rows * self.columns)
        flat[self.indices] = self.values
        return flat.reshape(self.rows, self.columns)

    def to_json(self) -> dict[str, Any]:
        """As JSON takes it; :meth:`from_json` reads it back."""
        return {
            "rows": self.rows,
            "columns": self.columns,
            "indices": _text(self.indices.astype("<i8", copy=False)),
            "values": _text(self.values.astype("<f8", copy=False)),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Operator:
        """What :meth:`to_json` wrote."""
        return cls(
            int(data["rows"]),
            int(data["columns"]),
            np.frombuffer(base64.b64decode(data["indices"]), dtype="<i8").astype(np.int64),
            np.frombuffer(base64.b64decode(data["values"]), dtype="<f8").astype(np.float64),
        )


def _text(array: NDArray[Any]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")
