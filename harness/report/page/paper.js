// On paper: nothing can be scrolled there, so a wide matrix is printed in pieces, and the table of verdicts by its first rows.

import { h } from "./dom.js";

const FITTING = 6; // columns of a matrix on a sheet, beside the heads

/** How a number of columns that belong together in runs is divided: {from, to} of each piece; runs stay whole where they fit. */
export function divided(runs, most = FITTING) {
  const pieces = [];
  let begin = 0;
  let from = 0;
  for (const run of runs) {
    const end = begin + run;
    if (end - from > most && begin > from) { pieces.push({ from, to: begin }); from = begin; }
    for (; end - from > most; from += most) pieces.push({ from, to: from + most });
    begin = end;
  }
  if (begin > from) pieces.push({ from, to: begin });
  return pieces;
}

/** Some columns of a table, with its heads: its first row of heads names runs of columns. */
function piece(table, { from, to }) {
  const copy = table.cloneNode(true);
  let begin = 0;
  for (const head of [...copy.tHead.rows[0].cells].slice(1)) {
    const end = begin + head.colSpan;
    const kept = Math.min(end, to) - Math.max(begin, from);
    if (kept > 0) head.colSpan = kept;
    else head.remove();
    begin = end;
  }
  const cut = (row, first) => [...row.cells].forEach((cell, at) => at >= first && (at < first + from || at >= first + to) && cell.remove());
  cut(copy.tHead.rows[1], 0);
  for (const part of [...copy.tBodies, copy.tFoot]) for (const row of part.rows) cut(row, 1);
  return copy;
}

/** Prints a matrix in pieces, wherever it is too wide. */
export function printInPieces(table) {
  const runs = [...table.tHead.rows[0].cells].slice(1).map((head) => head.colSpan);
  const screen = table.closest(".scroll");
  let paper = null;
  window.addEventListener("beforeprint", () => {
    const pieces = divided(runs);
    if (pieces.length < 2 || paper) return;
    paper = h("div", null, pieces.map((one) => piece(table, one)));
    screen.hidden = true;
    screen.after(paper);
  });
  window.addEventListener("afterprint", () => {
    paper?.remove();
    paper = null;
    screen.hidden = false;
  });
}
