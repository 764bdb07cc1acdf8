"""Layers of all frameworks with the same weights: what ``convarith.compare`` makes of them. Prints a line for each."""

from __future__ import annotations

import sys
import time

import jax
import keras
import torch
from flax import linen, nnx

import convarith

torch.set_num_threads(1)
port = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
kernel, bias = port.weight.detach().permute(2, 3, 1, 0).numpy(), port.bias.detach().numpy()
SHAPE = (1, 3, 32, 32)


def kerased(padding: str) -> keras.Layer:
    layer = keras.layers.Conv2D(8, 3, strides=2, padding=padding)
    layer.build((1, 32, 32, 3))
    layer.set_weights([kernel, bias])
    return layer


def nnxed(padding: object) -> nnx.Module:
    layer = nnx.Conv(3, 8, (3, 3), strides=2, padding=padding, rngs=nnx.Rngs(0))
    layer.kernel, layer.bias = nnx.Param(jax.numpy.asarray(kernel)), nnx.Param(jax.numpy.asarray(bias))
    return layer


def linened(padding: object) -> linen.Module:
    return linen.Conv(8, (3, 3), strides=2, padding=padding).bind({"params": {"kernel": kernel, "bias": bias}})


def told(name: str, found: convarith.Comparison) -> None:
    sys.stdout.write(f"{name}: {found.sentence}\n")


same = kerased("same")
convarith.compare(same, nnxed("SAME"), (1, 3, 4, 4))  # each framework starts when it is first used
began = time.process_time()
told("keras and torch", convarith.compare(same, port, SHAPE))
sys.stderr.write(f"{time.process_time() - began:.2f} s of processor\n")
told("keras and nnx", convarith.compare(same, nnxed("SAME"), SHAPE))
told("torch and nnx", convarith.compare(port, nnxed(1), SHAPE))
told("torch and linen", convarith.compare(port, linened(1), SHAPE))
pool, pooled = torch.nn.MaxPool2d(3, 2, 1), keras.layers.MaxPooling2D(3, 2, padding="same")
told("pools", convarith.compare(pooled, pool, (1, 2, 8, 8)))
told("cropped", convarith.compare(torch.nn.MaxPool2d(3, 2), keras.layers.MaxPooling2D(3, 2), (1, 2, 9, 9)))
try:
    convarith.compare(linen.Conv(8, (3, 3)), port, SHAPE)
except TypeError as error:
    sys.stdout.write(f"unbound: {error}\n")
