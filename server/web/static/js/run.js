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
import { delta, span, time } from "./times.js";
import { unfitPanel } from "./unfit.js";
import { namesWorse, priceTag, whatIfPanel } from "./what-if.js";
import { t } from "./words.js";

const page = pageData();
const base = `/api/v1/runs/${page.id}`;
const run = () => store.one("run", page.id);
const nameOf = (id) => store.one("stop", id)?.name || t("new stop");
let draft = null; // {ops, title, price, base_version, key, reason, back: the ops before the last change}
let drawn_version = 0;
let unfit_of = ""; // the plan and the lateness that the explained list belongs to

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
  for (const name of ["insert", "late", "assign", "better", "cancel"]) show(name, !isOver());
}

const isOver = () => ["completed", "closed", "cancelled"].includes(run().state);

function drawRows() {
  if (!run() || reorder.busy()) return;
  drawHead();
  drawStops(list, shownOrder(), { editable: page.may_edit && !isOver(), price: draft?.price, moved: movedStops(), onMenu: (id) => menu.open(id) });
}

function draw() {
  if (!run() || reorder.busy()) return;
  drawRows();
  map.draw();
  explainSoon();
  if (drawn_version && drawn_version !== run().plan_version) refresh("#history").catch(() => {});
  drawn_version = run().plan_version;
}

function drawPanel() {
  const box = $("#what-if");
  $("#unfit").hidden = Boolean(draft);
  if (!draft) return box.replaceChildren();
  box.replaceChildren(whatIfPanel({ title: draft.title, price: draft.price, nameOf, onAccept: accept, onDiscard: discard, onReason: draft.reason, onRemedy: remedy }));
  return box.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

/** The price first, the rows in the next frame: nobody waits for 200 rows to read three figures. */
function drawPrice() {
  drawPanel();
  requestAnimationFrame(() => setTimeout(drawRows));
}

/* ---- what does not fit, and what would help ------------------------------------------------ */

/** Ask anew when the plan or the lateness of its stops has changed. */
const explain = debounce(async () => {
  try {
    // Of whatever version the plan has by now: this page may hear of it a moment later.
    const found = await post(`${base}/whatif`, { ops: [] });
    $("#unfit").replaceChildren(...(found.unfit.length ? [unfitPanel(found.unfit, nameOf, remedy)] : []));
  } catch {
    unfit_of = "";
  }
}, 300);

function explainSoon() {
  if (!page.may_edit || isOver()) return;
  const now = JSON.stringify([run().plan_version, visitsOf(run()).map((stop) => [stop.state, stop.late, stop.at_risk])]);
  if (now === unfit_of) return;
  unfit_of = now;
  explain();
}

async function remedy(one, words) {
  if (one.kind !== "ad_hoc") return consider(one.ops, words);
  const name = nameOf(one.visit);
  const sure = await confirmStep({
    title: t("A run of its own for {name}?", { name }), yes: t("Open the run"),
    text: t("This run: return {delta}. The new run takes {span} from the depot and back. Undo takes it back.", { delta: delta(one.delta_end_s), span: span(one.own_s * 1000) }),
  });
  if (!sure) return undefined;
  try {
    await post(`${base}/transfer`, { visits: [one.visit], expected_plan_version: run().plan_version, reason: t("did not fit") });
    told(t("A run of its own is open for {stop}.", { stop: name }));
    await snapshot();
  } catch (problem) { failed(problem); }
  return undefined;
}

/* ---- what-if, accept, discard ------------------------------------------------------------- */

async function price(ops, brief = false) {
  return post(`${base}/whatif`, { ops, expected_plan_version: run().plan_version, brief });
}

const propose = (op, title) => consider([...(draft?.ops || []), ...[op].flat()], title);

/** Ask for the price of these ops in place of the ones looked at before. */
async function consider(ops, title) {
  const back = draft?.ops || [];
  draft = { ops, title: back.length ? t("{n} changes", { n: ops.length }) : title, price: null, base_version: run().plan_version, key: newKey(),
    reason: draft?.reason || {}, last: title, back };
  drawPanel();
  try {
    draft.price = await price(ops);
  } catch (problem) {
    goBack(problem);
    return;
  }
  drawPrice();
}

function goBack(problem) {
  const ops = draft.back;
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
  drawRows();
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

/** The price while something is dragged: figures, and the first stop that would not fit. */
function tag(text) {
  let bubble = $("#price-tag");
  if (!text) return bubble?.remove();
  if (!bubble) { bubble = el("div", { id: "price-tag", class: "notice going", role: "status" }); $("#messages").append(bubble); }
  const [figures, why] = text;
  bubble.className = `notice ${why ? "bad" : "going"}`;
  bubble.replaceChildren(el("span", {}, el("b", {}, figures), why ? el("span", { class: "why" }, why) : null));
  return undefined;
}

const tryPlace = debounce(async (key, index) => {
  if (key === null || !reorder.busy()) return tag(null);
  try {
    const found = await price([...(draft?.ops || []), { op: "move", visit: key, after: afterOf(key, index) }], true);
    return reorder.busy() ? tag(priceTag(found, nameOf)) : tag(null);
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
