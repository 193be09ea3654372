/* The frame of every page: clock, language, appearance, menus, forms that speak JSON. */

import { ask } from "./api.js";
import { $, $$, el, say } from "./dom.js";
import { following, live } from "./live.js";
import { confirmStep, failed, told } from "./messages.js";
import { store } from "./store.js";
import { age, exactTime, now, tick, time } from "./times.js";
import { t } from "./words.js";

const YEAR_S = 31536000;

function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR_S}; SameSite=Lax`;
}

for (const button of $$("[data-lang]")) {
  button.addEventListener("click", () => { remember("lang", button.dataset.lang); location.reload(); });
}
for (const button of $$("[data-set-theme]")) {
  button.addEventListener("click", () => {
    remember("theme", button.dataset.setTheme);
    document.documentElement.dataset.theme = button.dataset.setTheme;
    for (const other of $$("[data-set-theme]")) other.toggleAttribute("aria-current", other === button);
  });
}

const clock = $("#site-clock");
if (clock) tick(clock, (node) => { node.textContent = time(now()); });

document.addEventListener("click", (event) => {
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of $$("details.menu[open]")) { menu.open = false; $("summary", menu).focus(); }
});

/** Ages in server-made text tick as well: <time data-age="ms">. */
export function tickAges(root = document) {
  for (const node of $$("[data-age]", root)) {
    const at = Number(node.dataset.age);
    node.title = node.title || exactTime(at);
    tick(node, (n) => { n.textContent = age(at); });
  }
  for (const node of $$("[data-width]", root)) node.style.width = node.dataset.width;
}
tickAges();

store.watch((changed) => {
  if (!changed.has("exception") && !changed.has("device")) return;
  const open = store.all("exception").filter((item) => item.state !== "closed").length;
  const count = $("#exceptions-count");
  if (count) { count.textContent = String(open); count.hidden = !open; }
  const unsent = $("#unsent b");
  if (unsent && store.all("device").length) {
    unsent.textContent = String(store.all("device").filter((device) => device.unsent > 0).length);
  }
});

/* ---- forms and buttons that carry out one REST call --------------------------------------- */

const keyed = (field) => (field.dataset.key ? { [field.dataset.key]: field.value } : field.value);

function valueOf(field) {
  if (field.type === "checkbox") return field.dataset.type === "list" ? (field.checked ? keyed(field) : undefined) : field.checked;
  const text = field.value.trim();
  if (field.dataset.type === "number") return text === "" ? undefined : Number(text.replace(",", "."));
  if (field.dataset.type === "list") return text ? text.split(/[,;]\s*/) : [];
  return text === "" ? undefined : text;
}

/** The fields of a form as one object; `a.b` makes a nested one, empty fields are left out. */
export function bodyOf(form) {
  const body = {};
  for (const field of $$("[name]", form)) {
    const value = valueOf(field);
    if (value === undefined) continue;
    const path = field.name.split(".");
    let place = body;
    for (const part of path.slice(0, -1)) place = place[part] = place[part] || {};
    const key = path.at(-1);
    if (field.type === "checkbox" && field.dataset.type === "list") (place[key] = place[key] || []).push(value);
    else place[key] = value;
  }
  return body;
}

function mark(form, problem) {
  for (const field of $$("[aria-invalid]", form)) field.removeAttribute("aria-invalid");
  for (const note of $$(".says-wrong", form)) note.remove();
  for (const { pointer, detail } of problem.errors) {
    const name = pointer.slice(1).replaceAll("/", ".");
    const field = form.elements.namedItem(name);
    if (!field || !field.setAttribute) continue;
    field.setAttribute("aria-invalid", "true");
    field.after(el("span", { class: "says-wrong small" }, detail));
  }
  $("[aria-invalid]", form)?.focus();
}

/** Fetch a part of this page again, after something changed. */
export async function refresh(selector) {
  if (!selector) return location.reload();
  await window.htmx.ajax("GET", location.pathname + location.search, { target: selector, select: selector, swap: "outerHTML" });
  tickAges($(selector) || document);
  return undefined;
}

async function submit(form) {
  const [method, path] = form.dataset.api.split(" ");
  const button = $("[type=submit]", form);
  if (button) button.disabled = true;
  try {
    await ask(method, path, bodyOf(form));
    form.closest("dialog")?.close();
    form.reset();
    if (form.dataset.said) told(form.dataset.said);
    await refresh(form.dataset.then);
  } catch (problem) {
    if (problem.errors?.length) mark(form, problem);
    failed(problem);
  } finally {
    if (button) button.disabled = false;
  }
}

async function press(button) {
  const { api, body, confirm, danger, input, then, said, title } = button.dataset;
  const [method, path] = api.split(" ");
  const given = JSON.parse(body || "{}");
  if (confirm) {
    const answer = await confirmStep({
      title: title || button.textContent.trim(), text: confirm, yes: button.textContent.trim(), danger: Boolean(danger), input, required: true,
    });
    if (answer === null) return;
    if (input) given[button.dataset.inputKey || "reason"] = answer;
  }
  button.disabled = true;
  try {
    await ask(method, path, given);
    if (said) { told(said); say(said); }
    await refresh(then);
  } catch (problem) {
    failed(problem, () => press(button));
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.dataset?.api) return;
  event.preventDefault();
  submit(event.target);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-api]");
  if (button) { event.preventDefault(); press(button); }
  const opener = event.target.closest("[data-opens]");
  if (opener) $(`#${opener.dataset.opens}`)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
});

const open = new URLSearchParams(location.search).get("new");
if (open) $(`#${CSS.escape(open)}`)?.showModal?.();

addEventListener("offline", () => told(t("This computer is offline. Changes are not saved until it is back."), "warn"));

/* A page without live data of its own still follows devices and exceptions for the frame. */
addEventListener("load", () => { if (!following()) live(["devices"]); });
