/* One event stream with its own way of coming back; works in a page and in a shared worker. */

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30000;
const SILENT_MS = 40000;
const KINDS = ["run", "stop", "order", "position", "exception", "device", "andon", "vehicle", "place", "proof", "import",
  "call", "stock", "handover", "job"];

export class Stream {
  /** `tell({type, kind, data, rev})` hears everything; `type` is change, beat, resync, open or lost. */
  constructor(tell) {
    this.tell = tell;
    this.topics = "";
    this.rev = 0;
    this.failures = 0;
    this.source = null;
    this.heard_at = 0;
    this.timer = 0;
    setInterval(() => this.watch(), 5000);
  }

  /** Follow these topics from this revision on; what was missed since then is told again. */
  follow(topics, rev) {
    const behind = rev < this.rev;
    if (topics === this.topics && this.source && !behind) return;
    this.topics = topics;
    if (!this.rev || behind) this.rev = rev;
    this.open();
  }

  open() {
    this.stop();
    if (!this.topics) return;
    const url = `/api/v1/board/stream?topics=${encodeURIComponent(this.topics)}&since=${this.rev}`;
    const source = new EventSource(url);
    this.source = source;
    this.heard_at = Date.now();
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.change(kind, event));
    source.addEventListener("beat", (event) => this.beat(JSON.parse(event.data)));
    source.addEventListener("resync", (event) => this.heard({ type: "resync", data: JSON.parse(event.data) }));
    source.addEventListener("bye", () => this.again());
    source.onerror = () => this.again();
  }

  heard(message) {
    this.heard_at = Date.now();
    this.tell(message);
  }

  beat(data) {
    this.failures = 0;
    this.heard({ type: "beat", data });
  }

  change(kind, event) {
    const { rev = 0, ...data } = JSON.parse(event.data);
    // Only the last change of a revision carries its id: whoever was cut before asks for all again.
    this.rev = Math.max(Number(event.lastEventId || 0), this.rev);
    this.heard({ type: "change", kind, data, rev });
  }

  again() {
    this.stop();
    this.tell({ type: "lost", since: this.heard_at });
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures) * (0.5 + Math.random() / 2);
    this.failures += 1;
    this.timer = setTimeout(() => this.open(), wait);
  }

  watch() {
    if (this.source && Date.now() - this.heard_at > SILENT_MS) this.again();
  }

  stop() {
    clearTimeout(this.timer);
    if (this.source) this.source.close();
    this.source = null;
  }
}
