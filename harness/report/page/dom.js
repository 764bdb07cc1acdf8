// Elements, made of data alone: texts are texts and never markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const h = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

/** A long name that may go on in another line behind each of its dots, slashes and the like. */
export const broken = (name) =>
  name.split(/(?<=[./_=-])(?=[^\s./_=-])/).flatMap((part, number) => (number ? [document.createElement("wbr"), part] : [part]));

/** A word for a shell, quoted where it has to be. */
export const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);

export const times = (numbers) => numbers.join("×");
