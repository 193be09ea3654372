/* What does not fit, in a sentence a dispatcher would say, and the presses that would mend it. */

import { el, icon } from "./dom.js";
import { span } from "./times.js";
import { plural, t } from "./words.js";

const minutes = (s) => span(Math.max(1, Math.ceil(s / 60)) * 60_000); // never "0 min too late"
const rounded = (n) => Math.round(n * 10) / 10;

function amount(over = {}) {
  const parts = [];
  if (over.kg) parts.push(t("{n} kg", { n: rounded(over.kg) }));
  if (over.l) parts.push(t("{n} litres", { n: rounded(over.l) }));
  if (over.units) parts.push(plural(over.units, t("{n} unit"), t("{n} units")));
  return parts.join(", ");
}

const WHAT = {
  delay: (name, one) => t("{name}: {span} too late for its window.", { name, span: minutes(one.duration_s) }),
  load: (name, one) => t("{name}: {amount} too much on board.", { name, amount: amount(one.over) }),
  goods: (name, one) => t("{name}: {amount} would not be on board.", { name, amount: amount(one.over) }),
  precedence: (name) => t("{name}: would be delivered before it is picked up.", { name }),
  order: (name) => t("{name}: its first or last place is broken.", { name }),
  locked: (name) => t("{name}: its locked place is broken.", { name }),
};
const HELPS = {
  window: (one) => t("Widening the window by {span} would make it fit.", { span: minutes(one.seconds) }),
  vehicle: (one) => t("{vehicle} has the room for it.", { vehicle: one.name }),
  drop: (one, nameOf) => t("Without {stop} it would fit.", { stop: nameOf(one.visit) }),
  ad_hoc: () => t("A run of its own would serve it."),
};
const PRESS = {
  window: (one) => t("Widen by {span}", { span: minutes(one.seconds) }),
  vehicle: (one) => t("Take {vehicle}", { vehicle: one.name }),
  drop: (one, nameOf) => t("Leave out {stop}", { stop: nameOf(one.visit) }),
  ad_hoc: () => t("Run of its own"),
};

/** Whether this kind of broken rule is told by a sentence of its own. */
export const isTold = (one) => one.cause in WHAT;

/** What is broken at which stop, by how much. */
export const what = (one, nameOf) => (WHAT[one.cause] || ((name) => `${name}: ${String(one.cause).replaceAll("_", " ")}.`))(one.stop || nameOf(one.visit), one);

/** The same, with the least dear thing that would help. */
export function sentence(one, nameOf) {
  const first = (one.remedies || [])[0];
  return first ? `${what(one, nameOf)} ${HELPS[first.kind](first, nameOf)}` : what(one, nameOf);
}

/** One line for each stop that does not fit; `onRemedy(remedy, words)` asks for the price of a press. */
export function unfitList(list, nameOf, onRemedy, kinds = Object.keys(PRESS)) {
  return el("ul", { class: "unfit" }, list.map((one) => el("li", {},
    el("p", {}, icon("warn", true), " ", el("span", {}, sentence(one, nameOf))),
    el("div", { class: "row tight" }, (one.remedies || []).filter((remedy) => kinds.includes(remedy.kind)).map((remedy) => {
      const words = PRESS[remedy.kind](remedy, nameOf);
      return el("button", { class: "button", type: "button", "data-remedy": remedy.kind, "aria-label": `${nameOf(one.visit)}: ${words}`, onclick: () => onRemedy(remedy, words) }, words);
    })))));
}

/** The panel of what does not fit in the plan as it stands. */
export function unfitPanel(list, nameOf, onRemedy) {
  return el("section", { class: "panel unfit-panel", "aria-labelledby": "unfit-title" },
    el("header", {}, el("h2", { id: "unfit-title", class: "grow" }, t("What does not fit")), el("span", { class: "tag bad" }, String(list.length))),
    el("div", { class: "body" }, unfitList(list, nameOf, onRemedy)));
}
