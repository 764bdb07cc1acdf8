// What the theory expects of a layer: its matrix in numbers, and of each aspect what must come out.

import { product, structure, swept } from "./matrix.js";
import { GROUND, amplitude, bias, dense, least, scramble } from "./stimuli.js";

const rowOf = (c, at) => Math.floor(at / Math.max(c.columns, 1));

/** The matrix that an aspect shows, as {rows, columns, index, value}; null where its sums would not be exact. */
export function expectedOf(layer, aspect) {
  const c = structure(layer);
  if (aspect === "bias") return column(c, ofZeros(layer, c));
  if (aspect === "dense") return ofDense(layer, c);
  if (aspect === "adjoint" && layer.op === "max_pool") return toMaximum(layer, c);
  return matrixOf(layer, c);
}

function matrixOf(layer, c) {
  if (layer.op === "max_pool") return seen(layer, c);
  const value = layer.op === "avg_pool" ? shares(layer, c) : c.tap.map((tap) => tap + 1);
  return { rows: c.rows, columns: c.columns, index: c.index, value };
}

/** A vector as a matrix of one column, without its zeros. */
function column(c, values) {
  const index = values.flatMap((value, row) => (value === 0 ? [] : [row]));
  return { rows: c.rows, columns: 1, index, value: index.map((row) => values[row]) };
}

/** Rows without an entry: windows that see no element. */
function blind(c) {
  const seeing = new Set(c.index.map((at) => rowOf(c, at)));
  return Array.from({ length: c.rows }, (_, row) => row).filter((row) => !seeing.has(row));
}

function ofZeros(layer, c) {
  const values = Array(c.rows).fill(0);
  if (layer.bias) {
    const area = product(c.output.slice(1));
    const added = bias(layer);
    return values.map((_, row) => added[Math.floor(row / area)]);
  }
  if (layer.op === "max_pool") for (const row of blind(c)) values[row] = least(layer);
  return values;
}

function ofDense(layer, c) {
  if (!amplitude(layer) || !c.columns) return null;
  const x = dense(layer);
  if (layer.op === "max_pool") {
    const most = Array(c.rows).fill(least(layer));
    for (const at of c.index) most[rowOf(c, at)] = Math.max(most[rowOf(c, at)], x[at % c.columns]);
    return column(c, most);
  }
  const y = ofZeros(layer, c);
  const { value } = matrixOf(layer, c);
  c.index.forEach((at, entry) => { y[rowOf(c, at)] += value[entry] * x[at % c.columns]; });
  return column(c, y);
}

/** 1/c for each entry, c being what an average divides by (X9 to X11). */
function shares(layer, c) {
  const axes = swept(layer);
  const counts = axes.map((axis) =>
    axis.start.map((start) => axis.offset.filter((offset) => {
      const unit = start + offset;
      return layer.countPadding ? unit < axis.end : unit >= 0 && unit < axis.size;
    }).length));
  const area = product(c.output.slice(1));
  return c.index.map((at) => {
    let rest = rowOf(c, at) % Math.max(area, 1);
    let divisor = 1;
    for (let axis = axes.length - 1; axis >= 0; axis -= 1) {
      divisor *= counts[axis][rest % counts[axis].length];
      rest = Math.floor(rest / counts[axis].length);
    }
    return rounded(1 / (layer.divisor ?? divisor), layer.dtype);
  });
}

/** A number as an element type has it, to nearest even. */
export function rounded(value, dtype) {
  if (dtype === "float64") return value;
  if (dtype === "float32") return Math.fround(value);
  const [digits, smallest] = dtype === "float16" ? [11, -24] : [8, -133];
  const exact = dtype === "bfloat16" ? Math.fround(value) : value;
  const unit = 2 ** Math.max(Math.floor(Math.log2(exact)) - digits + 1, smallest);
  const whole = Math.floor(exact / unit);
  const rest = exact / unit - whole;
  return (rest > 0.5 || (rest === 0.5 && whole % 2) ? whole + 1 : whole) * unit;
}

/** Ones where a window sees an element; one that sees none has the maximum of nothing in every column. */
function seen(layer, c) {
  const without = new Set(c.columns ? blind(c) : []);
  if (!without.size) return { rows: c.rows, columns: c.columns, index: c.index, value: c.index.map(() => 1) };
  const entries = c.index.map((at) => [at, 1]);
  for (const row of without) {
    for (let unit = 0; unit < c.columns; unit += 1) entries.push([row * c.columns + unit, least(layer) - GROUND]);
  }
  entries.sort((one, other) => one[0] - other[0]);
  return { rows: c.rows, columns: c.columns, index: entries.map(([at]) => at), value: entries.map(([, value]) => value) };
}

/** A maximum pooling sends each cotangent to the maximum of its window. */
function toMaximum(layer, c) {
  const x = scramble(layer);
  const winner = new Map();
  for (const at of c.index) {
    const row = rowOf(c, at);
    const best = winner.get(row);
    if (best === undefined || x[at % c.columns] > x[best % c.columns]) winner.set(row, at);
  }
  const index = [...winner.values()];
  return { rows: c.rows, columns: c.columns, index, value: index.map(() => 1) };
}
