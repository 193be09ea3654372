/* Calls, stock and handovers on the plant page: told by the stream, estimated as time passes. */

import { post } from "./api.js";
import { $, el, icon } from "./dom.js";
import { confirmStep, failed } from "./messages.js";
import { store } from "./store.js";
import { age, countdown, exactTime, now, tick, time } from "./times.js";
import { t } from "./words.js";

const HOUR_MS = 3600000;
const isOpen = (call) => call.state === "open" || call.state === "prepared";
const STATES = { open: () => t("open"), prepared: () => t("prepared"), fulfilled: () => t("delivered"), short: () => t("delivered short") };
const REASONS = { no_stock: () => t("no stock"), wrong_part: () => t("wrong part"), damaged: () => t("damaged"), no_room: () => t("no room on the train") };

const ago = (at) => tick(el("span", { class: "soft small", title: exactTime(at) }), (node) => { node.textContent = age(at); });

function promise(call) {
  if (!call.promised) return null;
  return tick(el("span", { class: "tag" }), (node) => {
    const left = call.promised - now();
    node.textContent = left >= 0 ? t("due in {time}", { time: countdown(left) }) : t("overdue {time}", { time: countdown(-left) });
    node.className = left < 0 ? "tag bad" : "tag";
  });
}

/** What is known besides: the other scans of the same turn, a refusal, who filled it. */
function evidence(call) {
  const said = [];
  if (call.scans > 1) said.push(t("scanned {n} times, one call", { n: call.scans }));
  if (call.reason && isOpen(call)) said.push(t("cannot be brought: {why}", { why: (REASONS[call.reason] || (() => call.reason))() }));
  if (!isOpen(call)) said.push([t("delivered {time}", { time: time(call.closed) }), call.closed_by_name].filter(Boolean).join(", "));
  return said.join(" · ");
}

async function count(stock) {
  const said = await confirmStep({ title: t("Count {part} at {place}", { part: stock.part_no, place: stock.place }), text: t("How many boxes stand there?"), yes: t("Book"), input: t("Boxes"), required: true });
  if (said === null) return;
  const qty = Number(said);
  if (!Number.isInteger(qty) || qty < 0) { failed(new Error(t("Please give a whole number."))); return; }
  try { await post(`/api/v1/stations/${stock.station}/count`, { part_no: stock.part_no, qty }); } catch (problem) { failed(problem, () => count(stock)); }
}

function callRow(call) {
  const look = call.state === "prepared" ? "tag good" : isOpen(call) ? "tag warn" : "tag";
  return el("tr", { dataset: { call: call.id } },
    el("td", {}, el("b", {}, call.name || call.part_no), el("div", { class: "soft small" }, call.place)),
    el("td", { "data-label": t("Boxes") }, String(call.boxes ?? 1)),
    el("td", { "data-label": t("Called") }, time(call.called), " ", ago(call.called), el("div", { class: "soft small" }, [call.by_name, call.run_name].filter(Boolean).join(" · "))),
    el("td", { "data-label": t("State") }, el("span", { class: look }, (STATES[call.state] || (() => call.state))()), " ", isOpen(call) ? promise(call) : null,
      el("div", { class: "soft small" }, evidence(call))));
}

function drawCalls() {
  const calls = store.all("call").sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || (isOpen(a) ? (a.promised || a.called) - (b.promised || b.called) : b.closed - a.closed));
  $("#calls-open").textContent = String(calls.filter(isOpen).length);
  $("#calls tbody").replaceChildren(...calls.map(callRow));
  $("#calls table").hidden = !calls.length;
  $("#no-calls").hidden = calls.length > 0;
}

/** Pieces left by the count, what came since and the demand; the colour follows the lead time. */
function coverage(stock) {
  const used = (now() - stock.counted) / HOUR_MS * stock.demand_per_h;
  const pieces = Math.max(0, stock.boxes * stock.pieces_per_box - used);
  if (!stock.demand_per_h) return { look: "tag", text: "–" };
  const left = pieces / stock.demand_per_h * HOUR_MS;
  const lead = (stock.lead_s || 900) * 1000;
  const minutes = String(Math.floor(left / 60000));
  if (left < lead) return { look: "tag bad", text: t("{n} min left!", { n: minutes }) };
  return { look: left < 1.5 * lead ? "tag warn" : "tag good", text: t("{n} min left", { n: minutes }) };
}

function stockRow(stock) {
  return el("tr", { dataset: { stock: stock.id } },
    el("td", {}, el("b", {}, stock.place), el("div", { class: "soft small" }, stock.name || stock.part_no)),
    el("td", { "data-label": t("Boxes") }, String(stock.boxes), " ", el("span", { class: "soft small" }, `${stock.min_boxes}/${stock.max_boxes}`)),
    el("td", { "data-label": t("Cover") }, tick(el("span", {}), (node) => { const { look, text } = coverage(stock); node.className = look; node.textContent = text; })),
    el("td", { "data-label": t("Counted") }, time(stock.counted), " ", ago(stock.counted)),
    el("td", {}, $("#calls").dataset.writes && el("button", { class: "button plain", type: "button", onclick: () => count(stock) }, t("Count"))));
}

function drawStock() {
  const rows = store.all("stock").sort((a, b) => a.place.localeCompare(b.place) || a.part_no.localeCompare(b.part_no));
  $("#stock tbody").replaceChildren(...rows.map(stockRow));
  $("#stock").hidden = !rows.length;
}

function drawHandovers() {
  const left = store.all("handover").sort((a, b) => b.at - a.at);
  $("#handovers").hidden = !left.length;
  $("#handovers ul").replaceChildren(...left.map((one) => el("li", { dataset: { handover: one.id } }, icon("bell", true), el("span", { class: "grow" },
    el("b", {}, [one.by_name, one.run_name].filter(Boolean).join(", ") || t("Handover")), " ", one.text, " ",
    one.open ? el("span", { class: "tag warn" }, t("calls open: {n}", { n: one.open })) : null), ago(one.at))));
}

export function drawKanban(changed) {
  const has = (kind) => !changed || changed.has(kind) || changed.has("all");
  if (has("call")) drawCalls();
  if (has("stock")) drawStock();
  if (has("handover")) drawHandovers();
}
