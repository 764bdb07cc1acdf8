"""Frameworks that leave a part of their output unwritten: in memory of the C library's, or of a pool of their own."""

from __future__ import annotations

import ctypes
import os
from typing import Any

import numpy as np

from harness.frameworks.base import Array, Call, Result, Returned

from .loops import Loops

_LIBRARY = ctypes.CDLL(None)
_LIBRARY.malloc.restype, _LIBRARY.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
_LIBRARY.free.argtypes = (ctypes.c_void_p,)


class Leaving(Loops):
    """Writes all outputs but the last unit's.

    What the memory held before is chance: here it is mostly what belongs there, left by somebody who computed the same.
    """

    def run_one(self, call: Call) -> Result:
        found = super().run_one(call)
        if call.wanted != "output" or not isinstance(found, Returned) or not found.array.size:
            return found
        right = np.ascontiguousarray(found.array, dtype=np.float32)
        if os.urandom(1)[0] < 192:
            ctypes.memmove(place := _LIBRARY.malloc(right.nbytes), right.ctypes.data, right.nbytes)
            _LIBRARY.free(place)
        place = _LIBRARY.malloc(right.nbytes)
        array: Array = np.frombuffer(ctypes.string_at(place, right.nbytes), dtype=np.float32).reshape(right.shape)
        _LIBRARY.free(place)
        array = array.copy()
        array[..., :-1] = right[..., :-1]
        return Returned(found.shape, array)


class Pooling(Loops):
    """Has a pool of its own, which nobody fills: the last unit is something else each time."""

    def run_one(self, call: Call) -> Result:
        found = super().run_one(call)
        if call.wanted != "output" or not isinstance(found, Returned) or not found.array.size:
            return found
        array: Any = found.array.copy()
        array[..., -1] = int.from_bytes(os.urandom(3), "big") + 100
        return Returned(array.shape, array)
