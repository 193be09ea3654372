/* A new loop leads straight to its editor. */

import { post } from "./api.js";
import { $ } from "./dom.js";
import { failed } from "./messages.js";
import { bodyOf } from "./shell.js";

$("#new-loop-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const made = await post("/api/v1/loops", bodyOf(event.target));
    location.assign(`/loops/${made.id}/edit`);
  } catch (problem) {
    failed(problem);
  }
});
