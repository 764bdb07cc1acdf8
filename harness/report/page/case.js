// A case, read from its id: the layer in the guide's letters.

const HEAD = /^(conv_transpose|avg_pool|max_pool|conv)([1-9])d$/;
const PADDINGS = ["valid", "same", "same_lower", "causal"];
const DTYPES = ["float64", "float16", "bfloat16", "int32", "int8"];
const LAYOUTS = ["channels_first", "channels_last"];

/** What an id says, or null where it is no id: a framework's text may stand where one is expected. */
export function parseCase(id) {
  const [head, ...parts] = id.split(".");
  const match = HEAD.exec(head);
  if (!match) return null;
  const said = {
    id, op: match[1], rank: Number(match[2]), padding: "explicit", channelsIn: 1, channelsOut: 1, groups: 1,
    batch: null, bias: false, ceil: false, countPadding: true, divisor: null, dtype: "float32", layout: "default",
  };
  const letters = { a: Array(said.rank).fill("0") };
  for (const part of parts) {
    let found;
    if ((found = /^([iksdpa])(\d[\d_x]*)$/.exec(part))) letters[found[1]] = found[2].split("x");
    else if ((found = /^c(\d+)(?:to(\d+))?$/.exec(part))) {
      said.channelsIn = Number(found[1]);
      said.channelsOut = Number(found[2] ?? found[1]);
    } else if ((found = /^g(\d+)$/.exec(part))) said.groups = Number(found[1]);
    else if ((found = /^batch(\d+)$/.exec(part))) said.batch = Number(found[1]);
    else if ((found = /^div(\d+)$/.exec(part))) said.divisor = Number(found[1]);
    else if (part === "bias") said.bias = true;
    else if (part === "ceil") said.ceil = true;
    else if (part === "nopad") said.countPadding = false;
    else if (PADDINGS.includes(part)) said.padding = part;
    else if (DTYPES.includes(part)) said.dtype = part;
    else if (LAYOUTS.includes(part)) said.layout = part;
    else return null;
  }
  if ([..."ikspda"].some((letter) => letters[letter]?.length !== said.rank)) return null;
  said.axes = letters.i.map((_, axis) => {
    const [before, after] = letters.p[axis].split("_").map(Number);
    const [i, k, s, d, a] = [..."iksda"].map((letter) => Number(letters[letter][axis]));
    return { i, k, s, before, after: after ?? before, d, a };
  });
  return said;
}

export const isTransposed = (layer) => layer.op === "conv_transpose";
export const isPooling = (layer) => layer.op === "avg_pool" || layer.op === "max_pool";
export const isFloating = (layer) => layer.dtype.includes("float");

/** The transposed convolution of a convolution, or the convolution that a transposed one is the transpose of. */
export function otherSide(layer, outputs) {
  if (isPooling(layer) || outputs.includes(0)) return null;
  const axes = layer.axes.map((axis, n) => {
    const a = isTransposed(layer) ? 0 : axis.before + axis.i + axis.after - (axis.d * (axis.k - 1) + 1) - axis.s * (outputs[n] - 1);
    return { ...axis, i: outputs[n], a };
  });
  const op = isTransposed(layer) ? "conv" : "conv_transpose";
  return { ...layer, id: "", op, axes, channelsIn: layer.channelsOut, channelsOut: layer.channelsIn, padding: "explicit" };
}
