/* Find a location by name, address or number: a field, and a list to choose from. */

import { get } from "./api.js";
import { debounce, el } from "./dom.js";
import { failed } from "./messages.js";
import { t } from "./words.js";

const SHOWN_MAX = 30;

/**
 * Look while somebody types; `choose(place)` hears the choice. Gives a function that looks without typing;
 * `only` then takes the location that is the only one of its kind.
 */
export function placeSearch(field, list, word, choose) {
  const find = debounce(async (text, only = false) => {
    try {
      const found = await get(`/api/v1/locations?q=${encodeURIComponent(text)}`);
      if (only && found.items.length === 1) choose(found.items[0]);
      list.replaceChildren(...found.items.slice(0, SHOWN_MAX).map((place) => el("li", {},
        el("span", {}, el("b", {}, place.name), el("br"), el("small", { class: "soft" }, place.address || "")),
        el("button", { class: "button", type: "button", "aria-label": `${word}: ${place.name}`, onclick: () => choose(place) }, word))));
      if (!found.items.length) list.replaceChildren(el("li", { class: "soft" }, t("No location fits.")));
    } catch (problem) { failed(problem); }
  }, 200);
  field?.addEventListener("input", () => find(field.value));
  return (only) => find(field.value, only);
}
