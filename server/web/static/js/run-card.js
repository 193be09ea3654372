/* One run as a card: who drives, how far, how late, what comes next, what the device knows. */

import { el, icon } from "./dom.js";
import { isCurrent, isFinal, isPlant, isRunning, lateness, markLook, markWord, planState, runLook, runTone, runWord, stopLook, stopWord } from "./states.js";
import { store } from "./store.js";
import { age, countdown, exactTime, now, span, tick, time } from "./times.js";
import { plural, t } from "./words.js";

const QUIET_MS = { road: 300000, plant: 60000 };
const SEGMENTS_MAX = 60;

export function visitsOf(run) {
  return (run.order || []).map((id) => store.one("stop", id)).filter(Boolean);
}

function segments(run, stops) {
  const bar = el("span", { class: "segments", "aria-hidden": "true" });
  for (const stop of stops.slice(0, SEGMENTS_MAX)) {
    const look = stop.late && !isFinal(stop.state) ? "warn" : stopLook(stop.state);
    bar.append(el("i", { class: look === "quiet" && stop.state === "pending" ? "" : look }));
  }
  return bar;
}

function progress(run, stops) {
  return el("div", { class: "progress" }, segments(run, stops),
    el("span", { class: "small nowrap" }, el("b", {}, `${run.done}/${run.total}`), " ", isPlant(run) ? t("stations") : t("stops")));
}

function nextStop(run, stops) {
  const next = stops.find((stop) => isCurrent(stop.state)) || stops.find((stop) => stop.state === "pending");
  if (!next || !isRunning(run)) return null;
  const serving = next.state === "arrived" || next.state === "in_service";
  const at = serving ? next.arrived : next.eta ?? next.planned_arrival;
  const range = !serving && next.eta_low && next.eta_high && next.eta_high - next.eta_low > 60000
    ? `${time(next.eta_low)}–${time(next.eta_high)}` : null;
  const made = next.eta_made && !serving
    ? tick(el("span", {}), (node) => { node.textContent = t("{age} old", { age: age(next.eta_made) }); }) : null;
  return el("div", { class: "next" },
    el("span", { class: "cut" }, el("span", { class: "soft" }, serving ? stopWord(next.state) : t("next"), " "), el("b", {}, next.name)),
    el("span", { class: "eta", title: at ? exactTime(at) : "" }, time(at)),
    el("span", { class: "small soft" }, range ? t("between {range}", { range }) : next.eta || serving ? "" : t("as planned")),
    el("span", { class: "small soft ends" }, made));
}

function departure(run) {
  const left = run.departed_at;
  if (left) return t("left {time}", { time: time(left) }) + (Math.abs(left - run.planned_departure) > 60000 ? ` (${time(run.planned_departure)})` : "");
  return t("leaves {time}", { time: time(run.planned_departure) });
}

function leaving(run) {
  if (run.departed_at || !["planned", "dispatched", "acknowledged", "loading"].includes(run.state)) return null;
  return tick(el("span", { class: "tag" }), (node) => {
    const left = run.planned_departure - now();
    node.textContent = left > 3600000 ? t("in {span}", { span: span(left) }) : countdown(left);
    node.classList.toggle("warn", left < -120000);
  });
}

function device(run) {
  const known = run.device ? store.one("device", run.device) : null;
  if (!known) return null;
  const tags = [];
  if (known.unsent > 0) {
    tags.push(tick(el("span", { class: "tag warn" }), (node) => {
      node.textContent = plural(known.unsent, t("{n} unsent"), t("{n} unsent")) + (known.oldest ? `, ${age(known.oldest)}` : "");
    }));
  }
  if (isRunning(run) && known.seen) {
    tags.push(tick(el("span", { class: "tag" }), (node) => {
      const silent = now() - known.seen;
      const limit = QUIET_MS[run.lane] || QUIET_MS.road;
      node.hidden = silent < limit;
      node.className = `tag ${silent > 3 * limit ? "bad" : "warn"}`;
      node.textContent = silent > 3 * limit ? t("silent {span}", { span: span(silent) }) : t("quiet {span}", { span: span(silent) });
    }));
  }
  return tags;
}

/** What the driver wants decided, each leading to where that is done. */
export function wishes(run) {
  const link = (place, text) => el("a", { class: "tag warn", href: `/held#${place}` }, text);
  return [run.proposed && link("proposals", t("driver proposes an order")), run.claimed && link("claims", t("somebody wants this run"))].filter(Boolean);
}

function tags(run) {
  const late = lateness(run);
  const plan = planState(run);
  return el("div", { class: "foot" },
    el("span", { class: `tag ${runLook(run.state)}` }, runWord(run.state)),
    late && el("span", { class: `tag ${late.look}` }, late.text),
    (run.marks || []).filter((mark) => mark !== "ready").map((mark) => el("span", { class: `tag ${markLook(mark)}` }, markWord(mark))),
    run.failed > 0 && el("span", { class: "tag bad" }, plural(run.failed, t("{n} failed"), t("{n} failed"))),
    el("span", { class: `tag ${plan.look}`, title: t("Plan version and how far it has come") }, plan.text),
    wishes(run), device(run), leaving(run));
}

function content(run, onShow) {
  const stops = visitsOf(run);
  const vehicle = run.vehicle_name || t("no vehicle");
  const driver = run.driver_name || (isPlant(run) ? t("no operator") : t("no driver"));
  return [
    el("div", { class: "head" }, el("a", { href: `/runs/${run.id}`, class: "cut grow" }, run.name),
      el("span", { class: "nowrap soft" }, departure(run))),
    el("div", { class: "who" }, el("span", {}, icon(isPlant(run) ? "tugger" : "van", true), vehicle),
      el("span", {}, icon("user", true), driver),
      run.load_pct ? el("span", { class: run.load_pct > 100 ? "bad-ink" : "" }, t("load {n} %", { n: run.load_pct })) : null),
    progress(run, stops),
    nextStop(run, stops),
    el("div", { class: "row fixed start" }, tags(run),
      el("button", { class: "button plain show icon-only", type: "button", "aria-label": t("Show {name} on the map", { name: run.name }), onclick: () => onShow(run.id) }, icon("pin"))),
  ];
}

export function runCard(run, onShow) {
  const card = el("article", { class: `run-card ${runTone(run)}`, "aria-label": run.name, dataset: { run: run.id } });
  card.append(...content(run, onShow).filter(Boolean));
  return card;
}

export function updateCard(card, run, onShow, { flash = false } = {}) {
  const focused = card.contains(document.activeElement) ? document.activeElement.className : null;
  card.className = `run-card ${runTone(run)}${card.classList.contains("chosen") ? " chosen" : ""}`;
  card.replaceChildren(...content(run, onShow).filter(Boolean));
  if (focused !== null) (card.querySelector(`.${focused.split(" ").at(-1)}`) || card.querySelector("a")).focus();
  if (flash) {
    card.classList.add("changed");
    setTimeout(() => card.classList.remove("changed"), 1700);
  }
}
