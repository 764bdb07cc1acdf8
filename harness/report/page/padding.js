// The padding that a framework really applied, read off the matrix that it showed.

import { isPooling, isTransposed } from "./case.js";
import { product, structure, swept } from "./matrix.js";

/**
 * Of each axis {before, after}: padding, or of a transposed layer what is cut off (less than nothing: added), so that the theory's matrix with this padding is the one observed, entry by entry, and
 * nothing else about the layer is another than the case says; null where no padding explains it.
 */
export function paddingApplied(layer, observed, sizes) {
  if (!observed.index.length || sizes.length !== layer.rank) return null;
  const found = layer.axes.map((axis, n) => onAxis(layer, axis, n, observed, sizes));
  if (found.includes(null)) return null;
  const axes = layer.axes.map((axis, n) => ({ ...axis, ...found[n] }));
  return same(theirs(layer, axes, sizes), observed) ? found : null;
}

/** The matrix of other paddings; of a transposed layer, with as much of it as was observed. */
function theirs(layer, axes, sizes) {
  if (!isTransposed(layer)) return structure({ ...layer, axes });
  const fitted = axes.map((axis, n) => ({ ...axis, a: sizes[n] - (uncropped(axis) - axis.before - axis.after) }));
  return structure({ ...layer, axes: fitted });
}

/** How large a transposed layer's output is before its ends are cut off. */
const uncropped = (axis) => axis.s * (axis.i - 1) + axis.d * (axis.k - 1) + 1;

/** Of a transposed layer what is cut off at each end, a counted; else the padding: as the case says. */
export const paddingSaid = (layer) =>
  layer.axes.map((axis) => ({ before: axis.before, after: axis.after - axis.a }));

function same(c, observed) {
  if (c.rows !== observed.rows || c.columns !== observed.columns || c.index.length !== observed.index.length) return false;
  return c.index.every((at, entry) => at === observed.index[entry] && fits(c, entry, observed));
}

/** Taps tell where a kernel stands; a pooling has none, and its matrix is where it is not zero. */
const fits = (c, entry, observed) => observed.pooled || observed.value[entry] === c.tap[entry] + 1;

/** The padding of one axis: of those that give the size observed, the first that meets the units that are seen. */
function onAxis(layer, axis, n, observed, sizes) {
  const seen = units(layer, n, observed, sizes);
  const span = axis.d * (axis.k - 1) + 1;
  for (const before of nearest(axis.before, span + axis.s)) {
    const after = isTransposed(layer) ? uncropped(axis) - before - sizes[n] : farEnd(axis, before, span, sizes[n]);
    const [placed] = swept({ ...layer, axes: [{ ...axis, before, after }] });
    const size = isTransposed(layer) ? sizes[n] : placed.size;
    const told = new Set();
    placed.start.forEach((start, w) => {
      for (const offset of placed.offset) if (start + offset >= 0 && start + offset < size) told.add(`${w},${start + offset}`);
    });
    if (told.size === seen.size && [...told].every((one) => seen.has(one))) return { before, after };
  }
  return null;
}

/** Padding at the far end: what the case says if that gives the size observed, else the least change that does. */
function farEnd(axis, before, span, windows) {
  const least = axis.s * (windows - 1) + span - axis.i - before;
  return Math.min(Math.max(axis.after, least), least + axis.s - 1);
}

/** Which windows meet which units along an axis. */
function units(layer, n, observed, sizes) {
  const inputs = layer.axes.map((axis) => axis.i);
  const along = (place, all) => Math.floor((place % product(all)) / product(all.slice(n + 1))) % all[n];
  const seen = new Set();
  observed.index.forEach((at, entry) => {
    if (!Number.isFinite(observed.value[entry])) return;
    const row = along(Math.floor(at / observed.columns), sizes);
    const column = along(at % observed.columns, inputs);
    seen.add(isTransposed(layer) ? `${column},${row}` : `${row},${column}`);
  });
  return seen;
}

function nearest(middle, reach) {
  const found = [middle];
  for (let far = 1; far <= reach; far += 1) found.push(middle - far, middle + far);
  return found;
}

/** The matrix as padding is read off it. */
export const readable = (layer, operator) => ({ ...operator, pooled: isPooling(layer) });
