// A case, opened: pictures of its layer and of its transposed side, its matrix, and what every surface made of it.

import { isPooling, isTransposed, otherSide, parseCase } from "./case.js";
import { operatorOf, stateOf, textOf } from "./data.js";
import { broken, h, quoted, times } from "./dom.js";
import { expectedOf } from "./expected.js";
import { difference, drawDifference, drawHeat } from "./heat.js";
import { outputSizes } from "./matrix.js";
import { drawLayer, legend } from "./picture.js";
import { padded, rowsOfCase, surfaceName, surfaceTable } from "./surfaces.js";
import { MARKS } from "./table.js";

const OPS = { conv: "Convolution", conv_transpose: "Transposed convolution", avg_pool: "Average pooling", max_pool: "Maximum pooling" };

/** The command that observes a verdict's case again. */
export function commandOf(data, row) {
  const [framework, route, mode, added, release] = data.head.surface[data.of.surface[row]];
  const words = ["convarith", "run", "--case", data.head.case[data.of.case[row]], "-f", release ? `${framework}=${release}` : framework];
  return [...words, "--route", route, "--mode", mode, ...(added ? ["--switch", added] : [])].map(quoted).join(" ");
}

/** The command that prints the same as a script for the framework alone. */
function scriptOf(data, row) {
  const [framework, route, mode, added, release] = data.head.surface[data.of.surface[row]];
  const words = ["convarith", "repro", data.head.case[data.of.case[row]], "-f", release ? `${framework}=${release}` : framework];
  words.push("--route", route, "--mode", mode, ...(added ? ["--switch", added] : []), "--aspect", data.head.aspect[data.of.aspect[row]]);
  return words.map(quoted).join(" ");
}

/** The page of a case. Choosing another of its verdicts calls onChoose(row). */
export function casePage(data, id, chosen, onChoose) {
  const layer = parseCase(id);
  const rows = rowsOfCase(data, id);
  const parts = [h("h2", { tabindex: -1, id: "case-title" }, h("code", null, broken(id)))];
  if (!rows.length) parts.push(h("p", null, "This run has no verdict on this case."));
  if (layer) parts.push(parameters(data, layer, rows), pictures(layer));
  if (rows.length) {
    parts.push(
      h("h3", null, "On every surface"),
      h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "The case on every surface" }, surfaceTable(data, layer, rows, chosen, onChoose)),
      chosen === null ? null : verdictPart(data, layer, chosen),
    );
  }
  return h("div", null, parts);
}

function parameters(data, layer, rows) {
  const outputs = outputSizes(layer);
  const letters = [[isTransposed(layer) ? "i'" : "i", "i"], ["k", "k"], ["s", "s"], ["p", null], ["d", "d"], ...(isTransposed(layer) ? [["a", "a"]] : [])];
  const each = (axis, letter) => (letter ? axis[letter] : axis.before === axis.after ? axis.before : `${axis.before}, ${axis.after}`);
  const facts = [
    layer.padding !== "explicit" && `padding '${layer.padding}'`,
    (layer.channelsIn !== 1 || layer.channelsOut !== 1) && `${layer.channelsIn} to ${layer.channelsOut} feature maps`,
    layer.groups !== 1 && `${layer.groups} groups`, layer.batch !== null && `batch ${layer.batch}`, layer.bias && "bias",
    layer.ceil && "ceil mode", !layer.countPadding && "padding not counted", layer.divisor && `divisor ${layer.divisor}`,
    layer.dtype, layer.layout !== "default" && layer.layout.replace("_", " "),
  ].filter(Boolean);
  const claims = [...new Set(rows.flatMap((row) => data.head.claims[data.of.claims[row]]))];
  return h("div", { class: "parameters" },
    h("p", null, `${OPS[layer.op]}, ${facts.join(", ")}.`),
    h("div", { class: "scroll" }, h("table", { class: "letters" },
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "Axis"), letters.map(([name]) => h("th", { scope: "col", class: "number" }, name)), h("th", { scope: "col", class: "number" }, "o"))),
      h("tbody", null, layer.axes.map((axis, n) => h("tr", null, h("th", { scope: "row" }, String(n + 1)),
        letters.map(([, letter]) => h("td", { class: "number" }, String(each(axis, letter)))), h("td", { class: "number" }, String(outputs[n]))))))),
    claims.length ? h("p", { class: "note" }, "Claims: ", claims.map((one, n) => {
      const [name, title] = data.head.claim[one];
      return [n ? ", " : "", h("a", { href: `#relationship=${encodeURIComponent(name)}`, title }, name)];
    })) : null,
  );
}

function pictures(layer) {
  const outputs = outputSizes(layer);
  const other = otherSide(layer, outputs);
  const parts = [side(layer, isTransposed(layer) ? "The transposed convolution, as the direct one that equals it" : "The layer", isTransposed(layer) ? "Cᵀ" : "C")];
  const back = other && outputSizes(other);
  if (other && back.every((size, n) => size === layer.axes[n].i)) {
    const title = isTransposed(layer) ? "The convolution that it is the transpose of" : "Its transposed convolution, as the direct one that equals it";
    parts.push(side(other, title, isTransposed(layer) ? "C" : "Cᵀ"));
  }
  return h("div", { class: "sides" }, parts);
}

