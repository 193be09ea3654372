/* One stream for all tabs of this browser: topics of the tabs together, changes to each. */

import { Stream } from "./stream.js";

const ports = new Map();
let recent = null;
const stream = new Stream((message) => {
  if (message.type === "beat") recent = message;
  for (const port of ports.keys()) port.postMessage(message);
});

function follow(rev) {
  const topics = [...new Set([...ports.values()].flat())].sort().join(",");
  stream.follow(topics, rev);
}

self.onconnect = (event) => {
  const port = event.ports[0];
  port.onmessage = ({ data }) => {
    if (data.leave) {
      ports.delete(port);
    } else {
      ports.set(port, data.topics);
      if (recent) port.postMessage(recent);
    }
    follow(data.rev || stream.rev);
  };
  port.start();
};
