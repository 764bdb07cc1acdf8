// What the layers of a case are fed: the taps 1, 2, 3 … in the kernel, a bias, and one dense input.

import { isFloating, isPooling, isTransposed } from "./case.js";
import { product } from "./matrix.js";

const INTEGERS = { float64: 2 ** 53, float32: 2 ** 24, float16: 2 ** 11, bfloat16: 2 ** 8, int32: 2 ** 31 - 1, int8: 127 };
const LEAST = { int32: -(2 ** 31), int8: -128 };
const MOST = 2 ** 13;

export const GROUND = -2;

export function kernelShape(layer) {
  const ends = isTransposed(layer) ? [layer.channelsIn, layer.channelsOut] : [layer.channelsOut, layer.channelsIn];
  return [ends[0], ends[1] / layer.groups, ...layer.axes.map((axis) => axis.k)];
}

/** The maximum of nothing. */
export const least = (layer) => (isFloating(layer) ? -Infinity : LEAST[layer.dtype]);

export const bias = (layer) =>
  Array.from({ length: layer.channelsOut }, (_, map) => (map % Math.floor(INTEGERS[layer.dtype] / 2)) + 1);

/** The largest integer within which a dense input's sums are exact; 0 if there is none. */
export function amplitude(layer) {
  if (layer.op === "avg_pool") return 0;
  if (isPooling(layer)) return Math.min(INTEGERS[layer.dtype], MOST);
  const taps = Math.floor((product(layer.axes.map((axis) => axis.k)) * layer.channelsIn) / layer.groups);
  const room = INTEGERS[layer.dtype] - (layer.bias ? Math.max(0, ...bias(layer)) : 0);
  return Math.min(Math.floor(room / Math.max(taps * product(kernelShape(layer)), 1)), MOST);
}

const inputSize = (layer) => product([layer.channelsIn, ...layer.axes.map((axis) => axis.i)]);

/** One input of integers of both signs. */
export function dense(layer) {
  const most = amplitude(layer);
  return Array.from({ length: inputSize(layer) }, (_, place) => {
    const size = (((place + 1) * 7919) % most) + 1;
    return (((place + 1) * 5) % 7) % 2 === 0 ? size : -size;
  });
}

const common = (a, b) => (b ? common(b, a % b) : a);

/** An input whose elements all differ, in no order, all negative. */
export function scramble(layer) {
  const size = inputSize(layer);
  let step = 1;
  for (let one = Math.floor(size / 2) + 1; one < size; one += 1) {
    if (common(one, size) === 1) { step = one; break; }
  }
  const octave = Math.floor(INTEGERS[layer.dtype] / 2);
  const stretched = size > INTEGERS[layer.dtype] && isFloating(layer);
  return Array.from({ length: size }, (_, place) => {
    const rank = (place * step) % Math.max(size, 1);
    const left = size - 1 - rank;
    return stretched ? -(1 + (left % octave) / octave) * 2 ** (Math.floor(left / octave) - 14) : rank - size;
  });
}
