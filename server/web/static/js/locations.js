/* The places of the list on the plain map. */

import { $, pageData } from "./dom.js";
import { makeMap } from "./ground.js";
import { t } from "./words.js";

const L = window.L;
const places = pageData().places;
const onEarth = places.filter((place) => place.lat !== null);
const inPlant = places.filter((place) => place.lat === null && place.x_m !== null);
const plant = !onEarth.length && inPlant.length > 0;
const shown = plant ? inPlant : onEarth;
const map = makeMap($("#map"), { plant, names: { zoom_in: t("Zoom in"), zoom_out: t("Zoom out") } });
const at = (place) => (plant ? [place.y_m, place.x_m] : [place.lat, place.lon]);
for (const place of shown) {
  L.circleMarker(at(place), { radius: 6, className: "way-left", weight: 3, fillOpacity: 0.6 }).bindTooltip(place.name).addTo(map);
}
if (shown.length) map.fitBounds(L.latLngBounds(shown.map(at)), { padding: [30, 30], maxZoom: plant ? 4 : 14, animate: false });
