/* The stops of a run as rows that can be dragged: what was planned, what is expected, what happened. */

import { el, icon, reconcile } from "./dom.js";
import { isCurrent, isFinal, reasonWord, stopLook, stopWord } from "./states.js";
import { age, delta, exactTime, tick, time } from "./times.js";
import { t } from "./words.js";

const label = (text) => el("span", { class: "cell-label" }, text);

function windows(stop) {
  const text = (stop.windows || []).slice(0, 2).map(([from, to]) => `${time(from)}–${time(to)}`).join(", ");
  return el("span", { class: "cell" }, text ? label(t("window")) : null, text);
}

function expected(stop, price) {
  if (price) {
    const shift = stop.eta ? price - stop.eta : price - stop.planned_arrival;
    return el("span", { class: "cell" }, label(t("then")), el("b", {}, time(price)), Math.abs(shift) > 59000 ? el("span", { class: "small soft" }, ` ${delta(shift / 1000)}`) : null);
  }
  const reached = stop.completed ?? stop.started ?? stop.arrived;
  if (isFinal(stop.state) || (isCurrent(stop.state) && reached)) {
    return el("span", { class: "cell" }, label(t("actual")), reached ? el("span", { title: exactTime(reached) }, time(reached)) : "–");
  }
  if (!stop.eta) return el("span", { class: "cell" }, label(t("expected")), "–");
  const range = stop.eta_low && stop.eta_high && stop.eta_high - stop.eta_low > 60000 ? `${time(stop.eta_low)}–${time(stop.eta_high)}` : "";
  const made = stop.eta_made ? tick(el("span", {}), (node) => { node.textContent = t("{age} old", { age: age(stop.eta_made) }); }) : null;
  return el("span", { class: "cell" }, label(t("expected")), el("b", { class: stop.late ? "bad-ink" : "" }, time(stop.eta)),
    " ", el("span", { class: "small soft nowrap", title: t("Range in which 8 of 10 arrivals fall") }, range), " ", el("span", { class: "small soft nowrap" }, made));
}

function state(stop) {
  const late = stop.late && !isFinal(stop.state);
  return el("span", { class: "cell" },
    el("span", { class: `tag ${stopLook(stop.state)}` }, stopWord(stop.state)),
    late && el("span", { class: "tag bad" }, t("{delta} late", { delta: delta(stop.late_s) })),
    stop.at_risk && el("span", { class: "tag warn" }, t("at risk")),
    stop.off_plan && el("span", { class: "tag bad" }, t("off plan")),
    stop.proof && el("a", { class: "tag accent", href: `/proofs/${stop.proof}` }, icon("proofs"), t("proof")));
}

function row(stop, number, options) {
  const fixed = isFinal(stop.state) || isCurrent(stop.state) || stop.state === "cancelled" || !options.editable;
  const price = options.price?.etas?.[stop.id];
  const handle = fixed ? el("span", { class: "soft" }, stop.lock && !isFinal(stop.state) ? icon("lock", true) : "")
    : el("button", { class: "button handle icon-only", type: "button", "aria-label": t("Move {name}", { name: stop.name }), "aria-describedby": "stops-title" }, icon("handle"));
  const then = expected(stop, fixed ? null : price);
  const li = el("li", { class: [fixed ? "fixed-place" : "", options.moved?.has(stop.id) ? "pending moved" : ""].join(" ").trim() || null },
    handle, el("span", { class: "number" }, number), el("span", { class: "name" }, el("b", {}, stop.name), stop.lock && !fixed ? el("span", { class: "tag" }, icon("lock"), t("locked")) : null,
      el("small", { class: "cut" }, stop.reason ? t("reason: {reason}", { reason: reasonWord(stop.reason) }) : stop.address || "")),
    windows(stop), el("span", { class: "cell" }, label(t("plan")), time(stop.planned_arrival)), then, state(stop),
    options.editable && !isFinal(stop.state) && stop.state !== "cancelled"
      ? el("button", { class: "button plain icon-only more", type: "button", "aria-label": t("Change {name}", { name: stop.name }), onclick: () => options.onMenu(stop.id) }, icon("more"))
      : el("span", { class: "more" }));
  li.then = then;
  li.fixed = fixed;
  return li;
}

export function headRow() {
  return el("li", { class: "head", "aria-hidden": "true" }, el("span"), el("span", { class: "number" }, "#"), el("span", {}, t("Stop")), el("span", {}, t("Window")),
    el("span", {}, t("Plan")), el("span", {}, t("Expected or actual")), el("span", {}, t("State")), el("span"));
}

/** Draw the rows; where only the time has moved, only the time is drawn. */
export function drawStops(list, stops, options) {
  const items = stops.map((stop, index) => ({ stop, number: index + 1 }));
  const priced = (stop) => options.price?.etas?.[stop.id];
  const said = ({ stop, number }) => JSON.stringify([stop, number, options.editable, options.moved?.has(stop.id)]);
  const make = (item) => Object.assign(row(item.stop, item.number, options), { said: said(item), priced: priced(item.stop) });
  reconcile(list, items, (item) => item.stop.id, make, (node, item) => {
    const [now, price] = [said(item), priced(item.stop)];
    if (node.said === now) {
      if (node.priced === price) return;
      node.priced = price;
      const then = expected(item.stop, node.fixed ? null : price);
      node.then.replaceWith(then);
      node.then = then;
      return;
    }
    const focused = node.contains(document.activeElement) ? document.activeElement.className.split(" ").find((c) => c === "handle" || c === "more") : null;
    const fresh = make(item);
    node.className = fresh.className;
    for (const name of ["said", "priced", "then", "fixed"]) node[name] = fresh[name];
    node.replaceChildren(...fresh.childNodes);
    if (focused) node.querySelector(`.${focused}`)?.focus();
  });
}
