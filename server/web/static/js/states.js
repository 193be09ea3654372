/* What each state is called, and how it looks: shape, word and colour together. */

import { pageData } from "./dom.js";
import { delta, now } from "./times.js";
import { t } from "./words.js";

const STOPS = {
  pending: ["quiet", () => t("open"), "open"],
  en_route: ["going", () => t("on the way"), "ring"],
  arrived: ["going", () => t("arrived"), "ring"],
  in_service: ["going", () => t("in service"), "ring"],
  done: ["good", () => t("done"), "tick"],
  partly: ["warn", () => t("partly done"), "tick"],
  failed: ["bad", () => t("failed"), "cross"],
  skipped: ["bad", () => t("skipped"), "cross"],
  cancelled: ["quiet", () => t("cancelled"), "cross"],
  hidden: ["quiet", () => t("off"), "open"],
  off_plan: ["bad", () => t("off plan"), "cross"],
};

const RUNS = {
  draft: ["quiet", () => t("draft")],
  planned: ["quiet", () => t("planned")],
  dispatched: ["", () => t("dispatched")],
  acknowledged: ["", () => t("seen by driver")],
  loading: ["going", () => t("loading")],
  underway: ["going", () => t("under way")],
  completed: ["good", () => t("finished")],
  returned: ["good", () => t("finished")],
  closed: ["good", () => t("closed")],
  cancelled: ["quiet", () => t("cancelled")],
  off_plan: ["bad", () => t("off plan")],
};

const MARKS = {
  late_departure: ["warn", () => t("left late")],
  missed: ["bad", () => t("departure missed")],
  overdue_return: ["warn", () => t("return overdue")],
  silent: ["bad", () => t("silent")],
  plan_not_seen: ["warn", () => t("plan not seen")],
  ready: ["good", () => t("ready")],
};

const EXCEPTIONS = {
  at_risk: () => t("May come late"), late: () => t("Comes late"), late_departure: () => t("Has not left yet"),
  missed: () => t("Departure missed"), overdue_return: () => t("Not back yet"), silent: () => t("Device is silent"),
  plan_not_seen: () => t("New plan not seen"), not_dispatched: () => t("Not dispatched"), off_plan: () => t("Driven without a plan"),
  completed_after_cancel: () => t("Done although cancelled"), cancel_not_seen: () => t("Done before the cancellation arrived"),
  held_fact: () => t("An entry waits for a decision"), result_conflict: () => t("Two different results"),
  moved_after_done: () => t("Moved, but done before"), after_finish: () => t("Entries after the end of the run"),
  disruption: () => t("Disruption reported"), failed_visit: () => t("Stop failed"), gate_overridden: () => t("Left with open points"),
  underload: () => t("Hardly loaded"), overload: () => t("Overloaded"), dock_conflict: () => t("Dock conflict"),
  stock_out: () => t("Station will run out"), over_supply: () => t("Delivered twice"), lost_card: () => t("Card is lost"),
  andon: () => t("Andon"), notice_failed: () => t("Notice not delivered"), review_due: () => t("Review due"),
};

const CATEGORIES = {
  material: () => t("material"), vehicle: () => t("vehicle"), path: () => t("path blocked"), safety: () => t("safety"), quality: () => t("quality"),
  missed: () => t("missed cycle"), missed_cycle: () => t("missed cycle"),
};

/** Why an andon may be over, as codes with their words. */
export const andonCauses = () => ({
  brought: t("material brought"), repaired: t("repaired"), cleared: t("path cleared"), checked: t("checked, in order"), false_alarm: t("false alarm"),
  other: t("other"),
});

export const andonWord = (category) => (CATEGORIES[category] || (() => String(category).replaceAll("_", " ")))();
/* Reasons are the site's own words; the page brings them in the reader's language. */
const reasons = pageData().reasons || {};
export const reasonWord = (key) => reasons[key] || String(key || "").replaceAll("_", " ");
export const isFinal = (state) => ["done", "partly", "failed", "skipped"].includes(state);
export const isCurrent = (state) => ["en_route", "arrived", "in_service"].includes(state);
export const isOpen = (stop) => !isFinal(stop.state) && stop.state !== "cancelled" && stop.state !== "hidden";
export const isRunning = (run) => ["loading", "underway"].includes(run.state);
export const isPlant = (run) => run.lane === "plant";

const known = (table, key) => table[key] || ["quiet", () => String(key || "–").replaceAll("_", " "), "open"];
export const stopLook = (state) => known(STOPS, state)[0];
export const stopWord = (state) => known(STOPS, state)[1]();
export const stopShape = (state) => known(STOPS, state)[2];
export const runLook = (state) => known(RUNS, state)[0];
export const runWord = (state) => known(RUNS, state)[1]();
export const markLook = (mark) => known(MARKS, mark)[0];
export const markWord = (mark) => known(MARKS, mark)[1]();
export const exceptionWord = (kind) => (EXCEPTIONS[kind] || (() => String(kind).replaceAll("_", " ")))();

/** Lateness in words: against the window when there is one, else against the plan. */
export function lateness(run) {
  if (run.state === "planned" || run.state === "dispatched" || run.state === "acknowledged") {
    const until = run.planned_departure - now();
    return until < -120000 ? { look: "warn", text: t("{delta} waiting to leave", { delta: delta(-until / 1000) }) } : null;
  }
  if (!isRunning(run)) return null;
  if (run.late_stops > 0) return { look: "bad", text: t("{delta} late", { delta: delta(run.late_s) }) };
  if (run.at_risk > 0) return { look: "warn", text: t("at risk") };
  if (isPlant(run)) return { look: "good", text: t("on takt") };
  if (run.delay_s > 300) return { look: "", text: t("{delta}, in time", { delta: delta(run.delay_s) }) };
  return { look: "good", text: t("on time") };
}

/** The colour of a whole run, from the worst that is true of it. */
export function runTone(run) {
  if (run.state === "off_plan" || run.late_stops > 0 || run.marks?.includes("missed") || run.marks?.includes("silent")) return "bad";
  if (run.at_risk > 0 || run.failed > 0 || run.marks?.length) return "warn";
  return runLook(run.state) || "quiet";
}

/** How far the newest plan has come: saved, on the device, seen by the driver. */
export function planState(run) {
  const version = run.plan_version;
  if (["draft", "planned"].includes(run.state)) return { look: "", text: t("v{n}", { n: version }) };
  if (run.acked >= version) return { look: "good", text: t("v{n} seen", { n: version }) };
  if (run.pulled) return { look: "", text: t("v{n} on device", { n: version }) };
  if (run.acked) return { look: "warn", text: t("v{n} sent, v{old} seen", { n: version, old: run.acked }) };
  return { look: "", text: t("v{n} sent", { n: version }) };
}
