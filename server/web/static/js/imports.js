/* Hand in a file, look at the dry run, correct the mapping or single cells, take the good rows over. */

import { ask, get, patch, post } from "./api.js";
import { $, el, icon, pageData, say } from "./dom.js";
import { confirmStep, failed, told } from "./messages.js";
import { plural, t } from "./words.js";

const page = pageData();
const FILE_MAX = 10 * 1024 * 1024;
const LEVELS = { wrong: ["bad", () => t("wrong")], warning: ["warn", () => t("warning")], info: ["", () => t("note")] };
const COUNTS = [["new", () => t("new")], ["changed", () => t("changed")], ["same", () => t("same as before")], ["wrong", () => t("wrong")], ["warning", () => t("with a warning")]];
let current = null;
let waiting = [];

function remember(id) {
  const query = new URLSearchParams(location.search);
  query.set("id", id);
  history.replaceState(null, "", `/imports?${query}`);
}

async function hand(file) {
  $("#file-name").textContent = t("{name} is being checked …", { name: file.name });
  if (file.size > FILE_MAX) {
    $("#file-name").textContent = t("{name} is larger than 10 MB. Split it and hand in the parts.", { name: file.name });
    return;
  }
  const kind = $("#kind").value;
  const loop = kind === "stops" ? `?loop=${encodeURIComponent($("#loop").value)}` : "";
  try {
    current = await ask("POST", `/api/v1/imports/${kind}${loop}`, file, { type: "application/octet-stream" });
    $("#file-name").textContent = file.name;
    remember(current.id);
    draw();
    say(t("Checked: {n} rows are good.", { n: (current.counts.new || 0) + (current.counts.changed || 0) }));
  } catch (problem) {
    $("#file-name").textContent = problem.message;
    failed(problem);
  }
}

async function correct(change) {
  try {
    current = await patch(`/api/v1/imports/${current.id}`, change);
    waiting = [];
    draw();
  } catch (problem) { failed(problem); }
}

async function commit(whole) {
  const wrong = current.counts.wrong || 0;
  if (wrong && !whole) {
    const sure = await confirmStep({ title: t("Take over the good rows?"), yes: t("Take over"), text: plural(wrong, t("{n} row is wrong and stays out. You can hand it in again later."), t("{n} rows are wrong and stay out. You can hand them in again later.")) });
    if (!sure) return;
  }
  try {
    current = await post(`/api/v1/imports/${current.id}/commit`, { all_or_nothing: whole });
    told(t("Taken over: {n} new, {m} changed.", { n: current.counts.new || 0, m: current.counts.changed || 0 }));
    draw();
    window.htmx.ajax("GET", "/imports", { target: "#past", select: "#past", swap: "outerHTML" });
  } catch (problem) { failed(problem); }
}

function counts() {
  return el("div", { class: "counts" }, COUNTS.map(([key, word]) => el("div", { class: "count-box" },
    el("b", { class: key === "wrong" && current.counts[key] ? "bad-ink" : key === "warning" && current.counts[key] ? "warn-ink" : "" }, current.counts[key] ?? 0), word())));
}

function mapping() {
  const fields = page.fields[current.kind] || [];
  const needed = new Set(page.needed[current.kind] || []);
  const open = current.state === "checked";
  const rows = fields.map((field) => {
    const select = el("select", { id: `map-${field}`, disabled: !open, onchange: (event) => correct({ mapping: { ...current.mapping, [field]: event.target.value } }) },
      el("option", { value: "" }, t("not in the file")), (current.columns || []).map((column) => el("option", { value: column.name, selected: current.mapping[field] === column.name }, column.name)));
    const sample = (current.columns || []).find((column) => column.name === current.mapping[field])?.sample || "";
    return el("tr", {}, el("td", {}, el("label", { for: `map-${field}` }, page.field_names[field] || field, needed.has(field) ? " *" : "")), el("td", {}, select), el("td", { class: "soft small" }, Array.isArray(sample) ? sample.join(", ") : sample));
  });
  const used = rows.length && Object.values(current.mapping).filter(Boolean).length;
  return el("details", { class: "panel", open: (current.counts.new || 0) + (current.counts.changed || 0) + (current.counts.same || 0) === 0 },
    el("summary", { class: "small-pad" }, el("b", {}, t("Columns")), " ", el("span", { class: "soft" }, t("{n} of {total} columns are used", { n: used, total: (current.columns || []).length }))),
    el("div", { class: "table-box" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("Field")), el("th", { scope: "col" }, t("Column of the file")), el("th", { scope: "col" }, t("First value")))), el("tbody", {}, rows))));
}

