// Matrices as heat maps: a row for each output, a column for each input; and where two of them differ.

import { s } from "./dom.js";

const WIDTH = 540;
const HEIGHT = 420;
const ENTRIES = 20000;

const sideOf = ({ rows, columns }) => Math.max(2, Math.min(12, Math.floor(WIDTH / Math.max(columns, 1)), Math.floor(HEIGHT / Math.max(rows, 1))));

function entriesPath(places, columns, cell) {
  return places.map((place) => `M${(place % columns) * cell} ${Math.floor(place / columns) * cell}h${cell}v${cell}h-${cell}z`).join("");
}

function frame(matrix, label, parts) {
  const cell = sideOf(matrix);
  const [across, down] = [matrix.columns * cell, matrix.rows * cell];
  const row = s("rect", { class: "row", x: -2, y: -1, width: across + 4, height: cell + 2, hidden: true });
  const element = s(
    "svg", { class: "heatmap", viewBox: `-4 -4 ${across + 8} ${down + 8}`, width: across + 8, height: down + 8, role: "img", "aria-label": label },
    parts(cell), s("rect", { class: "frame", x: -0.5, y: -0.5, width: across + 1, height: down + 1 }), row,
  );
  return {
    element,
    mark(number) {
      row.removeAttribute("hidden");
      row.setAttribute("transform", `translate(0 ${number * cell})`);
    },
  };
}

/** A matrix as {element, mark}: mark(n) marks its n-th row; null where it is too large to draw, or nothing. */
export function drawHeat(matrix, label) {
  if (matrix.index.length > ENTRIES || !matrix.rows || !matrix.columns) return null;
  const shades = new Map();
  matrix.value.forEach((value, entry) => {
    if (!shades.has(value)) shades.set(value, []);
    shades.get(value).push(matrix.index[entry]);
  });
  const most = Math.max(...[...shades.keys()].filter(Number.isFinite).map(Math.abs), 0);
  return frame(matrix, label, (cell) => [...shades].map(([value, places]) => {
    const shade = Number.isFinite(value) ? { class: "heat", "fill-opacity": (0.16 + (0.84 * Math.abs(value)) / most).toFixed(2) } : { class: "blind" };
    return s("path", { ...shade, d: entriesPath(places, matrix.columns, cell) });
  }));
}

const equal = (one, other) => one === other || (Number.isNaN(one) && Number.isNaN(other));

/** Entry by entry: how many are the same, missing, another, or too many. */
export function difference(expected, observed) {
  const there = new Map(observed.index.map((place, entry) => [place, observed.value[entry]]));
  const found = { same: [], other: [], missing: [], extra: [] };
  expected.index.forEach((place, entry) => {
    const value = there.get(place);
    found[value === undefined ? "missing" : equal(value, expected.value[entry]) ? "same" : "other"].push(place);
    there.delete(place);
  });
  found.extra = [...there.keys()];
  return found;
}

/** Where two matrices of one shape differ, as {element}; null where they cannot be laid on each other. */
export function drawDifference(expected, observed, found) {
  if (expected.rows !== observed.rows || expected.columns !== observed.columns) return null;
  if (expected.index.length + observed.index.length > ENTRIES || !expected.rows || !expected.columns) return null;
  return frame(expected, "Where they differ", (cell) => Object.entries(found).map(([kind, places]) =>
    s("path", { class: `entry-${kind}`, d: entriesPath(places, expected.columns, cell) })));
}
