/* Texts for people, from the same catalogue as the pages. */

const script = document.getElementById("words");
const catalogue = script ? JSON.parse(script.textContent) : {};
export const lang = document.documentElement.lang || "en";

/** Translate; `{name}` in the text is replaced by the value of that name. */
export function t(text, values = {}) {
  const said = catalogue[text] || text;
  return said.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

/** One or many, both already translated; `{n}` becomes the number. */
export const plural = (n, one, many) => (n === 1 ? one : many).replace("{n}", String(n));
