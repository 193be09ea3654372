/* What a change would cost, before it is made: minutes, distance, lateness, broken rules. */

import { el, icon, say } from "./dom.js";
import { delta, kilometres } from "./times.js";
import { isTold, sentence, unfitList } from "./unfit.js";
import { plural, t } from "./words.js";

const CAUSES = {
  delay: () => t("late"), lead_time: () => t("too early"), load: () => t("overload"), max_load: () => t("overload"), skills: () => t("missing skill"),
  precedence: () => t("delivered before picked up"), missing_break: () => t("break missing"), max_travel_time: () => t("too long under way"),
  max_distance: () => t("too far"), max_ride: () => t("goods too long on board"), shift: () => t("beyond the shift"), priority: () => t("first or last place broken"),
  order: () => t("first or last place broken"), locked: () => t("a locked place is broken"), overtime: () => t("beyond the shift"),
  lock: () => t("a locked place is broken"), access: () => t("vehicle not allowed"), max_moved_stops: () => t("more stops moved than allowed"),
};

const cause = (violation) => (CAUSES[violation.cause] || (() => String(violation.cause).replaceAll("_", " ")))();

function figure(value, word, look = "") {
  return el("div", { class: "figure" }, el("b", { class: look }, value), el("span", {}, word));
}

const PRICED = ["window", "vehicle", "drop"]; // what can be asked for on top of a change that is not saved

/** Stops that were late before, and are earlier or later now; who is late anew has a sentence. */
function lateLines(price, nameOf) {
  return Object.entries(price.late || {}).filter(([, [before, after]]) => before > 0 && before !== after).map(([visit, [before, after]]) => {
    const look = after > before ? "bad-ink" : "good-ink";
    return el("li", { class: look }, t("{name}: late {before} → {after} min", {
      name: nameOf(visit), before: Math.round(before / 60), after: Math.round(after / 60),
    }));
  });
}

function broken(list, word, look, nameOf) {
  return (list || []).filter((one) => look === "good-ink" || !isTold(one)).map((violation) => el("li", { class: look },
    `${word}: ${cause(violation)}${violation.visit || violation.stop ? `, ${nameOf(violation.visit || violation.stop)}` : ""}`));
}

/** The panel; `price` null means still computing. */
export function whatIfPanel({ title, price, nameOf, onAccept, onDiscard, onReason, onRemedy }) {
  const worse = price?.violations ? [...(price.violations.new || []), ...(price.violations.worse || [])] : [];
  const reason = el("input", { id: "why", maxlength: 200, placeholder: t("Reason (goes into the history)"), "aria-label": t("Reason") });
  reason.value = onReason.text || "";
  reason.addEventListener("input", () => { onReason.text = reason.value; });
  const lines = price ? [...lateLines(price, nameOf), ...broken(price.violations?.new, t("new"), "bad-ink", nameOf),
    ...broken(price.violations?.worse, t("worse"), "bad-ink", nameOf), ...broken(price.violations?.cleared, t("solved"), "good-ink", nameOf)] : [];
  const body = price ? [
    el("div", { class: "figures" },
      figure(delta(price.delta_end_s ?? price.delta_s), t("return"), (price.delta_end_s ?? price.delta_s) > 60 ? "warn-ink" : ""),
      figure(kilometres(price.delta_m || 0), t("distance")),
      figure(String(price.moved_stops ?? 0), plural(price.moved_stops ?? 0, t("stop changes place"), t("stops change place")))),
    lines.length ? el("ul", { class: "history" }, lines) : null,
    price.unfit?.length ? unfitList(price.unfit, nameOf, onRemedy, PRICED) : null,
    lines.length || price.unfit?.length ? null : el("p", { class: "good-ink" }, icon("check", true), " ", t("No stop becomes late, no rule is broken.")),
    price.told?.length ? el("p", { class: "soft small" }, t("Also told: {names}", { names: price.told.join(", ") })) : null,
  ] : [el("div", { class: "skeleton", role: "status" }, el("span", { class: "sr" }, t("Computing the price")))];
  const panel = el("section", { class: "panel what-if", "aria-labelledby": "what-if-title" },
    el("header", {}, el("h2", { id: "what-if-title", class: "grow" }, t("What if: {what}", { what: title })), el("span", { class: "tag accent" }, t("not saved"))),
    el("div", { class: "body stack" }, body, reason,
      el("div", { class: "actions" },
        el("button", { class: "button", type: "button", onclick: onDiscard, id: "discard" }, t("Discard")),
        el("button", { class: `button ${worse.length ? "danger" : "first"}`, type: "button", disabled: !price, onclick: () => onAccept(worse), id: "accept" }, t("Accept")))));
  if (price) {
    say(t("What if: {what}. Return {delta}. {n} new problems. Nothing is saved until you accept.", {
      what: title, delta: delta(price.delta_end_s ?? price.delta_s), n: worse.length,
    }));
  }
  return panel;
}

/** The short price beside the pointer while something is dragged: figures, then who does not fit. */
export function priceTag(price, nameOf) {
  const told = price.unfit || [];
  const more = told.length > 1 ? ` ${plural(told.length - 1, t("And {n} more."), t("And {n} more."))}` : "";
  return [`${delta(price.delta_end_s ?? price.delta_s)}, ${kilometres(price.delta_m || 0)}`, told.length ? sentence(told[0], nameOf) + more : ""];
}

export const namesWorse = (worse, nameOf) => worse.map((v) => `${cause(v)}${v.visit || v.stop ? `: ${nameOf(v.visit || v.stop)}` : ""}`);
