// The verdicts, as the report keeps them in the page: a deflated head in JSON and columns of numbers.

const TYPES = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f8: Float64Array };
const AS_EXPECTED = ["agrees", "unsupported"];

async function inflated(text) {
  const packed = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}

/** What {@link harness.report.payload} wrote, as {count, head, of (columns of numbers), columns (of the table)}. */
export async function unpacked(text) {
  const buffer = await inflated(text.trim());
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const of = {};
  for (const [name, [type, at, size]] of Object.entries(head.columns)) {
    of[name] = new TYPES[type](buffer, 8 + length + at, size);
  }
  const data = { count: head.verdicts, head, of, places: operatorPlaces(of) };
  data.columns = tableColumns(data);
  return data;
}

/** Where each operator's entries, and its sizes, begin. */
function operatorPlaces(of) {
  const places = [];
  let entry = 0;
  let size = 0;
  of.operatorEntries.forEach((entries, number) => {
    places.push([entry, size]);
    entry += entries;
    size += of.operatorRank[number];
  });
  return places;
}

/** The columns of the table: of each, a number for each verdict, and the text of each number. */
function tableColumns({ count, head, of }) {
  const surface = (part) => ({ codes: of.surface, values: head.surface.map((one) => one[part]) });
  const statuses = head.status.length;
  const status = new Uint16Array(count);
  const observed = new Uint32Array(count);
  for (let row = 0; row < count; row += 1) {
    status[row] = of.status[row] + (of.known[row] ? statuses : 0);
    observed[row] = of.observed[row] ? of.observed[row] - 1 : head.text.length + of.expected[row];
  }
  return {
    case: { label: "Case", codes: of.case, values: head.case },
    relationship: { label: "Claims", codes: of.claims, values: head.claims.map((all) => all.map((one) => head.claim[one][0]).join(" ")), parts: true },
    framework: { label: "Framework", ...surface(0) },
    route: { label: "Route", ...surface(1) },
    mode: { label: "Mode", ...surface(2) },
    switch: { label: "Switch", ...surface(3) },
    release: { label: "Release", ...surface(4) },
    aspect: { label: "Aspect", codes: of.aspect, values: head.aspect },
    status: { label: "Status", codes: status, values: [...head.status, ...head.status.map((one) => `${one}, known`)], statuses },
    expected: { label: "Expected", codes: of.expected, values: head.expected },
    observed: { label: "Observed", codes: observed, values: [...head.text, ...head.expected] },
    diagnosis: { label: "Diagnosis", codes: of.diagnosis, values: head.text },
    known: { label: "Known as", codes: of.known, values: head.known },
  };
}

export const textOf = (column, row) => column.values[column.codes[row]];

/** How a verdict is to be taken: 'good', 'known', 'none' (cannot be said), 'ours' (the harness failed) or 'bad'. */
export function stateOf(data, row) {
  const status = data.head.status[data.of.status[row]];
  if (data.of.known[row]) return "known";
  if (status === "agrees") return "good";
  return status === "unsupported" ? "none" : status === "harness_error" ? "ours" : "bad";
}

/** Whether each value of the column of statuses is not as expected. */
export const unexpected = ({ values, statuses }) =>
  values.map((text, code) => code < statuses && !AS_EXPECTED.includes(text));

/** The operator that was observed where it differs, as {rows, columns, index, value, sizes}; null where none was kept. */
export function operatorOf(data, row) {
  const number = data.of.operator[row] - 1;
  if (number < 0) return null;
  const { of } = data;
  const [entry, size] = data.places[number];
  let at = 0;
  const steps = [...of.operatorStep.subarray(entry, entry + of.operatorEntries[number])];
  const values = of.operatorValue.subarray(entry, entry + of.operatorEntries[number]);
  return {
    rows: of.operatorRows[number],
    columns: of.operatorColumns[number],
    sizes: [...of.operatorSizes.subarray(size, size + of.operatorRank[number])],
    index: steps.map((step) => (at += step)),
    value: [...values].map((which) => of.operatorValues[which]),
  };
}
