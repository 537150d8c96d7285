
"use strict";

// Everything that comes from the daemon is set as text: names of nodes are other people's.
const at = id => document.getElementById(id);
const seconds = 300;
const most = 36;
const rates = { egress: [], ingress: [] };
let peers = { total: 0, rows: [] };
let former = { at: 0, bytes: new Map() };
let own = "";

function element(name, text, classes) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (classes) made.className = classes;
  return made;
}

function shape(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function scaled(value, unit) {
  const steps = ["", "k", "M", "G", "T"];
  let step = 0;
  while (value >= 1000 && step < steps.length - 1) { value /= 1000; step++; }
  return `${value >= 100 || step === 0 ? Math.round(value) : value.toFixed(1)} ${steps[step]}${unit}`;
}

function span(total) {
  if (total < 120) return `${Math.round(total)} s`;
  if (total < 7200) return `${Math.round(total / 60)} min`;
  return total < 172800 ? `${Math.round(total / 3600)} h` : `${Math.round(total / 86400)} days`;
}

const roundTrip = micros => micros < 1000 ? `${micros} µs` : `${(micros / 1000).toFixed(micros < 100000 ? 2 : 0)} ms`;
const percent = part => part === 0 ? "0 %" : part < 0.001 ? "< 0.1 %" : `${+(part * 100).toFixed(1)} %`;

function showRate(name, rate) {
  const values = rates[name];
  values.push(rate.bitsPerSecond);
  if (values.length > seconds) values.shift();
  at(`${name}-bits`).textContent = scaled(rate.bitsPerSecond, "bit/s");
  const top = Math.max(...values, 1);
  const more = values.length > 9 ? `top ${scaled(top, "bit/s")} in ${span(values.length)}` : "inner packets";
  at(`${name}-packets`).textContent = `${scaled(rate.packetsPerSecond, "packets/s")}, ${more}`;
  const points = values.map((value, i) => `${300 - (values.length - 1 - i)} ${46 - 44 * value / top}`);
  at(`${name}-curve`).replaceChildren(shape("path", { d: `M${points.join("L")}` }));
}

function showFaults(status) {
  const items = [
    ...status.problems.map(text => element("li", text, "bad")),
    ...status.warnings.map(text => element("li", text, "warn")),
  ];
  if (status.waitingFor) items.unshift(element("li", `overlayd waits for ${status.waitingFor}`, "warn"));
  at("faults").hidden = items.length === 0;
  at("fault-list").replaceChildren(...items);
}

function showDrops(drops) {
  const rows = [...drops].sort((a, b) => b.packets - a.packets).map(drop => {
    const row = element("tr");
    row.append(
      element("td", drop.direction), element("td", drop.reason),
      element("td", drop.packets.toLocaleString("en"), "number"));
    return row;
  });
  at("drops").hidden = rows.length === 0;
  at("no-drops").hidden = rows.length > 0;
  at("drops").tBodies[0].replaceChildren(...rows);
}

function showStatus(status) {
  own = status.node;
  document.title = `${status.node}: ${status.state}`;
  at("node").textContent = status.node;
  at("state").textContent = status.state;
  at("state").className = `pill ${{ forwarding: "good", impaired: "bad" }[status.state] ?? ""}`;
  const facts = [`overlayd ${status.version}`];
  if (status.started) facts.push(`up ${span((Date.now() - Date.parse(status.started)) / 1000)}`);
  if (status.device) facts.push(`${status.device}, VNI ${status.vni}, UDP ${status.port}, MTU ${status.mtu}`);
  const both = (...values) => values.filter(Boolean).join(" and ");
  const cidrs = both(status.subnet, status.subnetV6);
  if (cidrs) facts.push(`pods ${cidrs}`);
  const { underlay, dataplane } = status;
  if (underlay) facts.push(`underlay ${underlay.interface} ${both(underlay.ipv4, underlay.ipv6)}`);
  if (dataplane) facts.push(`${dataplane.queues} ${dataplane.queues === 1 ? "queue" : "queues"}`);
  if (status.capture) facts.push(status.capture);
  at("facts").textContent = facts.join(" · ");
  showFaults(status);
  showRate("egress", status.traffic.egress);
  showRate("ingress", status.traffic.ingress);
  showDrops(status.traffic.recentDrops);

  const store = status.controlPlane;
  const others = [[store.refusedPeers, "refused"], [store.notReadyPeers, "not ready"], [store.heldPeers, "held"]]
    .filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
  at("peer-count").textContent = `${store.acceptedPeers} accepted`;
  at("peer-detail").textContent = others.join(", ") || "no other";
  at("store-state").textContent = store.state;
  at("store-state").className = `figure ${{ connected: "good", disconnected: "bad" }[store.state] ?? "warn"}`;
  const known = [`${store.kind} ${store.source}`];
  if (store.ageSeconds !== null) known.push(`in sync ${span(store.ageSeconds)} ago`);
  if (store.fromSavedState) known.push("peers are those of the last run");
  at("store-detail").textContent = known.join(", ");
}

// The worst family speaks for a peer.
const ranks = ["plain", "good", "warn", "bad"];
const gradeOf = probe =>
  probe.kind === "none" || probe.loss >= 1 ? "bad" : probe.loss > 0 || probe.isNarrow ? "warn" : "good";
const grade = row => ranks[Math.max(0, ...row.probes.map(probe => ranks.indexOf(gradeOf(probe))))];
const each = (row, text) => row.probes.map(text).filter((value, i, all) => all.indexOf(value) === i).join(" / ") || "–";

function summary(row) {
  if (row.probes.length === 0) return row.state;
  if (row.probes.every(probe => probe.rttMicroseconds === null)) return "no answer";
  const lost = Math.max(...row.probes.map(probe => probe.loss));
  const rtt = each(row, probe => probe.rttMicroseconds === null ? "–" : roundTrip(probe.rttMicroseconds));
  return lost > 0 ? `${percent(lost)} lost, ${rtt}` : rtt;
}

function group(row, title) {
  const made = shape("g", { class: row === null ? "own" : grade(row) });
  made.append(shape("title", {}, title));
  return made;
}

function ring(rows) {
  // A unit is a pixel as far as possible, so that names can be read on a phone too.
  const width = Math.min(Math.max(at("mesh").clientWidth, 300), 720);
  const height = rows.length > 2 ? Math.max(380, 720 - width) : 300;
  const drawn = rows.map((row, i) => {
    const angle = 2 * Math.PI * i / rows.length - Math.PI / 2;
    const [x, y] = [width / 2 + Math.cos(angle) * (width / 2 - 75), height / 2 + Math.sin(angle) * (height / 2 - 50)];
    const made = group(row, `${row.node}: ${summary(row)}`);
    made.append(shape("line", { x1: width / 2, y1: height / 2, x2: x, y2: y }), shape("circle", { cx: x, cy: y, r: 9 }));
    if (rows.length <= 16) {
      const below = y < height / 2 ? -26 : 24;
      made.append(
        shape("text", { x, y: y + below }, shortened(row.node)),
        shape("text", { x, y: y + below + 13, class: "quiet" }, summary(row)));
    }
    return made;
  });
  const middle = group(null, own);
  middle.append(
    shape("circle", { cx: width / 2, cy: height / 2, r: 14 }),
    shape("text", { x: width / 2, y: height / 2 + 32 }, shortened(own)));
  return { box: `0 0 ${width} ${height}`, drawn: [...drawn, middle] };
}

function tiles(rows) {
  const columns = 24;
  const drawn = rows.map((row, i) => {
    const made = group(row, `${row.node}: ${summary(row)}`);
    made.append(shape("rect", { x: i % columns * 30, y: Math.floor(i / columns) * 30, width: 28, height: 28, rx: 5 }));
    return made;
  });
  return { box: `0 0 ${columns * 30} ${Math.ceil(rows.length / columns) * 30}`, drawn };
}

const shortened = name => name.length > 24 ? `${name.slice(0, 23)}…` : name;

function showMesh() {
  const rows = peers.rows;
  const { box, drawn } = rows.length > most ? tiles(rows) : ring(rows);
  const count = name => rows.filter(row => grade(row) === name).length;
  const mesh = at("mesh");
  mesh.setAttribute("viewBox", box);
  mesh.setAttribute("aria-label", `${rows.length} peers: ${count("good")} sound, `
    + `${count("warn")} lose packets or have a narrow path, ${count("bad")} do not answer, ${count("plain")} not probed`);
  mesh.replaceChildren(...drawn);
}

function cell(label, text, classes) {
  const made = element("td", text, classes);
  made.dataset.label = label;
  return made;
}

function rowsOf(row) {
  const made = element("tr");
  made.append(
    cell("Node", row.node), cell("State", row.state, { accepted: "good", refused: "bad" }[row.state] ?? "warn"),
    cell("Pod CIDRs", row.podCidrs.join(" ")), cell("Underlay", row.underlay.join(" ")), cell("Path", row.path ?? "–"),
    cell("Traffic", row.rate === undefined ? "–" : scaled(row.rate, "bit/s"), "number"),
    cell("Loss", each(row, probe => percent(probe.loss)), `number ${grade(row)}`),
    cell("Round trip", each(row, probe => probe.rttMicroseconds === null ? "–" : roundTrip(probe.rttMicroseconds)), "number"),
    cell("Path MTU", each(row, probe => probe.mtu === null ? "–" : `${probe.mtu}`), "number"));
  const notes = [row.reason, ...row.probes.flatMap(probe => probe.notes)].filter(Boolean);
  if (notes.length === 0) return [made];
  const below = element("tr");
  const text = element("td", undefined, "note");
  text.colSpan = 9;
  text.append(...[...new Set(notes)].map(note => element("p", note)));
  below.append(text);
  return [made, below];
}

function showRows() {
  const wanted = at("filter").value.trim().toLowerCase();
  const rows = peers.rows.filter(row => [row.node, row.state, ...row.podCidrs, ...row.underlay]
    .some(text => text.toLowerCase().includes(wanted)));
  at("rows").textContent = peers.total > peers.rows.length
    ? `the ${peers.rows.length} worst of ${peers.total}; all: overlayctl peers`
    : "";
  at("peers").tBodies[0].replaceChildren(...rows.flatMap(rowsOf));
}

// Both directions, from one event to the next.
function addRates(rows) {
  const now = performance.now();
  const passed = (now - former.at) / 1000;
  for (const row of rows) {
    const before = former.bytes.get(row.node);
    if (before !== undefined && row.bytes !== null) row.rate = Math.max(0, row.bytes - before) * 8 / passed;
  }
  former = { at: now, bytes: new Map(rows.filter(row => row.bytes !== null).map(row => [row.node, row.bytes])) };
}

function showPeers(report) {
  peers = report;
  addRates(peers.rows);
  showMesh();
  showRows();
}

function say(text) {
  at("connection").textContent = text;
  at("connection").hidden = text === "";
}

let source = null;

function listen() {
  if (document.hidden || source !== null) return;
  const opened = source = new EventSource("events");
  opened.onopen = () => say("");
  opened.addEventListener("status", event => showStatus(JSON.parse(event.data)));
  opened.addEventListener("peers", event => showPeers(JSON.parse(event.data)));
  opened.onerror = () => {
    const isOver = opened.readyState === EventSource.CLOSED;
    say(isOver
      ? "overlayd sends nothing: it may have as many viewers as it takes. It is asked again."
      : "The connection to overlayd is lost; the figures are those of before. It is tried again.");
    if (!isOver) return;
    opened.close();
    if (source === opened) source = null;
    setTimeout(listen, 5000);
  };
}

// Nobody looks at a hidden page: its place is another viewer's, and peers are not probed for it.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return listen();
  source?.close();
  source = null;
});

at("filter").addEventListener("input", showRows);
addEventListener("resize", showMesh);
listen();
