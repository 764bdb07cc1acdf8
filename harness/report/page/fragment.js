// What the page shows, as the fragment of its address: so a view can be shared, and going back works.

const ORDER = ["sort", "open", "at", "probe"];

/** What an address asks for: {filters, sort, open, at, probe}; null of the fragment of a heading. */
export function readFragment(hash) {
  const text = hash.replace(/^#/, "");
  if (text && !text.includes("=")) return null;
  const state = { filters: {}, sort: "", open: "", at: "", probe: "" };
  for (const [name, value] of new URLSearchParams(text)) {
    if (ORDER.includes(name)) state[name] = value;
    else state.filters[name] = value;
  }
  return state;
}

export function writeFragment(state) {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(state.filters)) if (value !== "") said.append(name, value);
  for (const name of ORDER) if (state[name]) said.append(name, state[name]);
  return `#${said}` === "#" ? "#all=" : `#${said}`;
}
