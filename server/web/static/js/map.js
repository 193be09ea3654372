/* The live map: places as shapes by state, lines by plan, vehicles with the age of their position. */

import { el, icon, svg } from "./dom.js";
import { makeMap } from "./ground.js";
import { isFinal, isOpen, isRunning, runTone, stopShape, stopLook, stopWord } from "./states.js";
import { store } from "./store.js";
import { age, now, time } from "./times.js";
import { visitsOf } from "./run-card.js";
import { t } from "./words.js";

const L = window.L;
const OLD_MS = 120000;
const MARKS = { tick: "m7 11 3 3 5-6", cross: "m7.5 7.5 7 7m0-7-7 7" };

const point = (thing) => (thing.lat !== undefined && thing.lat !== null ? [thing.lat, thing.lon]
  : thing.x_m !== undefined && thing.x_m !== null ? [thing.y_m, thing.x_m] : null);

function stopIcon(stop, number, faint) {
  const late = stop.late && !isFinal(stop.state);
  const shape = late ? "square" : stopShape(stop.state);
  const look = late ? "warn" : stopLook(stop.state);
  const body = shape === "square" ? svg("rect", { class: "body", x: 2, y: 2, width: 18, height: 18, rx: 3 })
    : svg("circle", { class: "body", cx: 11, cy: 11, r: shape === "ring" ? 9.5 : 8.5 });
  const mark = MARKS[shape] ? svg("path", { class: "mark", d: MARKS[shape] })
    : svg("text", { x: 11, y: 11.5 }, String(number));
  const node = el("div", { class: `pin ${look}${faint ? " faint" : ""}` }, svg("svg", { viewBox: "0 0 22 22", "aria-hidden": "true" }, body, mark));
  return L.divIcon({ className: "", html: node, iconSize: [22, 22], iconAnchor: [11, 11] });
}

function depotIcon() {
  const node = el("div", { class: "pin depot" }, svg("svg", { viewBox: "0 0 22 22" },
    svg("rect", { class: "body", x: 2, y: 2, width: 18, height: 18, rx: 4 }), svg("path", { class: "mark", d: "M6 15V9.5l5-3.5 5 3.5V15" })));
  return L.divIcon({ className: "", html: node, iconSize: [22, 22], iconAnchor: [11, 11] });
}

function truckIcon(run, position, chosen) {
  const old = now() - position.at > OLD_MS;
  const label = run.vehicle_name || run.name;
  const node = el("div", { class: `truck ${run.lane} ${runTone(run) === "bad" ? "late" : ""} ${old ? "old" : ""} ${chosen ? "chosen" : ""}` },
    el("span", { class: "shape" }, icon(run.lane === "plant" ? "tugger" : "van")),
    el("span", { class: "name" }, old ? t("{name} ? {age} old", { name: label, age: age(position.at) }) : label));
  return L.divIcon({ className: "", html: node, iconSize: [30, 30], iconAnchor: [15, 15] });
}

function popup(run, stop) {
  const eta = isFinal(stop.state) ? null : stop.eta ?? stop.planned_arrival;
  return el("div", {}, el("b", {}, stop.name), el("br"), el("span", {}, stopWord(stop.state), eta ? `, ${t("expected {time}", { time: time(eta) })}` : ""),
    el("br"), el("a", { href: `/runs/${run.id}` }, run.name));
}

export class LiveMap {
  constructor(node, { plant = false, onChoose = () => {} } = {}) {
    this.plant = plant;
    this.onChoose = onChoose;
    this.map = makeMap(node, { plant, names: { zoom_in: t("Zoom in"), zoom_out: t("Zoom out") } });
    this.lines = L.layerGroup().addTo(this.map);
    this.stops = L.layerGroup().addTo(this.map);
    this.trucks = new Map();
    this.fitted = false;
    this.chosen = "";
    setInterval(() => this.drawTrucks(), 10000);
    new ResizeObserver(() => this.resized(node)).observe(node);
  }

  resized(node) {
    this.map.invalidateSize({ animate: false });
    if (!this.fitted && node.offsetWidth) this.fit();
  }

  mine() {
    const wanted = this.plant ? "plant" : "road";
    return store.all("run").filter((run) => run.lane === wanted && run.state !== "cancelled" && this.shows(run));
  }

  shows() { return true; }

  points() {
    const found = this.mine().flatMap((run) => [run.start, run.end, ...visitsOf(run)].filter(Boolean).map(point));
    return found.filter(Boolean);
  }

