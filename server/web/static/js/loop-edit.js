/* The loop editor: stops, windows, proof, timetable; the draft saves itself. */

import { get, post, put } from "./api.js";
import { $, debounce, el, icon, pageData, reconcile, say } from "./dom.js";
import { makeMap } from "./ground.js";
import { confirmStep, failed, told } from "./messages.js";
import { Reorder } from "./reorder.js";
import { Timetable } from "./timetable.js";
import { t } from "./words.js";

const L = window.L;
const page = pageData();
const places = page.places;
const PARTS = { photo: () => t("photo"), signature: () => t("signature"), recipient: () => t("name of the recipient"), scan: () => t("scan"), quantity: () => t("quantities"), note: () => t("note") };
const LEVELS = { "": () => t("as the site"), required: () => t("required"), warn: () => t("asked once"), optional: () => t("optional"), off: () => t("off") };
const CAUSES = { not_closed: () => t("The loop does not end where it starts."), no_stops: () => t("There is no stop."), no_departures: () => t("There is no departure."),
  unknown_location: () => t("A location does not exist any more."), no_coordinate: () => t("A location has no coordinates."), no_offset: () => t("A station has no time after departure."),
  offsets_not_rising: () => t("The times after departure must rise."), priority_order: () => t("A first or last stop is not at its end."),
  departure_no_twice: () => t("Two departures have the same number."), no_normal_timetable: () => t("There is no normal timetable.") };
const KEYS = ["rrule", "anchor_date", "start_location", "end_location", "end_offset_s", "end_leg_m", "vehicle_class", "vehicle_ids", "proof", "resequence_mode",
  "driver_order", "holiday_rule", "allow_double", "cut_off_s", "breaks", "note", "stops", "departures"];

