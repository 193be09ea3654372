/* The Today board: cards, map, list and exceptions drawn from one store, all of it in the URL. */

import { $, $$, el, pageData, reconcile } from "./dom.js";
import { drawExceptions } from "./exceptions.js";
import { live } from "./live.js";
import { LiveMap } from "./map.js";
import { offers } from "./offers.js";
import { runCard, updateCard } from "./run-card.js";
import { drawList } from "./run-list.js";
import { isRunning, runTone } from "./states.js";
import { store } from "./store.js";
import { now } from "./times.js";
import { plural, t } from "./words.js";

const page = pageData();
const SOON_MS = 3 * 3600 * 1000;
const DONE = ["completed", "closed", "cancelled", "returned"];
const url = new URLSearchParams(location.search);
const view = { view: url.get("view") || "map", lane: url.get("lane") || "all", sel: url.get("sel") || "", sort: url.get("sort") || "departure",
  late: url.get("late") === "1", done: url.get("done") === "1", ground: url.get("ground") || "" };

function remember() {
  const query = new URLSearchParams(location.search);
  const defaults = { view: "map", lane: "all", sel: "", sort: "departure", ground: "" };
  for (const [key, value] of Object.entries(view)) {
    if (value === false || value === "" || value === defaults[key]) query.delete(key);
    else query.set(key, value === true ? "1" : value);
  }
  const text = query.toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
}

const rank = (run) => (isRunning(run) ? 0 : DONE.includes(run.state) ? 3 : run.planned_departure - now() < SOON_MS ? 1 : 2);

function shown() {
  return store.all("run").filter((run) => (view.lane === "all" || run.lane === view.lane)
    && (!view.late || ["bad", "warn"].includes(runTone(run))));
}

function sorted(runs) {
  return [...runs].sort((a, b) => rank(a) - rank(b) || (rank(a) === 3 ? b.planned_departure - a.planned_departure : a.planned_departure - b.planned_departure)
    || a.name.localeCompare(b.name));
}

/** Of a tugger loop with a train every 20 minutes only the next departure stands as a card. */
function condensed(runs) {
  const waiting = new Set();
  return runs.filter((run) => {
    if (run.lane !== "plant" || rank(run) === 0 || rank(run) === 3 || !run.loop) return true;
    if (waiting.has(run.loop)) return false;
    waiting.add(run.loop);
    return true;
  });
}

const choose = (id) => {
  view.sel = view.sel === id ? "" : id;
  remember();
  const run = view.sel && store.one("run", view.sel);
  if (run) ground(run.lane === "plant");
  for (const map of Object.values(maps)) map.choose(view.sel);
  for (const card of $$(".run-card")) card.classList.toggle("chosen", card.dataset.run === view.sel);
  if (view.sel) $(`.run-card[data-run="${view.sel}"]`)?.scrollIntoView({ block: "nearest" });
};

function drawCards() {
  const all = sorted(shown());
  const cards = condensed(all);
  const done = cards.filter((run) => rank(run) === 3);
  const open = cards.filter((run) => rank(run) !== 3);
  const list = $("#runs");
  const make = (run) => {
    const card = runCard(run, choose);
    card.said = signature(run);
    card.classList.toggle("chosen", run.id === view.sel);
    return card;
  };
  reconcile(list, view.done ? [...open, ...done] : open, (run) => run.id, make, (card, run) => {
    const said = signature(run);
    if (card.said === said) return;
    card.said = said;
    updateCard(card, run, choose, { flash: true });
  });
  $("#no-runs").hidden = open.length > 0 || (view.done && done.length > 0);
  const more = $("#show-done");
  more.hidden = !done.length;
  more.setAttribute("aria-pressed", String(view.done));
  more.textContent = view.done ? t("Hide finished") : plural(done.length, t("Show {n} finished"), t("Show {n} finished"));
}

function signature(run) {
  const device = run.device && store.one("device", run.device);
  return JSON.stringify([run, device?.unsent, (run.order || []).map((id) => store.one("stop", id))]);
}

function drawTallies() {
  const runs = shown();
  const count = (test) => runs.filter(test).length;
  const parts = [
    [count(() => true), t("runs")], [count(isRunning), t("under way")],
    [count((run) => run.late_stops > 0), t("late")], [count((run) => DONE.includes(run.state)), t("finished")],
  ];
  $("#tallies").replaceChildren(...parts.map(([n, word]) => el("span", {}, el("b", {}, n), " ", word)));
}

