/* Run detail: the stops live, every change priced before it is saved, and what the driver knows. */

import { newKey, post } from "./api.js";
import { $, $$, debounce, el, icon, pageData, say } from "./dom.js";
import { live, snapshot } from "./live.js";
import { LiveMap } from "./map.js";
import { confirmStep, failed, told } from "./messages.js";
import { Reorder } from "./reorder.js";
import { actions } from "./run-actions.js";
import { visitsOf, wishes } from "./run-card.js";
import { refresh } from "./shell.js";
import { isCurrent, isFinal, isOpen, lateness, markLook, markWord, runLook, runWord } from "./states.js";
import { drawStops, headRow } from "./stop-table.js";
import { store } from "./store.js";
import { time } from "./times.js";
import { namesWorse, priceTag, whatIfPanel } from "./what-if.js";
import { t } from "./words.js";

const page = pageData();
const base = `/api/v1/runs/${page.id}`;
const run = () => store.one("run", page.id);
const nameOf = (id) => store.one("stop", id)?.name || draft?.names?.[id] || t("new stop");
let draft = null; // {ops, title, price, base_version, key, reason}
let drawn_version = 0;

$("#stops-box").append(el("ol", { class: "stops" }, headRow()), el("ol", { class: "stops", id: "stops", "aria-labelledby": "stops-title" }));
const list = $("#stops");
const map = new LiveMap($("#map"), { plant: page.lane === "plant" });
map.chosen = page.id;
map.shows = (one) => one.id === page.id;

/* ---- drawing ------------------------------------------------------------------------------- */

function shownOrder() {
  const stops = visitsOf(run());
  const order = draft?.price?.order;
  if (!order) return stops;
  const place = new Map(order.map((id, i) => [id, i]));
  const settled = stops.filter((stop) => isFinal(stop.state) || isCurrent(stop.state));
  const open = stops.filter((stop) => !settled.includes(stop) && place.has(stop.id)).sort((a, b) => place.get(a.id) - place.get(b.id));
  const off = stops.filter((stop) => !settled.includes(stop) && !place.has(stop.id));
  return [...settled, ...open, ...off];
}

function movedStops() {
  if (!draft?.price) return new Set();
  const before = visitsOf(run()).filter(isOpen).map((stop) => stop.id);
  const touched = new Set(draft.ops.map((op) => op.visit).filter(Boolean));
  const after = shownOrder().filter(isOpen).map((stop) => stop.id);
  return new Set(after.filter((id, i) => touched.has(id) || (draft.price.moved_stops > draft.ops.length && before[i] !== id)));
}

function drawHead() {
  const one = run();
  const late = lateness(one);
  $("#run-tags").replaceChildren(el("span", { class: `tag ${runLook(one.state)}` }, runWord(one.state)),
    ...(late ? [el("span", { class: `tag ${late.look}` }, late.text)] : []),
    ...(one.marks || []).map((mark) => el("span", { class: `tag ${markLook(mark)}` }, markWord(mark))), ...wishes(one));
  $("#run-who").replaceChildren(
    el("span", {}, icon(one.lane === "plant" ? "tugger" : "van", true), " ", one.vehicle_name || t("no vehicle")), el("span", { class: "soft" }, "·"),
    el("span", {}, icon("user", true), " ", one.driver_name || t("no driver")), el("span", { class: "soft" }, "·"),
    el("span", {}, one.departed_at ? t("left {time}, planned {plan}", { time: time(one.departed_at), plan: time(one.planned_departure) }) : t("leaves {time}", { time: time(one.planned_departure) })),
    el("span", { class: "soft" }, "·"), el("span", {}, one.returned_at ? t("back {time}", { time: time(one.returned_at) }) : t("back planned {time}", { time: time(one.planned_return) })));
  $("#plan-version").textContent = t("v{n}", { n: one.plan_version });
  const sent = !["draft", "planned", "cancelled"].includes(one.state);
  const seen = sent && one.acked >= one.plan_version;
  const steps = [[t("sent"), sent], [t("on the device"), sent && (one.pulled || seen)], [t("seen by the driver"), seen]];
  $("#plan-steps").replaceChildren(...steps.map(([word, done]) => el("li", { class: done ? "done" : "" }, icon(done ? "check" : "clock"), word)));
  const show = (name, shown) => { const button = $(`[data-run=${name}]`); if (button) button.hidden = !shown; };
  show("dispatch", one.state === "planned" || one.state === "draft");
  show("recall", one.state === "dispatched" || one.state === "acknowledged");
  show("undo", one.plan_version > 1 && !draft);
  const over = ["completed", "closed", "cancelled"].includes(one.state);
  for (const name of ["insert", "late", "assign", "better", "cancel"]) show(name, !over);
}

function draw() {
  if (!run() || reorder.busy()) return;
  const editable = page.may_edit && !["completed", "closed", "cancelled"].includes(run().state);
  drawHead();
  drawStops(list, shownOrder(), { editable, price: draft?.price, moved: movedStops(), onMenu: (id) => menu.open(id) });
  map.draw();
  if (drawn_version && drawn_version !== run().plan_version) refresh("#history").catch(() => {});
  drawn_version = run().plan_version;
}

