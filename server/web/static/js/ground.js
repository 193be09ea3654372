/* The ground the maps stand on when there are no tiles: a graticule with labels and a scale bar. */

import { lang } from "./words.js";

const L = window.L;
const STEPS = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const PLANT_STEPS = [500, 200, 100, 50, 20, 10, 5, 2, 1];
const LINES = 4;
const MARGIN_PX = 80;

function stepFor(width, steps) {
  return steps.find((step) => width / step >= LINES) || steps.at(-1);
}

function degrees(value, positive, negative, step) {
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
  const number = new Intl.NumberFormat(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(Math.abs(value));
  return `${number}° ${value >= 0 ? positive : negative}`;
}

/** Lines of equal latitude and longitude, or metres in a plant; redrawn when the view changes. */
export function graticule(map, { plant = false } = {}) {
  const layer = L.layerGroup().addTo(map);
  const pane = map.createPane("ground");
  pane.style.zIndex = 150;
  const line = (points) => L.polyline(points, { className: "grat", interactive: false, pane: "ground" }).addTo(layer);
  const label = (at, text) => {
    const node = document.createElement("span");
    node.className = "grat-label";
    node.textContent = text;
    L.marker(at, { icon: L.divIcon({ className: "", html: node, iconSize: [0, 0] }), interactive: false, keyboard: false, pane: "ground" }).addTo(layer);
  };
  function draw() {
    layer.clearLayers();
    const box = map.getBounds();
    const size = map.getSize();
    const steps = plant ? PLANT_STEPS : STEPS;
    const step = stepFor(Math.max(box.getEast() - box.getWest(), 1e-4), steps);
    const bottom = map.containerPointToLatLng([0, size.y - 20]).lat;
    for (let lon = Math.ceil(box.getWest() / step) * step; lon < box.getEast(); lon += step) {
      line([[box.getSouth(), lon], [box.getNorth(), lon]]);
      const x = map.latLngToContainerPoint([bottom, lon]).x;
      if (x > MARGIN_PX && x < size.x - 2.5 * MARGIN_PX) label([bottom, lon], plant ? `${Math.round(lon)} m` : degrees(lon, "E", "W", step));
    }
    const tall = plant ? step : stepFor(Math.max(box.getNorth() - box.getSouth(), 1e-4), steps);
    const left = map.containerPointToLatLng([6, 0]).lng;
    for (let lat = Math.ceil(box.getSouth() / tall) * tall; lat < box.getNorth(); lat += tall) {
      line([[lat, box.getWest()], [lat, box.getEast()]]);
      const y = map.latLngToContainerPoint([lat, left]).y;
      if (y > 1.2 * MARGIN_PX && y < size.y - 30) label([lat, left], plant ? `${Math.round(lat)} m` : degrees(lat, "N", "S", tall));
    }
  }
  map.on("moveend zoomend resize", draw);
  draw();
  return layer;
}

/** A map on the plain ground; in a plant one unit is one metre. */
export function makeMap(node, { plant = false, names = {} } = {}) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(node, {
    crs: plant ? L.CRS.Simple : L.CRS.EPSG3857,
    zoomControl: false, attributionControl: false, zoomSnap: 0.25, wheelPxPerZoomLevel: 120, minZoom: plant ? -4 : 2, maxZoom: plant ? 5 : 19,
    zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still,
  });
  L.control.zoom({ position: "topleft", zoomInTitle: names.zoom_in || "+", zoomOutTitle: names.zoom_out || "−" }).addTo(map);
  if (!plant) L.control.scale({ imperial: false, position: "bottomright", maxWidth: 120 }).addTo(map);
  map.setView(plant ? [0, 0] : [51, 10], plant ? 0 : 5);
  graticule(map, { plant });
  return map;
}
