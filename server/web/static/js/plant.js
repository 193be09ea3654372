/* The plant live: each tugger on its line, the next departures, andons to acknowledge and clear. */

import { get, post } from "./api.js";
import { $, el, icon, pageData } from "./dom.js";
import { drawKanban } from "./kanban.js";
import { live } from "./live.js";
import { LiveMap } from "./map.js";
import { confirmStep, failed } from "./messages.js";
import { visitsOf } from "./run-card.js";
import { andonCauses, andonWord, isRunning, lateness, runLook, runWord, stopLook, stopWord } from "./states.js";
import { store } from "./store.js";
import { age, countdown, delta, exactTime, now, tick, time } from "./times.js";
import { t } from "./words.js";

const page = pageData();
const map = new LiveMap($("#map"), { plant: true });
const plantRuns = () => store.all("run").filter((run) => run.lane === "plant" && run.state !== "cancelled").sort((a, b) => a.planned_departure - b.planned_departure);
map.shows = (run) => isRunning(run) || nextOf(run.loop)?.id === run.id;

const keyOf = (run) => run.loop || run.vehicle || run.id;
const nextOf = (loop) => plantRuns().find((run) => run.loop === loop && !run.departed_at && !["completed", "closed"].includes(run.state));

function line(run) {
  return el("div", { class: "line-row" }, visitsOf(run).map((stop) => el("div", { class: `station ${stopLook(stop.state)}`, title: `${stop.name}: ${stopWord(stop.state)}` },
    el("i"), el("span", {}, stop.name), el("span", { class: "soft" }, time(stop.completed ?? stop.arrived ?? stop.eta ?? stop.planned_arrival)))));
}

function tugger(runs) {
  const running = runs.find(isRunning);
  const next = runs.find((run) => !run.departed_at && !["completed", "closed"].includes(run.state));
  const shown = running || next || runs.at(-1);
  const late = lateness(shown);
  return el("section", { class: "panel" },
    el("header", {}, icon("tugger"), el("h2", { class: "grow" }, el("a", { href: `/runs/${shown.id}` }, shown.name), " ", el("span", { class: "soft" }, shown.vehicle_name || "", shown.driver_name ? `, ${shown.driver_name}` : "")),
      el("span", { class: `tag ${runLook(shown.state)}` }, runWord(shown.state)), late && el("span", { class: `tag ${late.look}` }, late.text)),
    el("div", { class: "body stack tight" }, line(shown),
      next && el("div", { class: "row" }, el("span", { class: "soft" }, t("next departure {time} in", { time: time(next.planned_departure) })),
        tick(el("b", {}), (node) => { node.textContent = countdown(next.planned_departure - now()); }), next.takt_s ? el("span", { class: "soft" }, t("takt {n} min", { n: next.takt_s / 60 })) : null)));
}

function drawTuggers() {
  const groups = new Map();
  for (const run of plantRuns()) groups.set(keyOf(run), [...(groups.get(keyOf(run)) || []), run]);
  $("#tuggers").replaceChildren(...[...groups.values()].sort((a, b) => a[0].name.localeCompare(b[0].name)).map(tugger));
  $("#no-tuggers").hidden = groups.size > 0;
}

function drawDepartures() {
  const rows = plantRuns().filter((run) => run.planned_departure > now() - 2 * 3600000).slice(0, 24).map((run) => {
    const off = run.departed_at ? (run.departed_at - run.planned_departure) / 1000 : null;
    const look = off === null ? "" : Math.abs(off) < 120 ? "good" : "warn";
    return el("tr", {}, el("td", {}, time(run.planned_departure)), el("td", {}, el("a", { href: `/runs/${run.id}` }, run.name)),
      el("td", {}, off === null ? (run.marks?.includes("missed") ? el("span", { class: "tag bad" }, t("missed")) : "") : el("span", { class: `tag ${look}` }, Math.abs(off) < 60 ? t("on takt") : delta(off))));
  });
  $("#departure-list").replaceChildren(el("table", {}, el("tbody", {}, rows)));
}

async function act(item, verb) {
  let body = {};
  if (verb === "clear") {
    const cause = await confirmStep({ title: t("Clear the andon"), text: item.text, yes: t("Clear"), input: t("Cause"), choices: andonCauses(), required: true });
    if (cause === null) return;
    body = { cause };
  }
  try {
    await post(`/api/v1/andons/${item.id}/${verb}`, body);
    store.apply("andon", verb === "clear" ? { id: item.id, gone: true } : { id: item.id, acknowledged: true });
  } catch (problem) { failed(problem, () => act(item, verb)); }
}

function andon(item) {
  const what = andonWord(item.category);
  return el("div", { class: `notice andon ${item.acknowledged ? "seen" : "bad"}`, role: item.acknowledged ? null : "alert" }, icon("bell"),
    el("span", { class: "grow" }, el("b", {}, t("Andon: {what}", { what })), " ", item.place || item.run_name || "", " ", item.text || "", " ",
      el("span", { class: "soft small", title: exactTime(item.at) }, tick(el("span", {}), (node) => { node.textContent = age(item.at); }), ` · ${t("level {n}", { n: item.level })}`)),
    el("span", { class: "actions" }, !item.acknowledged && el("button", { class: "button", type: "button", onclick: () => act(item, "ack") }, t("Acknowledge")),
      el("button", { class: "button", type: "button", onclick: () => act(item, "clear") }, t("Clear"))));
}

/** The accounts as they stand now; facts of stations change them, so it follows the stops. */
async function countEmpties() {
  const names = new Map(store.all("stop").map((stop) => [stop.location, stop.name]));
  let items = [];
  try { ({ items } = await get("/api/v1/empties")); } catch { return; }
  const shown = new Map([...$("#empties").children].map((row) => [row.dataset.account, row]));
  for (const one of items) {
    const account = `${one.location_id} ${one.container_type}`;
    const row = shown.get(account) || el("li", { dataset: { account } }, el("span", { class: "grow" }, names.get(one.location_id) || "?"), el("span", { class: "soft small" }, one.container_type), el("b", {}));
    row.querySelector("b").textContent = one.balance;
    if (!row.isConnected) $("#empties").append(row);
  }
  $("#no-empties").hidden = $("#empties").children.length > 0;
}

let counting = 0;
function countSoon() {
  clearTimeout(counting);
  counting = setTimeout(countEmpties, 700);
}

function draw(changed) {
  if (changed && (changed.has("stop") || changed.has("all"))) countSoon();
  if (!changed || changed.has("andon") || changed.has("all")) {
    const items = store.all("andon").sort((a, b) => Number(a.acknowledged) - Number(b.acknowledged) || b.at - a.at);
    $("#andons").replaceChildren(...(items.length ? items.map(andon) : [el("div", { class: "notice good" }, icon("check"), el("span", {}, t("No andon is open.")))]));
  }
  drawKanban(changed);
  drawTuggers();
  drawDepartures();
  map.draw();
}

live(["plant"], page.snapshot);
draw();
store.watch(draw);
