// The filters over the table: one for each column; of columns with few values a choice, of others a text to look for.

import { h } from "./dom.js";

const FEW = 60; // values that are offered as a choice
const FREE = ["case", "expected", "observed", "diagnosis"];

/** Which columns must have the very text that is asked for. */
export const EXACT = ["framework", "route", "mode", "switch", "release", "aspect", "known"];

function choices(column, name) {
  if (name === "status") {
    return [["unexpected", "not as expected"], ...column.values.slice(0, column.statuses).map((text) => [text, text]), ["known", "known deviations"]];
  }
  const texts = column.parts ? column.values.flatMap((text) => text.split(" ")) : column.values;
  const collator = new Intl.Collator("en", { numeric: true });
  return [...new Set(texts)].sort(collator.compare).map((text) => [text || "none", text || "none"]);
}

/** A form as {element, show, first}: show(filters) fills it in; a change calls onChange(name, value). */
export function filterForm(data, names, onChange) {
  const inputs = {};
  const fields = names.map((name) => {
    const column = data.columns[name];
    const offered = FREE.includes(name) ? [] : choices(column, name);
    if (offered.length && offered.length <= FEW) {
      inputs[name] = h("select", { name, onchange: (event) => onChange(name, event.target.value) },
        h("option", { value: "" }, "any"), offered.map(([value, text]) => h("option", { value }, text)));
    } else {
      inputs[name] = h("input", { name, type: "search", autocomplete: "off", spellcheck: "false", placeholder: "any", oninput: (event) => onChange(name, event.target.value) });
    }
    return h("label", { class: `f-${name}` }, h("span", null, column.label), inputs[name]);
  });
  const clear = h("button", { type: "button", class: "plain-button", onclick: () => onChange(null) }, "Show all");
  const element = h("form", { class: "filters", role: "search", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() }, fields, clear);
  return {
    element,
    first: inputs.case,
    show(filters) {
      for (const [name, input] of Object.entries(inputs)) {
        const value = filters[name] ?? "";
        if (input.value !== value) input.value = value;
        if (input.value !== value) input.append(h("option", { value, selected: true }, value));
        input.toggleAttribute("data-set", value !== "");
      }
    },
  };
}
