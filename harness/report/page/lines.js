// One axis of a layer as it is drawn: its cells, and those that the window lands on.
//
// A convolution slides over its padded input. A transposed convolution is drawn as the direct convolution that equals it
// (S7): unit steps over its stretched input, padded by p' = k̂ - p - 1, or cropped where p' is negative.

import { isTransposed } from "./case.js";
import { convolution, transposed } from "./placements.js";

export const KINDS = ["unit", "inserted", "padding", "extra", "overhang", "cropped"];

export const linesOf = (layer) => layer.axes.map((axis) => (isTransposed(layer) ? turnedLine(axis) : directLine(axis, layer.ceil)));

function directLine(axis, ceil) {
  const placed = convolution(axis, ceil);
  const starts = placed.start.map((start) => start + axis.before);
  const inside = axis.before + axis.i + axis.after;
  const reach = placed.offset.at(-1) + 1;
  const size = Math.max(inside, ...starts.slice(-1).map((start) => start + reach));
  const units = Array.from({ length: size }, (_, cell) => (cell >= axis.before && cell < axis.before + axis.i ? cell - axis.before : null));
  const cells = units.map((unit, cell) => (unit !== null ? "unit" : cell >= inside ? "overhang" : "padding"));
  return { cells, units, starts, offsets: placed.offset, taps: placed.offset.map((_, tap) => tap) };
}

function turnedLine(axis) {
  const placed = transposed(axis);
  const span = placed.offset.at(-1);
  const stretched = axis.i ? (axis.i - 1) * axis.s + 1 : 0;
  const begin = axis.before - span;
  const end = placed.size ? placed.size + axis.before : Math.max(stretched, span - axis.after);
  const cells = [];
  const units = [];
  for (let place = Math.min(begin, 0); place < Math.max(end, stretched); place += 1) {
    const within = place >= 0 && place < stretched;
    const unit = within && place % axis.s === 0 ? place / axis.s : null;
    const kept = place >= begin && place < end;
    cells.push(within ? (!kept ? "cropped" : unit !== null ? "unit" : "inserted") : place >= end - axis.a ? "extra" : "padding");
    units.push(unit);
  }
  const starts = axis.i ? Array.from({ length: placed.size }, (_, place) => place + Math.max(begin, 0)) : [];
  return { cells, units, starts, offsets: placed.offset, taps: placed.offset.map((_, tap) => tap).reverse() };
}