  fit(points = this.points()) {
    if (!points.length || !this.map.getSize().x) return;
    this.map.fitBounds(L.latLngBounds(points), { paddingTopLeft: [56, 60], paddingBottomRight: [110, 48], maxZoom: this.plant ? 4 : 15, animate: false });
    this.fitted = true;
  }

  draw() {
    this.lines.clearLayers();
    this.stops.clearLayers();
    const seen = new Set();
    const weight = (run) => (run.id === this.chosen ? 2 : isRunning(run) ? 1 : 0);
    const runs = this.mine().sort((a, b) => weight(a) - weight(b));
    for (const run of runs) this.drawLines(run);
    for (const run of runs.reverse()) this.drawPlaces(run, seen);
    this.drawTrucks();
    if (!this.fitted) this.fit();
  }

  drawPlaces(run, seen) {
    const faint = Boolean(this.chosen) && this.chosen !== run.id;
    for (const place of [run.start, run.end]) if (place && point(place)) this.depot(place, seen);
    visitsOf(run).forEach((stop, index) => this.pin(run, stop, index + 1, faint, seen));
  }

  drawLines(run) {
    const chosen = this.chosen === run.id;
    const faint = Boolean(this.chosen) && !chosen;
    const stops = visitsOf(run);
    const way = [run.start, ...stops, run.end].filter(Boolean);
    const all = way.map(point).filter(Boolean);
    const open = stops.filter(isOpen);
    const running = run.state === "underway" || run.state === "loading";
    if (all.length > 1) this.line(all, "way-plan", faint ? 1 : 2, "4 6", run);
    const done = stops.filter((stop) => isFinal(stop.state)).map(point).filter(Boolean);
    if (running && !faint) {
      const behind = [run.start && point(run.start), ...done].filter(Boolean);
      const left = [behind.at(-1), ...open.map(point), run.end && point(run.end)].filter(Boolean);
      if (behind.length > 1) this.line(behind, "way-done", chosen ? 5 : 3, null, run);
      if (left.length > 1) this.line(left, `way-left${chosen ? " way-chosen" : ""}`, chosen ? 5 : 3, null, run);
    }
  }

  line(points, name, weight, dashes, run) {
    L.polyline(points, { className: name, weight, dashArray: dashes }).on("click", () => this.onChoose(run.id)).addTo(this.lines);
  }

  depot(place, seen) {
    if (seen.has(place.id)) return;
    seen.add(place.id);
    L.marker(point(place), { icon: depotIcon(), title: place.name, alt: place.name, zIndexOffset: 200 }).addTo(this.stops);
  }

  pin(run, stop, number, faint, seen) {
    const at = point(stop);
    if (!at || stop.state === "hidden" || seen.has(stop.location)) return;
    seen.add(stop.location);
    L.marker(at, { icon: stopIcon(stop, number, faint), title: `${number} ${stop.name}, ${stopWord(stop.state)}`, alt: stop.name, zIndexOffset: faint ? 0 : 300 })
      .bindPopup(() => popup(run, stop)).addTo(this.stops);
  }

  drawTrucks() {
    const alive = new Set();
    const shown = new Map(this.mine().map((run) => [run.id, run]));
    for (const position of store.all("position")) {
      const run = shown.get(position.run);
      const at = run && point(position);
      if (!at || !["loading", "underway", "acknowledged", "dispatched"].includes(run.state)) continue;
      alive.add(position.id);
      this.truck(position, run, at);
    }
    for (const [id, marker] of this.trucks) if (!alive.has(id)) { marker.remove(); this.trucks.delete(id); }
  }

  truck(position, run, at) {
    let marker = this.trucks.get(position.id);
    if (!marker) {
      marker = L.marker(at, { zIndexOffset: 1000, keyboard: false, icon: truckIcon(run, position, this.chosen === run.id) }).on("click", () => this.onChoose(marker.run)).addTo(this.map);
      this.trucks.set(position.id, marker);
    }
    marker.run = run.id;
    marker.setLatLng(at);
    const look = `${runTone(run)}|${now() - position.at > OLD_MS ? age(position.at) : ""}|${this.chosen === run.id}|${run.vehicle_name}`;
    if (marker.look !== look) {
      marker.look = look;
      marker.setIcon(truckIcon(run, position, this.chosen === run.id));
    }
  }

  choose(run_id) {
    this.chosen = run_id;
    this.draw();
    const run = run_id && store.one("run", run_id);
    if (run && (run.lane === "plant") === this.plant) {
      this.fit([run.start, run.end, ...visitsOf(run)].filter(Boolean).map(point).filter(Boolean));
    }
  }
}
