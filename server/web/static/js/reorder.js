/* Changes the order of rows by drag, by keyboard and by number; fixed rows stay. */

import { $$, say } from "./dom.js";
import { hold, release } from "./live.js";
import { t } from "./words.js";

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * `list` holds rows with data-key; rows with the class `fixed-place` do not move and nothing passes them.
 * `onMove(key, index)` hears the final place, `onTry(key, index)` every place on the way.
 */
export class Reorder {
  constructor(list, { onMove, onTry = () => {}, nameOf = (key) => key }) {
    this.list = list;
    this.onMove = onMove;
    this.onTry = onTry;
    this.nameOf = nameOf;
    this.lifted = null;
    this.listen();
    this.sortable();
  }

  rows() { return $$(":scope > li[data-key]", this.list); }

  movable() { return this.rows().filter((row) => !row.classList.contains("fixed-place")); }

  sortable() {
    if (!window.Sortable) return;
    let tried = -1;
    this.drag = window.Sortable.create(this.list, {
      handle: ".handle", draggable: "li[data-key]:not(.fixed-place)", animation: still() ? 0 : 150, forceFallback: true,
      fallbackOnBody: false, fallbackTolerance: 4, scroll: true, direction: "vertical",
      onMove: (event) => !event.related.classList.contains("fixed-place"),
      onStart: () => { hold(); tried = -1; },
      onChange: (event) => {
        const index = this.movable().indexOf(event.item);
        if (index !== tried) this.onTry(event.item.dataset.key, (tried = index));
      },
      onEnd: (event) => {
        release();
        const index = this.movable().indexOf(event.item);
        if (event.oldIndex !== event.newIndex) this.onMove(event.item.dataset.key, index);
      },
    });
  }

  listen() {
    this.list.addEventListener("keydown", (event) => {
      const handle = event.target.closest(".handle");
      if (!handle) return;
      const row = handle.closest("li");
      if (event.key === " " || event.key === "Enter") {
        event.preventDefault();
        if (this.lifted) this.drop(); else this.lift(row);
      } else if (this.lifted && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        event.preventDefault();
        this.step(event.key === "ArrowUp" ? -1 : 1);
      } else if (this.lifted && event.key === "Escape") {
        event.preventDefault();
        this.cancel();
      }
    });
    this.list.addEventListener("focusout", (event) => {
      if (this.lifted && !this.moving && !this.list.contains(event.relatedTarget)) this.cancel();
    });
  }

  lift(row) {
    hold();
    this.lifted = row;
    this.before = this.rows();
    this.from = this.movable().indexOf(row);
    row.classList.add("lifted");
    row.querySelector(".handle").setAttribute("aria-pressed", "true");
    say(t("{name} lifted, position {n} of {total}. Arrows move, Space drops, Escape cancels.", this.place(row)));
  }

  place(row) {
    const all = this.movable();
    return { name: this.nameOf(row.dataset.key), n: all.indexOf(row) + 1, total: all.length };
  }

  step(way) {
    const all = this.movable();
    const index = all.indexOf(this.lifted);
    const other = all[index + way];
    if (!other) return say(t("This is the end; finished stops keep their place."));
    this.moving = true;
    if (way < 0) other.before(this.lifted); else other.after(this.lifted);
    this.lifted.querySelector(".handle").focus();
    this.moving = false;
    this.onTry(this.lifted.dataset.key, index + way);
    return say(t("{name}, position {n} of {total}", this.place(this.lifted)));
  }

  drop() {
    const row = this.lifted;
    const place = this.place(row);
    this.end();
    say(t("{name} dropped at position {n} of {total}", place));
    if (place.n - 1 !== this.from) this.onMove(row.dataset.key, place.n - 1);
    else this.onTry(null, -1);
  }

  cancel() {
    const row = this.lifted;
    this.moving = true;
    for (const one of this.before) this.list.append(one);
    if (document.activeElement === document.body || row.contains(document.activeElement)) row.querySelector(".handle").focus();
    this.moving = false;
    this.end();
    this.onTry(null, -1);
    say(t("Cancelled; {name} is where it was.", { name: this.nameOf(row.dataset.key) }));
  }

  end() {
    this.lifted.classList.remove("lifted");
    this.lifted.querySelector(".handle").removeAttribute("aria-pressed");
    this.lifted = null;
    release();
  }

  busy() { return Boolean(this.lifted) || Boolean(this.list.querySelector(".sortable-chosen")); }
}
