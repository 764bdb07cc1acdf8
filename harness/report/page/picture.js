// A layer as a picture: the padded input with the window on it, and the output.

import { isPooling } from "./case.js";
import { s, times } from "./dom.js";
import { KINDS, linesOf } from "./lines.js";
import { indices, product } from "./matrix.js";

const CELL = 24;
const SLICES = 20;
const CELLS = 4000;
const SAYS = {
  inserted: "zero between units (stride)",
  padding: "zero padding",
  extra: "a: zero at the far end",
  overhang: "beyond the padding (ceil mode)",
  cropped: "cut off (negative padding)",
};

/** From a cell to the next along each axis; the outermost of three is drawn slice by slice. */
function vectors(sizes) {
  const plane = [[0, CELL], [CELL, 0]];
  if (sizes.length === 1) return plane.slice(1);
  return sizes.length === 2 ? plane : [[sizes[2] * CELL + SLICES, 0], ...plane];
}

const width = (sizes) => (sizes.length === 3 ? sizes[0] * (sizes[2] * CELL + SLICES) - SLICES : sizes.at(-1) * CELL);
const height = (sizes) => (sizes.length > 1 ? sizes.at(-2) * CELL : CELL);
const at = (index, along) => [0, 1].map((part) => index.reduce((sum, step, axis) => sum + step * along[axis][part], 0));

function squares(cells, along, inset) {
  const side = CELL - 2 * inset;
  return cells.map((cell) => at(cell, along)).map(([x, y]) => `M${x + inset} ${y + inset}h${side}v${side}h-${side}z`).join("");
}

/** A picture as {element, count, show}: show(n) puts the window on its n-th placement; null where there is none to draw. */
export function drawLayer(layer) {
  const lines = linesOf(layer);
  const counts = lines.map((line) => line.starts.length);
  const sizes = lines.map((line) => line.cells.length);
  if (layer.rank > 3 || product(sizes) > CELLS || product(counts) > CELLS) return null;
  const [source, target] = [vectors(sizes), vectors(counts)];
  const deep = layer.rank === 3;
  const count = product(counts);
  const left = deep ? 0 : width(sizes) + 56;
  const top = deep ? height(sizes) + 44 : 0;
  const window = count ? windowOf(layer, lines, source) : null;
  const now = count ? s("rect", { class: "now", x: 1, y: 1, width: CELL - 2, height: CELL - 2 }) : null;
  const result = s("g", { transform: `translate(${left} ${top + 20})` }, s("path", { class: "out", d: squares(Array.from(indices(counts), (one) => [...one]), target, 1) }), now);
  const across = Math.max(width(sizes), left + Math.max(width(counts), 80));
  const down = Math.max(height(sizes), top + height(counts)) + 22;
  const units = times(layer.axes.map((axis) => axis.i));
  const element = s(
    "svg", { class: "layer", viewBox: `-2 -2 ${across + 4} ${down + 4}`, width: across + 4, height: down + 4, role: "img",
      "aria-label": `Input ${units}, output ${times(counts)}, and the window on the input` },
    s("text", { class: "note", x: 0, y: 10 }, `input ${units}`),
    s("text", { class: "note", x: left, y: top + 10 }, count ? `output ${times(counts)}` : "nothing to compute"),
    s("g", { transform: "translate(0 20)" }, cellsOf(lines, sizes, source), window),
    result,
  );
  function show(step) {
    if (!count) return;
    const place = [];
    for (let axis = counts.length - 1, rest = step; axis >= 0; axis -= 1) {
      place.unshift(rest % counts[axis]);
      rest = Math.floor(rest / counts[axis]);
    }
    const first = lines.map((line, axis) => line.starts[place[axis]] - line.starts[0]);
    window.setAttribute("transform", `translate(${at(first, source).join(" ")})`);
    now.setAttribute("transform", `translate(${at(place, target).join(" ")})`);
  }
  show(0);
  return { element, count, counts, show, kinds: KINDS.filter((kind) => SAYS[kind] && lines.some((line) => line.cells.includes(kind))) };
}

function cellsOf(lines, sizes, along) {
  const found = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  for (const index of indices(sizes)) {
    const kinds = lines.map((line, axis) => KINDS.indexOf(line.cells[index[axis]]));
    found[KINDS[Math.max(...kinds)]].push([...index]);
  }
  return KINDS.filter((kind) => found[kind].length).flatMap((kind) => [
    s("path", { class: kind, d: squares(found[kind], along, kind === "unit" ? 1 : 2) }),
    kind === "inserted" && s("path", { class: "dot", d: found[kind].map((cell) => at(cell, along)).map(([x, y]) => `M${x + 11} ${y + 11}h2v2h-2z`).join("") }),
    kind === "cropped" && s("path", { class: "strike", d: found[kind].map((cell) => at(cell, along)).map(([x, y]) => `M${x + 2} ${y + 22}l20-20`).join("") }),
  ]);
}

function windowOf(layer, lines, along) {
  const taps = lines.map((line) => line.taps.length);
  const first = lines.map((line) => line.starts[0]);
  const parts = [];
  for (const element of indices(taps)) {
    const [x, y] = at(lines.map((line, axis) => first[axis] + line.offsets[element[axis]]), along);
    parts.push(s("rect", { x: x + 1, y: y + 1, width: CELL - 2, height: CELL - 2 }));
    const tap = lines.reduce((number, line, axis) => number * taps[axis] + line.taps[element[axis]], 0);
    if (!isPooling(layer) && product(taps) < 100) parts.push(s("text", { x: x + CELL / 2, y: y + CELL / 2 + 4 }, String(tap + 1)));
  }
  const spans = lines.map((line) => line.offsets.at(-1) + 1);
  for (const plane of lines.length === 3 ? lines[0].offsets : [0]) {
    const [x, y] = at(lines.length === 3 ? [first[0] + plane, first[1], first[2]] : first, along);
    const down = lines.length > 1 ? spans.at(-2) * CELL : CELL;
    parts.push(s("rect", { class: "frame", x, y, width: spans.at(-1) * CELL, height: down, rx: 2 }));
  }
  return s("g", { class: "window" }, parts);
}

/** What the kinds of cells are that occur. */
export const legend = (kinds) =>
  kinds.map((kind) => [
    s("svg", { class: "swatch", width: 16, height: 16, viewBox: "0 0 24 24", "aria-hidden": "true" },
      s("path", { class: kind, d: "M2 2h20v20h-20z" }),
      kind === "inserted" && s("path", { class: "dot", d: "M11 11h2v2h-2z" }),
      kind === "cropped" && s("path", { class: "strike", d: "M2 22l20-20" })),
    SAYS[kind],
  ]);
