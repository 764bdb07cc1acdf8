"""An object of some framework as a function from NumPy arrays to NumPy arrays, feature maps first on both sides.

Nothing is imported that the object's own framework has not imported already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Layout = Literal["channels_first", "channels_last"]


@dataclass(frozen=True, slots=True)
class Function:
    """A layer, to be fed.

    Attributes
    ----------
    name : str
        What people call it: 'torch.nn.Conv2d'.
    call : callable
        From an array of shape (batch, feature maps, axis 1 … axis N) to another.
    dtype : str
        The element type that it computes in.
    """

    name: str
    call: Callable[[Array], Array]
    dtype: str


def adapt(layer: Any, layout: Layout | None = None) -> Function:
    """A layer as a function of arrays.

    Parameters
    ----------
    layer : torch.nn.Module, keras.Layer, flax.nnx.Module, bound flax.linen.Module, or callable
        A callable is given NumPy arrays of float32, and gives what NumPy takes for an array.
    layout : {'channels_first', 'channels_last'}, optional
        The order of the axes that the layer takes. If left out: what the layer says; channels last for Flax, first for
        PyTorch and callables.

    Raises
    ------
    TypeError
        It is no layer, or a Flax module without its parameters.
    """
    makers = (("torch", _torch), ("keras", _keras), ("flax", _flax))
    for name, make in makers:
        if name in sys.modules and (made := make(sys.modules[name], layer, layout)) is not None:
            return made
    if not callable(layer) or isinstance(layer, type):
        raise TypeError(
            f"{layer!r:.80} is no layer: give a module of PyTorch, Keras or Flax, or a function of an array"
        )
    name = getattr(layer, "__qualname__", type(layer).__qualname__)
    return Function(name, _placed(lambda x: np.asarray(layer(x)), layout or "channels_first"), "float32")


def _torch(torch: Any, layer: Any, layout: Layout | None) -> Function | None:
    if not hasattr(torch, "nn") or not isinstance(layer, torch.nn.Module):
        return None
    if "keras" in sys.modules and isinstance(layer, sys.modules["keras"].Layer):
        return None  # on PyTorch a layer of Keras is a module too
    held = next((p for p in layer.parameters() if p.is_floating_point()), torch.zeros(0))
    dtype = str(held.dtype).removeprefix("torch.")

    def call(x: Array) -> Array:
        with torch.no_grad():
            y = layer(torch.tensor(x, dtype=held.dtype, device=held.device))
        array: Array = (y.float() if dtype in ("bfloat16", "float16") else y).cpu().numpy()
        return array

    return Function(f"torch.nn.{type(layer).__name__}", _placed(call, layout or "channels_first"), dtype)


def _keras(keras: Any, layer: Any, layout: Layout | None) -> Function | None:
    if not hasattr(keras, "Layer") or not isinstance(layer, keras.Layer):
        return None
    said = layout or getattr(layer, "data_format", None) or keras.config.image_data_format()
    dtype = str(layer.compute_dtype)

    def call(x: Array) -> Array:
        y = layer(keras.ops.convert_to_tensor(x, dtype))
        return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(y, "float32" if dtype == "bfloat16" else dtype)))

    return Function(f"keras.layers.{type(layer).__name__}", _placed(call, said), dtype)


def _flax(flax: Any, layer: Any, layout: Layout | None) -> Function | None:
    linen, nnx = getattr(flax, "linen", None), getattr(flax, "nnx", None)
    if linen is not None and isinstance(layer, linen.Module):
        if layer.scope is None:
            raise TypeError(
                f"flax.linen.{type(layer).__name__} has no parameters by itself: give module.bind(variables)"
            )
        name = f"flax.linen.{type(layer).__name__}"
    elif nnx is not None and isinstance(layer, nnx.Module):
        name = f"flax.nnx.{type(layer).__name__}"
    else:
        return None
    return Function(name, _placed(lambda x: np.asarray(layer(x)), layout or "channels_last"), "float32")


def _placed(call: Callable[[Array], Any], layout: Layout) -> Callable[[Array], Array]:
    """A function of arrays in a layout as one of arrays with their feature maps first."""
    if layout == "channels_first":
        return call
    return lambda x: np.moveaxis(call(np.ascontiguousarray(np.moveaxis(x, 1, -1))), -1, 1)
