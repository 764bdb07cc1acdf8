// The table of verdicts: only the rows in sight are there, however many there are.

import { stateOf, textOf } from "./data.js";
import { broken, h } from "./dom.js";

const ROW = 30; // pixels, as the style sheet has it
const TALLEST = 8e6; // pixels that browsers scroll well
export const PRINTED = 200; // rows on paper

export const MARKS = { good: "✓", known: "●", none: "–", ours: "!", bad: "✗" };

/**
 * A table as {element, show, focus}. show(rows, sort) shows verdicts; opening one calls onOpen(row), a click on a heading
 * onSort(name).
 */
export function verdictTable(data, names, onOpen, onSort) {
  let rows = new Uint32Array(0);
  let active = 0;
  let drawn = "";
  const heads = names.map((name) =>
    h("th", { scope: "col", class: `c-${name}` }, h("button", { type: "button", onclick: () => onSort(name) }, data.columns[name].label)));
  const body = h("tbody");
  const table = h("table", { class: "verdicts", "aria-label": "Verdicts" }, h("thead", null, h("tr", null, heads)), body);
  const space = h("div", { class: "space" }, table);
  const scroller = h("div", { class: "rows", tabindex: 0, role: "group", "aria-label": "Verdicts: arrow keys choose one, Enter opens it" }, space);

  const height = () => Math.min(rows.length * ROW, TALLEST);
  const visible = () => Math.ceil((scroller.clientHeight || 600) / ROW);
  const first = () => {
    const far = height() + ROW - scroller.clientHeight;
    const share = far > 0 ? Math.min(1, scroller.scrollTop / far) : 0;
    return height() < TALLEST ? Math.floor(scroller.scrollTop / ROW) : Math.floor(share * Math.max(0, rows.length - visible() + 1));
  };

  function rowOf(place, onPaper = false) {
    const row = rows[place];
    const state = stateOf(data, row);
    const cells = names.map((name) => {
      const text = textOf(data.columns[name], row);
      const told = onPaper ? broken(text) : text; // on the screen a row is one line
      if (name === "case") return h("th", { scope: "row", class: "c-case", title: text }, told);
      if (name !== "status") return h("td", { class: `c-${name}`, title: text }, told);
      return h("td", { class: `c-status ${state}` }, h("span", { class: "mark", "aria-hidden": "true" }, MARKS[state]), " ", told);
    });
    const told = { "aria-rowindex": place + 2, class: place === active ? "active" : false, "data-place": place };
    return h("tr", told, cells);
  }

  function draw(force = false) {
    const begin = Math.max(0, Math.min(first(), rows.length - visible() + 1));
    const end = Math.min(rows.length, begin + visible() + 1);
    const said = `${begin} ${end} ${active}`;
    if (!force && said === drawn) return;
    drawn = said;
    const top = height() < TALLEST ? begin * ROW : Math.min(scroller.scrollTop, height() - (end - begin) * ROW);
    table.style.transform = `translateY(${Math.max(0, top)}px)`;
    body.replaceChildren(...Array.from({ length: end - begin }, (_, place) => rowOf(begin + place)));
  }

  function go(place) {
    active = Math.max(0, Math.min(rows.length - 1, place));
    const begin = first();
    if (active < begin || active >= begin + visible() - 2) {
      const far = height() + ROW - scroller.clientHeight;
      scroller.scrollTop = height() < TALLEST ? (active - Math.floor(visible() / 2)) * ROW : (active / rows.length) * far;
    }
    draw(true);
  }

  scroller.addEventListener("scroll", () => draw());
  scroller.addEventListener("click", (event) => {
    const chosen = event.target.closest("tr[data-place]");
    if (!chosen) return;
    active = Number(chosen.dataset.place);
    onOpen(rows[active]);
  });
  scroller.addEventListener("keydown", (event) => {
    if (event.target !== scroller || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: visible() - 2, PageUp: 2 - visible(), Home: -rows.length, End: rows.length }[event.key];
    if (by) go(active + by);
    else if (event.key === "Enter" && rows.length) onOpen(rows[active]);
    else return;
    event.preventDefault();
  });
  new ResizeObserver(() => draw()).observe(scroller);
  window.addEventListener("beforeprint", () => {
    table.style.transform = "";
    body.replaceChildren(...Array.from({ length: Math.min(PRINTED, rows.length) }, (_, place) => rowOf(place, true)));
  });
  window.addEventListener("afterprint", () => draw(true));

  return {
    element: scroller,
    focus: () => scroller.focus(),
    show(found, sort) {
      rows = found;
      active = 0;
      scroller.scrollTop = 0;
      table.setAttribute("aria-rowcount", rows.length + 1);
      space.style.height = `${height() + ROW + 4}px`;
      names.forEach((name, place) => {
        const way = sort === name ? "ascending" : sort === `-${name}` ? "descending" : "none";
        heads[place].setAttribute("aria-sort", way);
      });
      draw(true);
    },
  };
}
