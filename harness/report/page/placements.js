// Where the window lands along one axis: tap t of placement w meets unit start[w] + offset[t].

const reach = (axis) => axis.d * (axis.k - 1) + 1;
const offsets = (axis) => Array.from({ length: axis.k }, (_, tap) => tap * axis.d);

function place(axis, size, count) {
  const start = Array.from({ length: count }, (_, w) => w * axis.s - axis.before);
  return { size: Math.max(size, 0), start, offset: offsets(axis), end: size + axis.after };
}

/** The window over the padded input, while it fits; in ceil mode another may overhang the far end (X8). */
export function convolution(axis, ceil = false) {
  const padded = axis.before + axis.i + axis.after;
  let count = padded < reach(axis) ? 0 : Math.floor((padded - reach(axis)) / axis.s) + 1;
  const next = count * axis.s;
  if (ceil && next - axis.s + reach(axis) < padded && next < axis.before + axis.i) count += 1;
  return place(axis, axis.i, count);
}

/** The placements of the convolution that a transposed layer is the transpose of: one for each of its input units. */
export function transposed(axis) {
  const extent = axis.i ? axis.s * (axis.i - 1) + reach(axis) + axis.a : 0;
  return place(axis, extent - axis.before - axis.after, axis.i);
}
