/* Small hands for building pages out of text: never from HTML strings. */

const SVG = "http://www.w3.org/2000/svg";

function fill(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  return node;
}

export function el(tag, attributes, ...children) {
  return fill(set(document.createElement(tag), attributes), children);
}

export function svg(tag, attributes, ...children) {
  return fill(set(document.createElementNS(SVG, tag), attributes), children);
}

export function icon(name, small = false) {
  return svg("svg", { class: small ? "icon small" : "icon", "aria-hidden": "true" },
    svg("use", { href: `#i-${name}` }));
}

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** The page's own data, written by the server as JSON. */
export function pageData(id = "page-data") {
  const script = document.getElementById(id);
  return script ? JSON.parse(script.textContent) : {};
}

/** Bring a list of keyed nodes into order, touching only what changed. */
export function reconcile(parent, items, keyOf, make, update) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let node = old.get(key);
    old.delete(key);
    if (!node) {
      node = make(item);
      node.dataset.key = key;
    } else if (update) {
      update(node, item);
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
}

/** Let a screen reader say it; nothing moves on the screen. */
export function say(text) {
  const line = $("#announce");
  if (line) line.textContent = text;
}

export function debounce(work, wait_ms) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), wait_ms);
  };
}