function options() {
  const shown = Object.entries(current.options || {}).filter(([, value]) => value);
  return el("p", { class: "soft small" }, t("Read as: {how}", { how: shown.map(([key, value]) => `${key} ${value === "\t" ? t("tab") : value}`).join(", ") || "–" }));
}

function finding(one) {
  const [look, word] = LEVELS[one.level] || LEVELS.info;
  const input = el("input", { value: one.value ?? "", "aria-label": t("Value of {column} in row {row}", { column: one.column || "", row: one.row }) });
  input.addEventListener("change", () => {
    waiting = waiting.filter(([row, column]) => row !== one.row || column !== one.column);
    waiting.push([one.row, one.column, input.value]);
    $("#fix-go").hidden = false;
    $("#fix-go").textContent = plural(waiting.length, t("Check {n} correction"), t("Check {n} corrections"));
  });
  const fixable = current.state === "checked" && one.level !== "info" && one.column;
  return el("tr", {}, el("td", { "data-label": t("Row") }, one.row), el("td", { "data-label": t("Column") }, one.column || "–"),
    el("td", { "data-label": t("Value") }, fixable ? input : one.value ?? ""), el("td", { "data-label": t("What") }, el("span", { class: `tag ${look}` }, word()), " ", one.sentence));
}

function findings() {
  const rows = current.rows || [];
  if (!rows.length) return el("div", { class: "notice good" }, icon("check"), el("span", {}, t("Every row is good.")));
  return el("section", { class: "panel" }, el("header", {}, el("h2", { class: "grow" }, t("What to look at")), el("button", { class: "button first", type: "button", id: "fix-go", hidden: true, onclick: () => correct({ fixes: waiting }) })),
    el("div", { class: "table-box" }, el("table", { class: "cards" }, el("thead", {}, el("tr", {}, [t("Row"), t("Column"), t("Value"), t("What")].map((word) => el("th", { scope: "col" }, word)))), el("tbody", { id: "findings" }, rows.map(finding)))),
    current.next ? el("div", { class: "small-pad" }, el("button", { class: "button", type: "button", onclick: more }, t("Show more"))) : null);
}

async function more(event) {
  try {
    const answer = await get(`/api/v1/imports/${current.id}?cursor=${current.next}`);
    current.next = answer.next;
    $("#findings").append(...answer.rows.map(finding));
    if (!answer.next) event.target.remove();
  } catch (problem) { failed(problem); }
}

function doubles() {
  if (!current.doubles?.length) return null;
  const shown = current.doubles.slice(0, 20).map(([row, other]) => el("li", {}, typeof other === "number" ? t("Rows {a} and {b} look like the same place.", { a: other, b: row }) : t("Row {a} looks like a place that exists already.", { a: row })));
  return el("details", { class: "notice warn" }, el("summary", {}, plural(current.doubles.length, t("{n} place may be there twice"), t("{n} places may be there twice"))), el("ul", {}, shown));
}

function draw() {
  const good = (current.counts.new || 0) + (current.counts.changed || 0);
  const open = current.state === "checked";
  const done = current.state === "done";
  const head = el("section", { class: "panel" }, el("header", {}, el("h2", { class: "grow" }, done ? t("Taken over") : current.state === "undone" ? t("Taken back") : t("This would happen")),
    open && el("button", { class: "button", type: "button", disabled: !good || Boolean(current.counts.wrong) === false, onclick: () => commit(true) }, t("All or nothing")),
    open && el("button", { class: "button first", type: "button", id: "commit", disabled: !good, onclick: () => commit(false) }, plural(good, t("Take over {n} row"), t("Take over {n} rows")))),
  el("div", { class: "body stack" }, counts(), options(), current.blocked ? el("p", { class: "says-wrong" }, Array.isArray(current.blocked) ? current.blocked.join(" ") : String(current.blocked)) : null));
  $("#report").replaceChildren(head, ...[doubles(), mapping(), findings()].filter(Boolean));
}

$("#kind")?.addEventListener("change", () => { $("#loop-field").hidden = $("#kind").value !== "stops"; });
if ($("#kind")) $("#loop-field").hidden = $("#kind").value !== "stops";
$("#file")?.addEventListener("change", (event) => { if (event.target.files[0]) hand(event.target.files[0]); event.target.value = ""; });
const drop = $("#drop");
if (drop) {
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); if (event.dataTransfer.files[0]) hand(event.dataTransfer.files[0]); });
}
if (page.id) get(`/api/v1/imports/${page.id}`).then((answer) => { current = answer; draw(); }, failed);