function drawPanel() {
  const box = $("#what-if");
  if (!draft) return box.replaceChildren();
  box.replaceChildren(whatIfPanel({ title: draft.title, price: draft.price, nameOf, onAccept: accept, onDiscard: discard, onReason: draft.reason }));
  return box.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

/* ---- what-if, accept, discard ------------------------------------------------------------- */

async function price(ops) {
  return post(`${base}/whatif`, { ops, expected_plan_version: run().plan_version });
}

async function propose(op, title, names = {}) {
  const added = [op].flat();
  const ops = [...(draft?.ops || []), ...added];
  draft = { ops, title: draft ? t("{n} changes", { n: ops.length }) : title, price: null, base_version: run().plan_version, key: newKey(),
    reason: draft?.reason || {}, names: { ...(draft?.names || {}), ...names }, last: title, added: added.length };
  drawPanel();
  try {
    draft.price = await price(ops);
  } catch (problem) {
    goBack(problem);
    return;
  }
  drawPanel();
  draw();
}

function goBack(problem) {
  const ops = draft.ops.slice(0, -draft.added);
  const title = draft.last;
  draft = ops.length ? { ...draft, ops } : null;
  drawPanel();
  draw();
  for (const row of $$("li", list)) row.classList.add("goes-back");
  setTimeout(() => $$("li", list).forEach((row) => row.classList.remove("goes-back")), 400);
  if (problem) { failed(problem); say(t("{what} was not possible: {why}", { what: title, why: problem.message })); }
}

function discard() {
  draft = null;
  tag(null);
  drawPanel();
  draw();
  say(t("Discarded; nothing was changed."));
}

async function accept(worse) {
  if (worse.length) {
    const sure = await confirmStep({ title: t("Accept with new problems?"), danger: true, yes: t("Accept all the same"), text: namesWorse(worse, nameOf) });
    if (!sure) return;
  }
  const { ops, key, reason, base_version } = draft;
  $("#accept").disabled = true;
  const counted = visitsOf(run()).length;
  try {
    const answer = await post(`${base}/order`, { ops, reason: reason.text || "", expected_plan_version: base_version }, { key });
    await snapshot();
    draft = null;
    drawPanel();
    draw();
    told(t("Plan v{n} is saved and on its way to the device.", { n: answer.plan_version }));
    if (visitsOf(run()).length < counted) say(t("A stop was taken off the list."));
  } catch (problem) {
    if (problem.code === "plan_version") await conflict(problem);
    else { failed(problem, () => accept([])); if ($("#accept")) $("#accept").disabled = false; }
  }
}

async function conflict(problem) {
  await snapshot();
  const ops = draft.ops;
  const reason = draft.reason;
  const lines = (problem.body.changes || []).map((change) => `${change.who || ""} ${change.when ? time(change.when) : ""} ${typeof change.op === "string" ? change.op : change.op?.op || ""}`.trim());
  const again = await confirmStep({
    title: t("Somebody changed this plan meanwhile"), yes: t("Apply on the new order"), no: t("Keep the new order"),
    text: [t("It is now version {n}. Your change: {what}.", { n: problem.body.current ?? "", what: draft.title }), ...lines],
  });
  if (!again) return discard();
  draft = { ...draft, ops, price: null, base_version: run().plan_version, key: newKey(), reason };
  try {
    draft.price = await price(ops);
  } catch (error) {
    failed(error);
    draft = null;
  }
  drawPanel();
  return draw();
}

/* ---- reorder ------------------------------------------------------------------------------- */

function afterOf(key, index) {
  const rest = $$(":scope > li[data-key]", list).filter((row) => !row.classList.contains("fixed-place") && row.dataset.key !== key);
  return index > 0 ? rest[index - 1]?.dataset.key ?? null : null;
}

function tag(text) {
  let bubble = $("#price-tag");
  if (!text) return bubble?.remove();
  if (!bubble) { bubble = el("div", { id: "price-tag", class: "notice going", role: "status" }); $("#messages").append(bubble); }
  bubble.textContent = text;
  return undefined;
}

const tryPlace = debounce(async (key, index) => {
  if (key === null || !reorder.busy()) return tag(null);
  try {
    const found = await price([...(draft?.ops || []), { op: "move", visit: key, after: afterOf(key, index) }]);
    return reorder.busy() ? tag(priceTag(found)) : tag(null);
  } catch {
    return tag(null);
  }
}, 120);

const reorder = new Reorder(list, {
  nameOf,
  onTry: tryPlace,
  onMove: (key, index) => {
    tag(null);
    propose({ op: "move", visit: key, after: afterOf(key, index) }, t("{name} to position {n}", { name: nameOf(key), n: placeOf(index) }));
  },
});

const fixedCount = () => $$(":scope > li.fixed-place", list).length;
const placeOf = (index) => fixedCount() + index + 1;

const menu = actions({ page, run, nameOf, shownOrder, propose });

addEventListener("beforeunload", (event) => { if (draft) event.preventDefault(); });
live([`run:${page.id}`], page.snapshot);
draw();
store.watch(() => draw());
