/* Run detail: the stops live, every change priced before it is saved, and what the driver knows. */

import { get, newKey, post } from "./api.js";
import { $, $$, debounce, el, icon, pageData, say } from "./dom.js";
import { live, snapshot } from "./live.js";
import { LiveMap } from "./map.js";
import { confirmStep, failed, told } from "./messages.js";
import { Reorder } from "./reorder.js";
import { visitsOf } from "./run-card.js";
import { refresh } from "./shell.js";
import { isCurrent, isFinal, isOpen, lateness, markLook, markWord, runTone, runWord } from "./states.js";
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
  const fixed = stops.filter((stop) => isFinal(stop.state) || isCurrent(stop.state) || !place.has(stop.id));
  const rest = stops.filter((stop) => !fixed.includes(stop)).sort((a, b) => place.get(a.id) - place.get(b.id));
  return [...fixed, ...rest];
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
  $("#run-tags").replaceChildren(el("span", { class: `tag ${runTone(one)}` }, runWord(one.state)),
    ...(late ? [el("span", { class: `tag ${late.look}` }, late.text)] : []),
    ...(one.marks || []).map((mark) => el("span", { class: `tag ${markLook(mark)}` }, markWord(mark))));
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
  for (const name of ["insert", "late", "assign", "cancel"]) show(name, !over);
}

function draw() {
  if (!run() || reorder.busy()) return;
  const editable = page.may_edit && !["completed", "closed", "cancelled"].includes(run().state);
  drawHead();
  drawStops(list, shownOrder(), { editable, price: draft?.price, moved: movedStops(), onMenu: openMenu });
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
  const ops = [...(draft?.ops || []), op];
  draft = { ops, title: draft ? t("{n} changes", { n: ops.length }) : title, price: null, base_version: run().plan_version, key: newKey(),
    reason: draft?.reason || {}, names: { ...(draft?.names || {}), ...names }, last: title };
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
  const ops = draft.ops.slice(0, -1);
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
    draft = null;
    drawPanel();
    store.apply("run", { id: page.id, plan_version: answer.plan_version, pulled: false });
    told(t("Plan v{n} is saved and on its way to the device.", { n: answer.plan_version }));
    await snapshot();
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

/* ---- menu of one stop, and the other actions ---------------------------------------------- */

let chosen = null;

function openMenu(id) {
  chosen = id;
  const stop = store.one("stop", id);
  $("#stop-menu-title").textContent = stop.name;
  const order = shownOrder().map((one) => one.id);
  $("#move-to").value = String(order.indexOf(id) + 1);
  $("#move-to").max = String(order.length);
  $("#stop-lock span").textContent = stop.lock ? t("Unlock its place") : t("Lock its place");
  $("#stop-menu").showModal();
}

$("#move-go").addEventListener("click", () => {
  $("#stop-menu").close();
  const rest = shownOrder().filter((stop) => stop.id !== chosen);
  const index = Math.max(0, Math.min(rest.length, Number($("#move-to").value) - 1));
  const before = rest[index - 1];
  const after = before && isOpen(before) && !isCurrent(before.state) ? before.id : null;
  propose({ op: "move", visit: chosen, after }, t("{name} to position {n}", { name: nameOf(chosen), n: index + 1 }));
});
$("#stop-lock").addEventListener("click", () => {
  $("#stop-menu").close();
  const locked = store.one("stop", chosen).lock;
  propose(locked ? { op: "unlock", visit: chosen } : { op: "lock", visit: chosen, as: "place" },
    locked ? t("unlock {name}", { name: nameOf(chosen) }) : t("lock {name}", { name: nameOf(chosen) }));
});
$("#stop-cancel").addEventListener("click", () => {
  $("#stop-menu").close();
  propose({ op: "cancel", visit: chosen }, t("cancel {name}", { name: nameOf(chosen) }));
});

const find = debounce(async (text) => {
  try {
    const found = await get(`/api/v1/locations?q=${encodeURIComponent(text)}`);
    const choose = (place) => {
      $("#insert").close();
      propose({ op: "insert", location_id: place.id }, t("insert {name}", { name: place.name }));
    };
    $("#insert-places").replaceChildren(...found.items.slice(0, 30).map((place) => el("li", {},
      el("span", {}, el("b", {}, place.name), el("br"), el("small", { class: "soft" }, place.address || "")),
      el("button", { class: "button", type: "button", onclick: () => choose(place) }, t("See the price")))));
    if (!found.items.length) $("#insert-places").replaceChildren(el("li", { class: "soft" }, t("No location fits.")));
  } catch (problem) { failed(problem); }
}, 200);
$("#insert-find")?.addEventListener("input", (event) => find(event.target.value));
$("#assign-form")?.addEventListener("submit", () => {
  const [vehicle, driver] = [$("#assign-vehicle").value || null, $("#assign-driver").value || null];
  propose({ op: "assign", vehicle_id: vehicle, driver_id: driver }, t("assign vehicle and driver"));
});
$("#late-form")?.addEventListener("submit", () => {
  const minutes = Number($("#late-min").value);
  propose({ op: "late", delay_s: minutes * 60 }, t("delay of {n} min", { n: minutes }));
});

async function simple(path, body, said) {
  try {
    await post(`${base}/${path}`, body);
    if (said) told(said);
    await snapshot();
    await refresh("#history");
  } catch (problem) {
    if (path === "dispatch" && problem.code === "gate_blocked") return override(problem);
    failed(problem);
  }
  return undefined;
}

async function override(problem) {
  const reason = await confirmStep({ title: t("The departure is blocked"), text: problem.message, yes: t("Dispatch all the same"), danger: true, input: t("Reason"), required: true });
  if (reason === null) return;
  const items = problem.body.items || problem.body.gate || [];
  simple("dispatch", { overrides: items.map((item) => [item.item || item[0] || item, reason]) }, t("Dispatched."));
}

const ACTIONS = {
  insert: () => { $("#insert").showModal(); find(""); },
  late: () => $("#late").showModal(),
  assign: () => {
    $("#assign-vehicle").value = run().vehicle || "";
    $("#assign-driver").value = run().driver || "";
    $("#assign").showModal();
  },
  dispatch: () => simple("dispatch", {}, t("Dispatched.")),
  recall: () => simple("recall", {}, t("Recalled.")),
  undo: async () => {
    const seen = run().acked >= run().plan_version;
    if (seen && !(await confirmStep({ title: t("Undo a plan the driver has seen?"), text: t("The driver has seen version {n}. Undo makes a new version and tells the driver.", { n: run().plan_version }), yes: t("Undo") }))) return;
    simple("undo", { expected_plan_version: run().plan_version }, t("Undone; a new version is saved."));
  },
  note: async () => {
    const text = await confirmStep({ title: t("Note to the driver"), text: [], yes: t("Send"), input: t("Note"), required: true });
    if (text) propose({ op: "note", text }, t("note to the driver"));
  },
  cancel: async () => {
    const reason = await confirmStep({ title: t("Cancel this run?"), text: t("The run disappears from the devices. What was done already stays."), yes: t("Cancel the run"), no: t("Keep the run"), danger: true, input: t("Reason"), required: true });
    if (reason) simple("cancel", { reason }, t("The run is cancelled."));
  },
};
for (const button of $$("[data-run]")) button.addEventListener("click", () => { button.closest("details")?.removeAttribute("open"); ACTIONS[button.dataset.run](); });

addEventListener("beforeunload", (event) => { if (draft) event.preventDefault(); });
live([`run:${page.id}`], page.snapshot);
draw();
store.watch(() => draw());
