/* Rotate and enlarge a photo; the file itself is never changed. */

import { $, $$ } from "./dom.js";

for (const button of $$("[data-turn]")) {
  let turns = 0;
  button.addEventListener("click", () => {
    const image = $("img", button.closest("section"));
    image.classList.remove(`turn-${turns}`);
    turns = (turns + 1) % 4;
    if (turns) image.classList.add(`turn-${turns}`);
  });
}
for (const button of $$("[data-zoom]")) {
  button.addEventListener("click", () => {
    const big = $("img", button.closest("section")).classList.toggle("big");
    button.setAttribute("aria-pressed", String(big));
  });
}
