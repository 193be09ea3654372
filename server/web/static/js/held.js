/* Decisions about what devices reported: one button, at most one question, then the page anew. */

import { post } from "./api.js";
import { $ } from "./dom.js";
import { confirmStep, failed, told } from "./messages.js";
import { refresh } from "./shell.js";
import { t } from "./words.js";

const data = JSON.parse($("#page-data").textContent);

/** What the button asks for before it acts; null when it was called off. */
async function asked(button) {
  const { reason, ask, value, choices } = button.dataset;
  if (!reason && !value) return {};
  const answer = await confirmStep({
    title: button.textContent, text: [], yes: button.textContent, input: ask,
    choices: choices ? data[choices] : null, required: Boolean(value) || reason === "required",
    danger: button.classList.contains("danger"),
  });
  if (answer === null) return null;
  return value ? { [value]: answer } : { reason: answer };
}

async function act(button) {
  const more = await asked(button);
  if (more === null) return;
  button.disabled = true;
  try {
    await post(button.dataset.path, { ...JSON.parse(button.dataset.body), ...more });
    told(button.dataset.said || t("Saved."));
    await refresh("#page");
    const heading = $("#page h1");
    heading.tabIndex = -1;
    heading.focus();
  } catch (problem) {
    failed(problem, () => act(button));
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-path]");
  if (button) act(button);
});
