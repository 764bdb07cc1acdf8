// Which tap stands where in a layer's matrix: C of a convolution or a pooling, its transpose of a transposed one (S6).

import { isPooling, isTransposed } from "./case.js";
import { convolution, transposed } from "./placements.js";

export const product = (numbers) => numbers.reduce((all, one) => all * one, 1);

/** All indices of an array of these sizes, row-major. */
export function* indices(sizes) {
  const index = sizes.map(() => 0);
  for (let left = product(sizes); left > 0; left -= 1) {
    yield index;
    for (let axis = sizes.length - 1; axis >= 0; axis -= 1) {
      index[axis] += 1;
      if (index[axis] < sizes[axis]) break;
      index[axis] = 0;
    }
  }
}

export const swept = (layer) =>
  layer.axes.map((axis) => (isTransposed(layer) ? transposed(axis) : convolution(axis, layer.ceil)));

/** Size of the layer's output along each axis; 0 where there is nothing to compute. */
export const outputSizes = (layer) =>
  swept(layer).map((axis) => (isTransposed(layer) ? axis.size : axis.start.length));

/** The matrix as {output, input, rows, columns, index, tap}: shapes, and of each entry its place and its tap. */
export function structure(layer) {
  if (isTransposed(layer)) return turned(placed(swept(layer), layer.channelsIn, layer.channelsOut, layer.groups));
  const groups = isPooling(layer) ? Math.max(layer.channelsIn, 1) : layer.groups;
  return placed(swept(layer), layer.channelsOut, layer.channelsIn, groups);
}

function placed(axes, n, m, groups) {
  const output = [n, ...axes.map((axis) => axis.start.length)];
  const input = [m, ...axes.map((axis) => axis.size)];
  const maps = m / groups;
  const window = axes.map((axis) => axis.offset.length);
  const taps = maps * product(window);
  const columns = product(input);
  const area = product(input.slice(1));
  const index = [];
  const tap = [];
  let row = 0;
  for (let map = 0; map < n; map += 1) {
    const first = Math.floor(map / (n / groups)) * maps;
    for (const placement of indices(output.slice(1))) {
      for (let own = 0; own < maps; own += 1) {
        let element = own * product(window);
        for (const part of indices(window)) {
          let unit = 0;
          let real = true;
          for (let axis = 0; axis < axes.length && real; axis += 1) {
            const place = axes[axis].start[placement[axis]] + axes[axis].offset[part[axis]];
            real = place >= 0 && place < axes[axis].size;
            unit = unit * axes[axis].size + place;
          }
          if (real) {
            index.push(row * columns + (first + own) * area + unit);
            tap.push(map * taps + element);
          }
          element += 1;
        }
      }
      row += 1;
    }
  }
  // A pooling's taps only tell the elements of a window apart.
  return { output, input, rows: product(output), columns, index, tap };
}

function turned(c) {
  const order = c.index.map((at, entry) => [(at % c.columns) * c.rows + Math.floor(at / c.columns), c.tap[entry]]);
  order.sort((one, other) => one[0] - other[0]);
  return {
    output: c.input, input: c.output, rows: c.columns, columns: c.rows,
    index: order.map(([at]) => at), tap: order.map(([, tap]) => tap),
  };
}
