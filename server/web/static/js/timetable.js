/* The timetable of a version: service days as a rule, departures by time or by takt. */

import { $, $$, el, icon } from "./dom.js";
import { lang, t } from "./words.js";

const CODES = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const A_MONDAY = Date.UTC(2024, 0, 1);
const dayName = (i) => new Intl.DateTimeFormat(lang, { weekday: "short", timeZone: "UTC" }).format(A_MONDAY + i * 86400000);

export function daysOfRule(rrule) {
  const part = /(?:^|;)BYDAY=([A-Z,]+)/.exec(rrule || "");
  if (part) return part[1].split(",");
  return /FREQ=DAILY/.test(rrule || "") && !/INTERVAL=(?!1\b)/.test(rrule || "") ? [...CODES] : [];
}

const ruleOf = (days) => (days.length === 7 ? "FREQ=DAILY" : `FREQ=WEEKLY;BYDAY=${CODES.filter((code) => days.includes(code)).join(",")}`);

function options(id, chosen) {
  const select = el("select", {});
  select.append($(`#${id}`).content.cloneNode(true));
  select.value = chosen || "";
  return select;
}

function labelled(text, field) {
  return el("label", { class: "field" }, el("span", { class: "small" }, text), field);
}

const numberOf = (line) => line.departure_no ?? line.base_no ?? 0;
const freeNumber = (lines) => 1 + Math.max(0, ...lines.map((line) => (line.headway_s ? numberOf(line) + 100 : numberOf(line))));

export class Timetable {
  constructor(version, onChange, editable) {
    this.version = version;
    this.onChange = onChange;
    this.editable = editable;
    this.fields();
    this.draw();
  }

  fields() {
    const chosen = daysOfRule(this.version.rrule);
    $("#days").replaceChildren(...CODES.map((code, i) => el("label", { class: "check" },
      el("input", { type: "checkbox", value: code, checked: chosen.includes(code), disabled: !this.editable, onchange: () => this.days() }), dayName(i))));
    const bind = (id, key) => {
      const field = $(`#${id}`);
      field.value = this.version[key] || "";
      field.disabled = !this.editable;
      field.addEventListener("change", () => {
        this.version[key] = field.value.trim();
        if (key === "rrule") this.mark();
        this.onChange();
      });
    };
    bind("rrule", "rrule");
    bind("anchor", "anchor_date");
    bind("holiday", "holiday_rule");
    $("#add-time")?.addEventListener("click", () => this.add({ departure_no: freeNumber(this.version.departures), time_local: "08:00" }));
    $("#add-takt")?.addEventListener("click", () => this.add({ base_no: freeNumber(this.version.departures), first_local: "06:00", last_local: "14:00", headway_s: 1200 }));
  }

  mark() {
    const chosen = daysOfRule(this.version.rrule);
    for (const box of $$("#days input")) box.checked = chosen.includes(box.value);
  }

  days() {
    const chosen = $$("#days input:checked").map((box) => box.value);
    if (!chosen.length) return this.mark();
    this.version.rrule = ruleOf(chosen);
    $("#rrule").value = this.version.rrule;
    return this.onChange();
  }

  add(line) {
    this.version.departures.push({ timetable_no: 1, day_offset: 0, vehicle_id: null, driver_id: null, ...line });
    this.draw();
    this.onChange();
  }

  draw() {
    const rows = this.version.departures.map((line, index) => this.row(line, index));
    $("#departures").replaceChildren(...(rows.length ? rows : [el("p", { class: "soft" }, t("No departure yet: add a time, or a takt for a tugger loop."))]));
  }

  row(line, index) {
    const change = (key, read) => (event) => { line[key] = read(event.target.value); this.onChange(); };
    const field = (type, key, value, read, more = {}) => el("input", { type, value, disabled: !this.editable, onchange: change(key, read), required: true, ...more });
    const text = (value) => value;
    const id = (value) => value || null;
    const vehicle = options("vehicle-options", line.vehicle_id);
    const driver = options("driver-options", line.driver_id);
    vehicle.disabled = driver.disabled = !this.editable;
    vehicle.addEventListener("change", change("vehicle_id", id));
    driver.addEventListener("change", change("driver_id", id));
    const times = line.headway_s
      ? [labelled(t("first"), field("time", "first_local", line.first_local, text)), labelled(t("before"), field("time", "last_local", line.last_local, text)),
        labelled(t("every, minutes"), field("number", "headway_s", String(line.headway_s / 60), (v) => Math.round(Number(v) * 60), { min: 1, max: 1440, step: 0.5 }))]
      : [labelled(t("leaves"), field("time", "time_local", line.time_local, text))];
    const remove = this.editable ? el("button", { class: "button plain icon-only", type: "button", "aria-label": t("Remove this departure"), onclick: () => this.remove(index) }, icon("trash")) : el("span");
    return el("div", { class: line.headway_s ? "departure takt" : "departure" }, times, labelled(t("vehicle"), vehicle), labelled(t("driver"), driver), remove);
  }

  remove(index) {
    this.version.departures.splice(index, 1);
    this.draw();
    this.onChange();
  }
}