/** One direction of a layer: the picture, its steps, and the matrix with the row of the step. */
function side(layer, title, name) {
  const drawn = drawLayer(layer);
  const matrix = expectedOf(layer, "forward");
  const heat = drawHeat(matrix, `${name}, ${matrix.rows} outputs by ${matrix.columns} inputs`);
  const parts = [h("h3", null, title)];
  parts.push(drawn ? h("div", { class: "scroll" }, drawn.element) : h("p", { class: "note" }, layer.rank > 3 ? "Pictures are of one to three axes." : "Too large to draw: its pictures would have more than 4000 cells."));
  if (drawn?.kinds.length) parts.push(h("p", { class: "legend note" }, legend(drawn.kinds).map((one) => h("span", null, one))));
  if (drawn && drawn.count > 1) parts.push(stepper(drawn, heat));
  if (heat) {
    const maps = Math.max(layer.channelsIn, layer.channelsOut) > 1 ? ", all maps" : "";
    const shade = isPooling(layer) ? "" : ": stronger the later the tap";
    parts.push(h("p", { class: "note" }, `${name}, ${matrix.rows}×${matrix.columns}${maps}${shade}`), h("div", { class: "scroll" }, heat.element));
    if (drawn?.count) heat.mark(0);
  } else if (matrix.rows && matrix.columns) {
    parts.push(h("p", { class: "note" }, `${name}, ${matrix.rows}×${matrix.columns}: too large to draw`));
  }
  return h("section", { class: "side" }, parts);
}

/** Steps the window: buttons, and a slider that arrow keys move. */
function stepper(drawn, heat) {
  const said = h("output", null);
  const range = h("input", { type: "range", min: 1, max: drawn.count, value: 1, "aria-label": "Placement of the window", oninput: () => show(Number(range.value)) });
  function show(step) {
    const place = Math.max(1, Math.min(drawn.count, step));
    range.value = place;
    drawn.show(place - 1);
    heat?.mark(place - 1);
    said.textContent = `placement ${place} of ${drawn.count}`;
  }
  show(1);
  const button = (text, by, label) => h("button", { type: "button", "aria-label": label, onclick: () => show(Number(range.value) + by) }, text);
  return h("div", { class: "stepper" }, button("‹", -1, "Previous placement"), range, button("›", 1, "Next placement"), said);
}

function verdictPart(data, layer, row) {
  const state = stateOf(data, row);
  const aspect = textOf(data.columns.aspect, row);
  const told = (name, text) => (text ? [h("dt", null, name), h("dd", null, text)] : null);
  const applied = ["forward", "direct"].includes(aspect) ? padded(data, layer, row) : { text: "" };
  return h("section", { class: "verdict-part", "aria-live": "polite" },
    h("h3", { class: state }, h("span", { class: "mark", "aria-hidden": "true" }, MARKS[state]), ` ${textOf(data.columns.status, row)} `,
      h("small", null, broken(surfaceName(data, data.of.surface[row])), `, ${aspect}`)),
    h("dl", null,
      told("Expected", textOf(data.columns.expected, row)), told("Observed", textOf(data.columns.observed, row)),
      told("Diagnosis", textOf(data.columns.diagnosis, row)), told("Depends", data.head.text[data.of.depends[row]]),
      told("Known as", textOf(data.columns.known, row)),
      told(layer && isTransposed(layer) ? "Cut off" : "Padding", applied.text),
      told("It printed", data.head.text[data.of.printed[row]]),
      told("Again", h("code", null, commandOf(data, row))),
      told("As a script", h("code", null, scriptOf(data, row)))),
    layer ? compared(data, layer, row, aspect) : null);
}

function compared(data, layer, row, aspect) {
  const seen = operatorOf(data, row);
  const status = data.head.status[data.of.status[row]];
  if (!seen) {
    return ["wrong_operator", "wrong_numerics", "wrong_shape"].includes(status)
      ? h("p", { class: "note" }, "What was observed is not kept in this page: it is too large, or shows no matrix. The run has it: convarith query RUN.") : null;
  }
  const theory = expectedOf(layer, aspect);
  if (!theory) return null;
  const found = difference(theory, seen);
  const both = theory.rows === seen.rows && theory.columns === seen.columns;
  const figure = (title, drawn, note) => h("figure", null, h("figcaption", null, title),
    drawn ? h("div", { class: "scroll" }, drawn.element) : h("p", { class: "note" }, note));
  const counts = [[found.same, "same", "as expected"], [found.other, "other", "another value"], [found.missing, "missing", "missing"], [found.extra, "extra", "where none belongs"]];
  const small = both ? drawDifference(theory, seen, found) : null;
  return h("div", { class: "compared" },
    figure(`Expected, ${theory.rows}×${theory.columns}`, drawHeat(theory, "Expected"), "nothing to draw"),
    figure(`Observed, ${seen.rows}×${seen.columns}`, drawHeat(seen, "Observed"), "nothing to draw: it is empty, or too large"),
    both ? h("figure", null, h("figcaption", null, "Difference"), small ? h("div", { class: "scroll" }, small.element) : null,
      h("p", { class: "legend note" }, counts.filter(([places]) => places.length).map(([places, kind, words]) =>
        h("span", null, h("i", { class: `swatch entry-${kind}` }), `${places.length} ${words}`)))) : null);
}
