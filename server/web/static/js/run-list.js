/* The runs of the day as a plain sortable table: the accessible twin of map and cards. */

import { el } from "./dom.js";
import { isFinal, lateness, planState, runLook, runWord } from "./states.js";
import { time } from "./times.js";
import { visitsOf } from "./run-card.js";
import { t } from "./words.js";

const COLUMNS = [
  ["departure", () => t("Departure"), (run) => run.planned_departure],
  ["run", () => t("Run"), (run) => run.name],
  ["vehicle", () => t("Vehicle"), (run) => run.vehicle_name || ""],
  ["driver", () => t("Driver"), (run) => run.driver_name || ""],
  ["state", () => t("State"), (run) => run.state],
  ["stops", () => t("Stops"), (run) => run.done / Math.max(1, run.total)],
  ["next", () => t("Next"), (run) => nextOf(run)?.eta ?? 0],
  ["late", () => t("Lateness"), (run) => run.late_s || 0],
  ["plan", () => t("Plan"), (run) => run.plan_version],
];

function nextOf(run) {
  return run.state === "underway" ? visitsOf(run).find((stop) => !isFinal(stop.state) && stop.state !== "cancelled") : null;
}

function cells(run) {
  const next = nextOf(run);
  const late = lateness(run);
  const plan = planState(run);
  return [
    time(run.departed_at ?? run.planned_departure),
    el("a", { href: `/runs/${run.id}` }, run.name),
    run.vehicle_name || "–",
    run.driver_name || "–",
    el("span", { class: `tag ${runLook(run.state)}` }, runWord(run.state)),
    `${run.done}/${run.total}`,
    next ? `${next.name}, ${time(next.eta ?? next.planned_arrival)}` : "",
    late ? el("span", { class: `tag ${late.look}` }, late.text) : "",
    el("span", { class: `tag ${plan.look}` }, plan.text),
  ];
}

export function drawList(box, runs, sort, onSort) {
  const [key, way] = (sort || "departure").split("-");
  const column = COLUMNS.find((c) => c[0] === key) || COLUMNS[0];
  const order = way === "down" ? -1 : 1;
  const rows = [...runs].sort((a, b) => {
    const [x, y] = [column[2](a), column[2](b)];
    return (x < y ? -1 : x > y ? 1 : 0) * order;
  });
  const head = COLUMNS.map(([name, word]) => el("th", { scope: "col", "aria-sort": name === column[0] ? (order > 0 ? "ascending" : "descending") : null },
    el("button", { class: "button plain", type: "button", onclick: () => onSort(name === column[0] && order > 0 ? `${name}-down` : name) },
      word(), name === column[0] ? (order > 0 ? " ↑" : " ↓") : "")));
  const body = rows.map((run) => el("tr", {}, cells(run).map((cell, i) => el("td", { "data-label": COLUMNS[i][1]() }, cell))));
  const focus = box.contains(document.activeElement) ? [...box.querySelectorAll("button,a")].indexOf(document.activeElement) : -1;
  box.replaceChildren(el("table", { class: "cards" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
  if (focus >= 0) [...box.querySelectorAll("button,a")][focus]?.focus();
}