const maps = {};

function ground(plant) {
  view.ground = plant ? "plant" : "";
  remember();
  for (const button of $$("[data-ground]")) button.setAttribute("aria-pressed", String((button.dataset.ground === "plant") === plant));
  $("#map-road").hidden = plant;
  $("#map-plant").hidden = !plant;
  drawMap();
}

function drawMap() {
  const plant = view.ground === "plant";
  const key = plant ? "plant" : "road";
  const node = $(`#map-${key}`);
  if (!node || !node.offsetWidth) return;
  maps[key] = maps[key] || new LiveMap(node, { plant, onChoose: choose });
  const cards = new Set(condensed(sorted(shown())).map((run) => run.id));
  maps[key].shows = (run) => cards.has(run.id) && (isRunning(run) || run.id === view.sel || (!DONE.includes(run.state) && run.planned_departure - now() < SOON_MS));
  maps[key].chosen = view.sel;
  maps[key].draw();
}

function lanes() {
  const kinds = new Set(store.all("run").map((run) => run.lane));
  for (const node of $$("[data-needs-both]")) node.hidden = kinds.size < 2;
  if (kinds.size === 1 && kinds.has("plant") && view.ground !== "plant") ground(true);
}

function draw(changed) {
  const has = (kind) => !changed || changed.has(kind) || changed.has("all");
  if (has("exception") || has("andon")) {
    const count = drawExceptions($("#exceptions"));
    $("#exceptions-total").textContent = String(count);
    for (const node of $$("[data-exceptions]")) node.textContent = count ? String(count) : "";
  }
  if (has("run") || has("stop") || has("device")) {
    lanes();
    drawTallies();
    if (view.view === "list") drawList($("#run-list"), shown(), view.sort, (sort) => { view.sort = sort; remember(); draw(); });
    else { drawCards(); drawMap(); }
  } else if (has("position") && view.view !== "list") {
    for (const map of Object.values(maps)) map.drawTrucks();
  }
}

function press(name, value, selector) {
  view[name] = value;
  remember();
  for (const button of $$(`[data-${selector}]`)) {
    button.setAttribute("aria-pressed", String(button.dataset[selector] === String(value)));
  }
}

function layout() {
  $("#board").hidden = view.view === "list";
  $("#list-view").hidden = view.view !== "list";
  $(".tabs-phone").hidden = view.view === "list";
}

for (const button of $$("[data-view]")) button.addEventListener("click", () => { press("view", button.dataset.view, "view"); layout(); draw(); });
for (const button of $$("[data-lane]")) button.addEventListener("click", () => { press("lane", button.dataset.lane, "lane"); draw(); });
for (const button of $$("[data-ground]")) button.addEventListener("click", () => ground(button.dataset.ground === "plant"));
for (const button of $$("[data-tab]")) {
  if (button.tagName !== "BUTTON") continue;
  button.addEventListener("click", () => {
    $("#board").dataset.tab = button.dataset.tab;
    for (const other of $$("button[data-tab]")) other.setAttribute("aria-pressed", String(other === button));
    draw();
  });
}
$("#late-only").addEventListener("click", (event) => {
  view.late = !view.late;
  event.currentTarget.setAttribute("aria-pressed", String(view.late));
  remember();
  draw();
});
$("#show-done").addEventListener("click", () => { view.done = !view.done; remember(); draw(); });
$("#fit").addEventListener("click", () => { if (view.sel) choose(view.sel); for (const map of Object.values(maps)) { map.fitted = false; map.draw(); } });
$("#legend-switch").addEventListener("click", (event) => {
  const legend = $("#legend");
  legend.hidden = !legend.hidden;
  event.currentTarget.setAttribute("aria-expanded", String(!legend.hidden));
});
$("#go-date")?.addEventListener("change", (event) => { location.href = `/today?date=${event.target.value}`; });

offers(page);
press("view", view.view, "view");
press("lane", view.lane, "lane");
$("#late-only").setAttribute("aria-pressed", String(view.late));
layout();
live([page.topic], page.snapshot);
ground(view.ground === "plant");
draw();
if (view.sel) { const chosen = view.sel; view.sel = ""; choose(chosen); }
store.watch(draw);