const version = page.version || { rrule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", anchor_date: page.today, start_location: null, end_location: null, holiday_rule: "skip", stops: [], departures: [] };
let number = page.version && !page.published ? page.version.version : null;
let keys = 0;
for (const stop of version.stops) stop.key = `s${(keys += 1)}`;
const shortTime = (text) => (text || "").slice(0, 5);

/* ---- map ------------------------------------------------------------------------------------ */

const map = makeMap($("#map"), { plant: page.plant, names: { zoom_in: t("Zoom in"), zoom_out: t("Zoom out") } });
const drawn = L.layerGroup().addTo(map);
const at = (place) => (place && place.lat !== null && !page.plant ? [place.lat, place.lon] : place && place.x_m !== null && page.plant ? [place.y_m, place.x_m] : null);

function drawMap() {
  drawn.clearLayers();
  const start = places[version.start_location];
  const points = [start, ...version.stops.map((stop) => places[stop.location_id]), start].map(at).filter(Boolean);
  if (points.length > 1) L.polyline(points, { className: "way-left", weight: 3 }).addTo(drawn);
  version.stops.forEach((stop, i) => {
    const place = places[stop.location_id];
    if (at(place)) L.circleMarker(at(place), { radius: 8, className: "way-left", weight: 3, fillOpacity: 0.15 }).bindTooltip(`${i + 1} ${place.name}`).addTo(drawn);
  });
  if (points.length) map.fitBounds(L.latLngBounds(points), { padding: [30, 30], maxZoom: page.plant ? 4 : 14, animate: false });
}

/* ---- saving --------------------------------------------------------------------------------- */

function body() {
  const wanted = {};
  for (const key of KEYS) if (version[key] !== undefined && version[key] !== null) wanted[key] = version[key];
  wanted.end_location = version.start_location;
  wanted.stops = version.stops.map(({ key, ...stop }) => Object.fromEntries(Object.entries(stop).filter(([, value]) => value !== null)));
  wanted.departures = version.departures.map((line) => Object.fromEntries(Object.entries(line).filter(([, value]) => value !== null)));
  return wanted;
}

function showVersion() {
  $("#version-tag").textContent = number ? t("v{n}, draft", { n: number }) : page.version ? t("v{n}, published", { n: page.version.version }) : t("nothing saved yet");
}

function showProblems(found) {
  $("#problems").replaceChildren(...(found.length ? [el("div", { class: "notice warn" }, icon("warn"), el("div", {},
    el("b", {}, t("Before publishing:")), el("ul", {}, found.map((one) => el("li", {}, (CAUSES[one.cause] || (() => one.cause))(), one.subject ? ` (${one.subject})` : "")))))] : []));
}

async function save() {
  if (!version.start_location) { $("#saved").textContent = t("Choose where the loop starts."); return false; }
  $("#saved").textContent = t("saving …");
  try {
    const answer = number ? await put(`/api/v1/loops/${page.id}/versions/${number}`, body()) : await post(`/api/v1/loops/${page.id}/versions`, body());
    number = answer.version;
    $("#saved").textContent = t("Draft saved.");
    showProblems(answer.violations || []);
    showVersion();
    await window.htmx.ajax("GET", `/loops/${page.id}/preview?version=${number}`, { target: "#preview", select: "#preview", swap: "outerHTML" });
    return true;
  } catch (problem) {
    $("#saved").textContent = t("Not saved.");
    failed(problem, save);
    return false;
  }
}

const saveSoon = debounce(save, 700);
const changed = () => { $("#saved").textContent = t("not saved yet"); drawStops(); drawMap(); saveSoon(); };

/* ---- stops ---------------------------------------------------------------------------------- */

function about(stop) {
  const place = places[stop.location_id];
  const words = [];
  const windows = stop.windows?.length ? stop.windows.map((w) => `${shortTime(w.start_local)}–${shortTime(w.end_local)}`) : place?.windows?.map(([a, b]) => `${shortTime(a)}–${shortTime(b)}`) || [];
  if (page.plant) words.push(stop.offset_s === undefined || stop.offset_s === null ? t("no time yet") : t("+{n} min", { n: stop.offset_s / 60 }));
  else if (windows.length) words.push(windows.slice(0, 2).join(", "));
  const service = stop.service_s ?? place?.service_s;
  if (service) words.push(t("{n} min service", { n: Math.round(service / 6) / 10 }));
  const proof = Object.entries(stop.proof || {}).filter(([, level]) => level === "required").map(([part]) => PARTS[part]());
  if (proof.length) words.push(t("required: {what}", { what: proof.join(", ") }));
  if (stop.kind === "contingency") words.push(t("only when switched on"));
  return words.join(" · ");
}

function row(stop, index) {
  const name = places[stop.location_id]?.name || "?";
  const handle = page.may_write ? el("button", { class: "button handle icon-only", type: "button", "aria-label": t("Move {name}", { name }) }, icon("handle")) : el("span");
  return [handle, el("span", { class: "number" }, index + 1), el("span", { class: "name" }, el("b", {}, name), el("small", {}, about(stop))),
    page.may_write ? el("button", { class: "button plain cell", type: "button", onclick: () => openStop(stop), "aria-label": t("Times and proof of {name}", { name }) }, t("Times and proof")) : el("span"),
    page.may_write ? el("button", { class: "button plain icon-only more", type: "button", "aria-label": t("Remove {name}", { name }), onclick: () => removeStop(stop) }, icon("trash")) : el("span")];
}

function drawStops() {
  const items = version.stops.map((stop, index) => ({ stop, index }));
  reconcile($("#stops"), items, ({ stop }) => stop.key, ({ stop, index }) => el("li", {}, row(stop, index)),
    (node, { stop, index }) => {
      const focused = node.contains(document.activeElement) && document.activeElement.classList.contains("handle");
      node.replaceChildren(...row(stop, index));
      if (focused) node.querySelector(".handle").focus();
    });
  $("#no-stops").hidden = items.length > 0;
}

function removeStop(stop) {
  version.stops.splice(version.stops.indexOf(stop), 1);
  changed();
  say(t("{name} removed.", { name: places[stop.location_id]?.name }));
}

new Reorder($("#stops"), {
  nameOf: (key) => places[version.stops.find((stop) => stop.key === key)?.location_id]?.name,
  onMove: (key, index) => {
    const from = version.stops.findIndex((stop) => stop.key === key);
    version.stops.splice(index, 0, version.stops.splice(from, 1)[0]);
    changed();
  },
});

let edited = null;
function openStop(stop) {
  edited = stop;
  $("#stop-title").textContent = places[stop.location_id]?.name || "";
  $("#s-from").value = shortTime(stop.windows?.[0]?.start_local);
  $("#s-to").value = shortTime(stop.windows?.[0]?.end_local);
  const minutes = (s) => (s === undefined || s === null ? "" : String(s / 60));
  $("#s-service").value = minutes(stop.service_s);
  $("#s-offset").value = minutes(stop.offset_s);
  $("#s-leg").value = stop.leg_m ?? "";
  $("#s-kind").value = stop.kind || "fixed";
  $("#s-priority").value = stop.priority || "none";
  for (const node of document.querySelectorAll("[data-road]")) node.hidden = page.plant;
  for (const node of document.querySelectorAll("[data-plant]")) node.hidden = !page.plant;
  $("#s-proof").replaceChildren(...Object.entries(PARTS).map(([part, word]) => el("label", { class: "field" }, el("span", { class: "small" }, word()),
    el("select", { dataset: { part } }, Object.entries(LEVELS).map(([level, name]) => el("option", { value: level, selected: (stop.proof?.[part] || "") === level }, name()))))));
  $("#stop").showModal();
}

$("#stop-form").addEventListener("submit", () => {
  const seconds = (id) => ($(id).value === "" ? null : Math.round(Number($(id).value) * 60));
  const [from, to] = [$("#s-from").value, $("#s-to").value];
  edited.windows = from && to ? [{ days: edited.windows?.[0]?.days ?? 127, start_local: from, end_local: to }, ...(edited.windows || []).slice(1)] : [];
  edited.service_s = seconds("#s-service");
  edited.kind = $("#s-kind").value;
  edited.priority = $("#s-priority").value;
  if (page.plant) {
    edited.offset_s = seconds("#s-offset");
    edited.leg_m = $("#s-leg").value === "" ? null : Number($("#s-leg").value);
  }
  edited.proof = Object.fromEntries([...document.querySelectorAll("#s-proof select")].filter((one) => one.value).map((one) => [one.dataset.part, one.value]));
  changed();
});

function take(place) {
  places[place.id] = { ...place, service_s: place.service_fixed_s, windows: (place.windows || []).map((w) => [w.start_local, w.end_local]) };
  version.stops.push({ key: `s${(keys += 1)}`, location_id: place.id, kind: "fixed", proof: {}, windows: [] });
  changed();
  say(t("{name} added as stop {n}.", { name: place.name, n: version.stops.length }));
}

const find = debounce(async (text) => {
  try {
    const found = await get(`/api/v1/locations?q=${encodeURIComponent(text)}`);
    $("#add-places").replaceChildren(...found.items.slice(0, 60).map((place) => el("li", {}, el("span", {}, el("b", {}, place.name), el("br"), el("small", { class: "soft" }, place.address || "")),
      el("button", { class: "button", type: "button", onclick: (event) => { take(place); event.currentTarget.replaceChildren(icon("check")); } }, t("Add")))));
    if (!found.items.length) $("#add-places").replaceChildren(el("li", { class: "soft" }, t("No location fits.")));
  } catch (problem) { failed(problem); }
}, 200);
$("#add-stop")?.addEventListener("click", () => { $("#add").showModal(); find($("#add-find").value); });
$("#add-find").addEventListener("input", (event) => find(event.target.value));

/* ---- start, timetable, publish -------------------------------------------------------------- */

const homes = Object.values(places).filter((place) => ["depot", "supermarket", "dock", "supplier"].includes(place.kind) || place.id === version.start_location);
$("#start").append(el("option", { value: "" }, t("choose …")), ...homes.map((place) => el("option", { value: place.id, selected: place.id === version.start_location }, place.name)));
$("#start").disabled = !page.may_write;
$("#start").addEventListener("change", (event) => { version.start_location = event.target.value || null; changed(); });
new Timetable(version, () => { $("#saved").textContent = t("not saved yet"); saveSoon(); }, page.may_write);

$("#publish")?.addEventListener("click", async () => {
  const from = $("#valid-from").value;
  if (!number && !(await save())) return;
  const sure = await confirmStep({ title: t("Publish version {n}?", { n: number }), yes: t("Publish"),
    text: t("From {date} on the runs of this loop follow it. A published version never changes; later changes make a new one.", { date: from }) });
  if (!sure) return;
  try {
    await save();
    await post(`/api/v1/loops/${page.id}/versions/${number}/publish`, { valid_from: from });
    told(t("Published. The runs of the next 14 days are being made."));
    location.reload();
  } catch (problem) { failed(problem); }
});

showVersion();
drawStops();
drawMap();
if (page.version) window.htmx.ajax("GET", `/loops/${page.id}/preview?version=${page.version.version}`, { target: "#preview", select: "#preview", swap: "outerHTML" });
