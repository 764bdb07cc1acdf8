// One case on every surface: what each aspect came to, and the padding that was really applied.

import { isTransposed } from "./case.js";
import { operatorOf, stateOf, textOf } from "./data.js";
import { broken, h } from "./dom.js";
import { paddingApplied, paddingSaid, readable } from "./padding.js";
import { MARKS } from "./table.js";

const ASPECTS = ["forward", "adjoint", "direct", "bias", "dense", "declared"];

export const surfaceName = (data, number) => {
  const [framework, route, mode, added, release] = data.head.surface[number];
  return [framework, release, route, mode, added].filter(Boolean).join(" / ");
};

/** The verdicts of a case: rows of the data. */
export function rowsOfCase(data, id) {
  const number = data.head.case.indexOf(id);
  const rows = [];
  if (number >= 0) data.of.case.forEach((one, row) => one === number && rows.push(row));
  return rows;
}

const ends = (padding) => padding.map(({ before, after }) => `(${before}, ${after})`).join(" × ");

/** What a surface padded, in words, and whether it is what the case says; read off what it showed. */
export function padded(data, layer, row) {
  if (!layer || row === undefined) return { text: "", agrees: true };
  if (data.head.status[data.of.status[row]] === "agrees") {
    const raised = textOf(data.columns.observed, row) !== textOf(data.columns.expected, row);
    return { text: raised ? "" : ends(paddingSaid(layer)), agrees: true };
  }
  const operator = operatorOf(data, row);
  if (!operator) return { text: "", agrees: false };
  const found = paddingApplied(layer, readable(layer, operator), operator.sizes);
  return found ? { text: ends(found), agrees: false } : { text: "not a matter of padding alone", agrees: false };
}

/** The table. A press on a verdict calls onChoose(row). */
export function surfaceTable(data, layer, rows, chosen, onChoose) {
  const by = new Map();
  for (const row of rows) {
    const surface = data.of.surface[row];
    if (!by.has(surface)) by.set(surface, {});
    by.get(surface)[data.head.aspect[data.of.aspect[row]]] = row;
  }
  const aspects = ASPECTS.filter((aspect) => rows.some((row) => data.head.aspect[data.of.aspect[row]] === aspect));
  const cell = (row) => {
    if (row === undefined) return h("td", null);
    const state = stateOf(data, row);
    const said = textOf(data.columns.status, row);
    return h("td", { class: state },
      h("button", { type: "button", class: "verdict", "aria-pressed": String(row === chosen), title: textOf(data.columns.observed, row), "data-row": row, onclick: () => onChoose(row) },
        h("span", { class: "mark", "aria-hidden": "true" }, MARKS[state]), ` ${said}`));
  };
  const order = [...by].sort(([one], [other]) => surfaceName(data, one).localeCompare(surfaceName(data, other), "en", { numeric: true }));
  const what = layer && isTransposed(layer) ? "Cut off (before, after)" : "Padding (before, after)";
  return h("table", { class: "surfaces" },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "Surface"), h("th", { scope: "col" }, what), aspects.map((aspect) => h("th", { scope: "col" }, aspect)))),
    h("tbody", null, order.map(([surface, held]) => {
      const applied = padded(data, layer, held.forward);
      return h("tr", null,
        h("th", { scope: "row" }, broken(surfaceName(data, surface))),
        h("td", { class: applied.agrees ? "applied" : "applied differs" }, applied.text),
        aspects.map((aspect) => cell(held[aspect])));
    })));
}
