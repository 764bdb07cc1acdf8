// The page: what its address says is what it shows.

import { casePage } from "./casepage.js";
import { textOf, unpacked } from "./data.js";
import { h } from "./dom.js";
import { EXACT, filterForm } from "./filters.js";
import { readFragment, writeFragment } from "./fragment.js";
import { printInPieces } from "./paper.js";
import { filtered, sorted } from "./query.js";
import { surfaceName } from "./surfaces.js";
import { PRINTED, verdictTable } from "./table.js";

const NAMES = ["case", "status", "framework", "route", "mode", "switch", "release", "aspect", "relationship", "expected", "observed", "diagnosis", "known"];
const byId = (id) => document.getElementById(id);
const grouped = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");

export async function start() {
  const data = await unpacked(byId("verdicts-data").textContent);
  const all = NAMES.filter((name) => !["switch", "release", "known"].includes(name) || data.columns[name].values.some((text) => text !== ""));
  let state = { filters: {}, sort: "", open: "", at: "", probe: "" };
  let shown = "";

  const go = (changes, replace = false) => {
    state = { ...state, ...changes };
    const address = writeFragment(state);
    history[replace ? "replaceState" : "pushState"](null, "", address);
    show();
  };
  const openRow = (row) => go({
    open: textOf(data.columns.case, row), at: surfaceName(data, data.of.surface[row]), probe: textOf(data.columns.aspect, row),
  });
  const table = verdictTable(data, all, openRow, (name) => go({ sort: state.sort === name ? `-${name}` : state.sort === `-${name}` ? "" : name }, true));
  const form = filterForm(data, all, (name, value) => go({ filters: name === null ? {} : { ...state.filters, [name]: value } }, true));
  const count = h("p", { class: "count", role: "status" });
  const onPaper = h("p", { class: "note paper" });
  byId("table").replaceChildren(form.element, count, onPaper, table.element);
  document.querySelectorAll("table.matrix").forEach(printInPieces);

  function showTable() {
    const asked = JSON.stringify([state.filters, state.sort]);
    if (asked === shown) return;
    shown = asked;
    const wishes = Object.fromEntries(Object.entries(state.filters).filter(([name, value]) => data.columns[name] && value !== ""));
    let rows = filtered(data.columns, data.count, wishes, EXACT);
    const column = data.columns[state.sort.replace(/^-/, "")];
    if (column) rows = sorted(rows, column, state.sort.startsWith("-"));
    form.show(wishes);
    table.show(rows, state.sort);
    count.textContent = `${grouped(rows.length)} of ${grouped(data.count)} verdicts`;
    const asWished = Object.entries(wishes).map(([name, wish]) => `${data.columns[name].label.toLowerCase()}: ${wish}`);
    const first = rows.length > PRINTED ? [`the first ${PRINTED} on paper`] : [];
    onPaper.textContent = [...asWished, ...first].join("; ");
  }

  function showCase() {
    const article = byId("case");
    const was = article.hidden;
    const open = state.open !== "";
    article.hidden = !open;
    byId("overview").hidden = open;
    if (!open) {
      if (!was) { article.replaceChildren(); byId("verdicts").scrollIntoView(); table.focus(); }
      return;
    }
    let chosen = null;
    const number = data.head.case.indexOf(state.open);
    data.of.case.forEach((one, row) => {
      if (one === number && surfaceName(data, data.of.surface[row]) === state.at && textOf(data.columns.aspect, row) === state.probe) chosen = row;
    });
    const back = h("button", { type: "button", class: "plain-button back", onclick: close }, "‹ All verdicts");
    const choose = (row) => {
      openRow(row);
      byId("case").querySelector(`[data-row="${row}"]`)?.focus();
    };
    article.replaceChildren(back, casePage(data, state.open, chosen, choose));
    if (was) {
      window.scrollTo(0, 0);
      byId("case-title").focus();
    }
  }

  const close = () => go({ open: "", at: "", probe: "" });

  function show() {
    showTable();
    showCase();
  }

  function read() {
    const asked = readFragment(location.hash);
    if (asked === null) {
      if (state.open) { state = { ...state, open: "", at: "", probe: "" }; showCase(); }
      byId(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
      return;
    }
    if (location.hash === "") asked.filters = { ...byId("table").dataset.unexpected && { status: "unexpected" } };
    const moved = !asked.open && JSON.stringify(asked.filters) !== JSON.stringify(state.filters) && location.hash !== "";
    state = asked;
    show();
    if (moved) byId("verdicts").scrollIntoView();
  }

  window.addEventListener("hashchange", read);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input, select");
    if (event.key === "Escape" && state.open) close();
    else if (event.key === "/" && !typing && !state.open) form.first.focus();
    else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && state.open && !typing) {
      byId("case").querySelectorAll(".stepper").forEach((one) => one.querySelector(event.key === "ArrowLeft" ? "button" : "button:last-of-type").click());
    } else return;
    event.preventDefault();
  });
  read();
  if (!shown) { // the address is that of a heading
    state.filters = byId("table").dataset.unexpected ? { status: "unexpected" } : {};
    showTable();
  }
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
}
