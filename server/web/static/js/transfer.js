/* Give one stop to another run of the day: choose, say why, done; Undo on either run takes it back. */

import { get, post } from "./api.js";
import { confirmStep, failed, told } from "./messages.js";
import { time } from "./times.js";
import { t } from "./words.js";

const OPEN = ["planned", "dispatched"];

async function others(page) {
  const here = await get(`/api/v1/runs/${page.id}`);
  const day = await get(`/api/v1/runs?date=${here.run.service_date}`);
  return day.items.filter((one) => one.id !== page.id && OPEN.includes(one.plan_state) && !one.returned_at);
}

/** Ask for the run and move the stop there, to its cheapest place. */
export async function transfer(page, run, stop) {
  try {
    const found = await others(page);
    if (!found.length) {
      told(t("There is no other open run on this day."), "warn");
      return;
    }
    const choices = Object.fromEntries(found.map((one) => [one.id, `${one.name}, ${time(one.planned_departure_at)}`]));
    const target = await confirmStep({
      title: t("Move {name} to another run", { name: stop.name }), text: t("Its goods go with it; it gets its cheapest place there. Undo takes it back."),
      yes: t("Move"), input: t("Run"), choices, required: true,
    });
    if (!target) return;
    const to = found.find((one) => one.id === target);
    await post(`/api/v1/runs/${page.id}/transfer`, {
      visits: [stop.id], to_run: target, expected_plan_version: run.plan_version, expected_to_version: to.plan_version,
    });
    told(t("{name} is on {run} now.", { name: stop.name, run: to.name }));
  } catch (problem) {
    failed(problem);
  }
}
