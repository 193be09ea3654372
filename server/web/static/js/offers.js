/* Where does a stop fit best: the cheapest runs of the day, or a run of its own; one press takes it. */

import { post } from "./api.js";
import { $, el, icon } from "./dom.js";
import { snapshot } from "./live.js";
import { confirmStep, failed, told } from "./messages.js";
import { placeSearch } from "./places.js";
import { delta, kilometres, span, time } from "./times.js";
import { what } from "./unfit.js";
import { t } from "./words.js";

const CAUSES = {
  only_late: () => t("No run can take this stop without somebody being late."),
  capacity_used_up: () => t("No run has room left for these goods."),
};

/** Wire the dialog; `page` names the day that is looked at. */
export function offers(page) {
  const dialog = $("#offers");
  if (!dialog) return;
  let place = null;
  let asked = 0;
  const find = placeSearch($("#offers-find"), $("#offers-places"), t("Choose"), choose);

  /** The dialog and what is looked for stand in the address, so that a link shows the same. */
  function remember(text) {
    const query = new URLSearchParams(location.search);
    if (text === null) query.delete("new"); else query.set("new", text);
    history.replaceState(null, "", location.pathname + (query.size ? `?${query}` : ""));
  }

  function open(text) {
    show(null);
    $("#offers-find").value = text;
    dialog.showModal();
    find(Boolean(text));
  }

  function show(chosen) {
    place = chosen;
    $("#offers-choose").hidden = Boolean(place);
    $("#offers-chosen").hidden = !place;
    $("#offers-list").replaceChildren();
    $("#offers-name").textContent = place?.name || "";
    remember(place?.name || "");
  }

  function choose(found) {
    show(found);
    $("#offers-service").value = String(Math.round((found.service_fixed_s ?? 300) / 60));
    look();
  }

  function stop() {
    const lines = Number($("#offers-kg").value) > 0 || Number($("#offers-qty").value) > 0
      ? [{ part_no: $("#offers-part").value.trim() || t("Goods"), qty: Number($("#offers-qty").value) || 1, weight_kg: Number($("#offers-kg").value) || null,
        direction: $("#offers-way").value }] : [];
    return { op: "insert", location_id: place.id, service_s: Number($("#offers-service").value || 0) * 60, lines };
  }

  async function look() {
    const [from, to] = [$("#offers-from").value, $("#offers-to").value];
    const number = (asked += 1);
    $("#offers-list").replaceChildren(el("li", { class: "skeleton", role: "status" }, el("span", { class: "sr" }, t("Computing the price"))));
    try {
      const found = await post("/api/v1/offers", { service_date: page.date, stop: stop(), between: from && to ? [from, to] : null });
      if (number === asked) draw(found);
    } catch (problem) {
      $("#offers-list").replaceChildren();
      failed(problem);
    }
  }

  function draw(found) {
    const why = CAUSES[found.unfit_cause];
    $("#offers-list").replaceChildren(...(why ? [el("li", { class: "why" }, icon("warn", true), " ", why())] : []),
      ...found.offers.map((offer, index) => row(offer, found.stop, index === 0 && !why)));
  }

  function row(offer, wanted, first) {
    const name = offer.ad_hoc ? t("A run of its own") : offer.name;
    const figures = offer.ad_hoc
      ? t("takes {span}, {km}, leaves {time}", { span: span(offer.delta_end_s * 1000), km: kilometres(offer.delta_m), time: time(offer.planned_departure) })
      : t("return {delta}, way {km}, as stop {n}", { delta: delta(offer.delta_end_s), km: kilometres(offer.delta_m), n: offer.position });
    const late = offer.ad_hoc && offer.late_s > 0 ? [{ cause: "delay", duration_s: offer.late_s, stop: place.name }] : [];
    const lines = [...(offer.unfit || []), ...late].map((one) => el("small", { class: "bad-ink" }, icon("warn", true), " ", what({ ...one, stop: one.stop || place.name }, () => place.name)));
    return el("li", { "data-offer": offer.run_id || "ad_hoc" },
      el("span", {}, el("b", {}, name), el("small", { class: "soft" }, figures),
        el("small", { class: "soft" }, t("there at {time}", { time: time(offer.arrival) })), lines),
      el("button", { class: first ? "button first" : "button", type: "button", "aria-label": `${offer.ad_hoc ? t("Open") : t("Insert")}: ${name}`,
        onclick: () => take(offer, wanted, name) }, offer.ad_hoc ? t("Open") : t("Insert")));
  }

  async function take(offer, wanted, name) {
    const worse = (offer.unfit || []).map((one) => what({ ...one, stop: one.stop || place.name }, () => place.name));
    if (worse.length && !(await confirmStep({ title: t("Accept with new problems?"), danger: true, yes: t("Accept all the same"), text: worse }))) return;
    try {
      if (offer.ad_hoc) await post("/api/v1/runs", { service_date: page.date, planned_departure: offer.planned_departure, stops: [wanted] });
      else await post(`/api/v1/runs/${offer.run_id}/order`, { ops: [{ ...wanted, after: offer.after }], expected_plan_version: offer.plan_version });
      dialog.close();
      told(offer.ad_hoc ? t("A run of its own is open for {stop}.", { stop: place.name }) : t("{name} is on {run} now.", { name: place.name, run: name }));
      await snapshot();
    } catch (problem) {
      failed(problem);
      if (problem.code === "plan_version") look();
    }
  }

  $("#offers-open").addEventListener("click", () => open(""));
  dialog.addEventListener("close", () => remember(null));
  $("#offers-other").addEventListener("click", () => { show(null); find(); $("#offers-find").focus(); });
  $("#offers-form").addEventListener("submit", (event) => { event.preventDefault(); if (place) look(); });
  const asked_for = new URLSearchParams(location.search).get("new");
  if (asked_for !== null) open(asked_for);
}
