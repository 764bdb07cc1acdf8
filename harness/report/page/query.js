// Which verdicts are shown, and in which order.

import { unexpected } from "./data.js";

/** Of each value of a column whether it is wanted; an empty wish wants all. */
function wanted(column, wish, exact) {
  if (column.statuses && wish === "unexpected") return unexpected(column);
  if (column.statuses && wish === "known") return column.values.map((_, code) => code >= column.statuses);
  if (column.statuses) return column.values.map((text) => text.split(",")[0] === wish);
  if (column.parts) return column.values.map((text) => text.split(" ").includes(wish));
  if (exact) return column.values.map((text) => text === wish || (wish === "none" && text === ""));
  const small = wish.toLowerCase();
  return column.values.map((text) => text.toLowerCase().includes(small));
}

/**
 * The verdicts that all wishes let through, in the order of the data.
 *
 * Wishes are texts by the names of columns. Columns named in `exact` must have the very text; of others it is enough that
 * the text occurs, in upper or lower case.
 */
export function filtered(columns, count, wishes, exact) {
  const tests = Object.entries(wishes)
    .filter(([name]) => columns[name])
    .map(([name, wish]) => {
      const mask = Uint8Array.from(wanted(columns[name], wish, exact.includes(name)));
      return [columns[name].codes, mask];
    });
  const rows = new Uint32Array(count);
  let found = 0;
  next: for (let row = 0; row < count; row += 1) {
    for (const [codes, mask] of tests) if (!mask[codes[row]]) continue next;
    rows[found] = row;
    found += 1;
  }
  return rows.subarray(0, found);
}

const ranks = new WeakMap();
const collator = new Intl.Collator("en", { numeric: true });

/** The place of each value of a column among its values; of cases, the shorter id first: it is the smaller case. */
function rankOf(column) {
  let rank = ranks.get(column);
  if (!rank) {
    const byLength = column.label === "Case" ? (one, other) => one.length - other.length : () => 0;
    const order = column.values.map((text, code) => [text, code]);
    order.sort(([one], [other]) => byLength(one, other) || collator.compare(one, other));
    rank = new Uint32Array(order.length);
    let place = -1;
    order.forEach(([text, code], at) => {
      if (!at || text !== order[at - 1][0]) place += 1;
      rank[code] = place;
    });
    ranks.set(column, rank);
  }
  return rank;
}

/** Rows by what a column says; those that say the same stay in their order. */
export function sorted(rows, column, descending) {
  const rank = rankOf(column);
  const keys = Uint32Array.from(rows, (row) => (descending ? rank.length - rank[column.codes[row]] : rank[column.codes[row]]));
  const begins = new Uint32Array(rank.length + 2);
  for (const key of keys) begins[key + 1] += 1;
  for (let key = 1; key < begins.length; key += 1) begins[key] += begins[key - 1];
  const ordered = new Uint32Array(rows.length);
  rows.forEach((row, at) => { ordered[begins[keys[at]]++] = row; });
  return ordered;
}
