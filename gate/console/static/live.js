// The live page: pictures twice a second, passages as they happen, and the order to open with its reason.
"use strict";

const PICTURE_EVERY_MS = 500;
const PICTURE_AGAIN_MS = 2000;
const CONNECT_AGAIN_MS = 3000;
const ATTENTION_LASTS_MS = 60000;
const ALARM_LASTS_MS = 120000;
const SILENT_BEATS = 2.5;

const title = document.title;
const cards = new Map([...document.querySelectorAll("[data-lane]")].map((card) => [card.dataset.lane, card]));
const shown = new Map(); // passage id -> its time in ms, for every entry of the list, which is newest first
const attention = new Map(); // passage id -> { passage, entry, until }

// Passages

function subjectOf(passage) {
  return passage.subject_label || say("console.live.nobody_known");
}

function cropOf(passage) {
  const nothing = element("span", "crop", "—");
  nothing.setAttribute("aria-hidden", "true");
  if (!passage.snapshot) return nothing;
  const crop = element("img", "crop");
  crop.alt = say("console.live.crop_of");
  crop.loading = "lazy";
  crop.addEventListener("error", () => crop.replaceWith(nothing), { once: true });
  crop.src = `/snapshots/${encodeURIComponent(passage.snapshot)}.jpg`;
  return crop;
}

function entryOf(passage) {
  const entry = element("li", "passage");
  entry.dataset.verdict = passage.verdict;
  entry.dataset.passage = passage.id;
  const head = element("div", "passage-head");
  const verdict = element("span", "verdict");
  const mark = element("span", "mark");
  mark.setAttribute("aria-hidden", "true");
  verdict.append(mark, element("span", "", say(`verdict.${passage.verdict}`)));
  head.append(element("span", "subject", subjectOf(passage)), verdict);
  const facts = element("p", "facts");
  const when = element("time", "", passage.when);
  when.dateTime = passage.at;
  facts.append(when, element("span", "", passage.lane_name));
  if (typeof passage.score === "number") {
    facts.append(element("span", "", say("console.live.score", { score: passage.score.toFixed(2) })));
  }
  entry.append(cropOf(passage), head, element("p", "why", say(`reason.${passage.reason}`)), facts);
  return entry;
}

function showPassage(passage, fresh) {
  if (shown.has(passage.id)) return;
  const entry = entryOf(passage);
  if (fresh) entry.classList.add("fresh");
  const list = byId("passages");
  const older = [...list.children].find((other) => shown.get(other.dataset.passage) <= Date.parse(passage.at));
  list.insertBefore(entry, older || null);
  shown.set(passage.id, Date.parse(passage.at));
  while (list.children.length > page.keep) {
    shown.delete(list.lastChild.dataset.passage);
    list.lastChild.remove();
  }
  byId("nobody").hidden = true;
  if (passage.verdict === "ask") attend(passage);
  if (fresh) speak(passage);
}

function speak(passage) {
  const facts = {
    lane: passage.lane_name,
    subject: subjectOf(passage),
    verdict: say(`verdict.${passage.verdict}`),
    reason: say(`reason.${passage.reason}`),
  };
  byId(passage.verdict === "ask" ? "spoken-now" : "spoken").textContent = say("console.live.spoken", facts);
}

// What needs the guard

let serverAheadMs = 0;

function attend(passage) {
  const until = Date.parse(passage.at) + ATTENTION_LASTS_MS;
  if (attention.has(passage.id) || until <= Date.now() + serverAheadMs) return;
  const entry = entryOf(passage);
  const deeds = element("div", "deeds");
  if (page.may_open && cards.has(passage.lane_id)) {
    const open = element("button", "main-button", say("console.live.open_lane", { lane: passage.lane_name }));
    open.type = "button";
    open.addEventListener("click", () => askReason(passage.lane_id, passage.id));
    deeds.append(open);
  }
  const done = element("button", "quiet", say("console.live.handled"));
  done.type = "button";
  done.addEventListener("click", () => handled(passage.id));
  deeds.append(done);
  entry.append(deeds);
  attention.set(passage.id, { passage, entry, until });
  byId("attention-list").prepend(entry);
  countAttention();
}

function handled(id) {
  const waiting = attention.get(id);
  if (!waiting) return;
  const hadFocus = waiting.entry.contains(document.activeElement);
  waiting.entry.remove();
  attention.delete(id);
  countAttention();
  if (hadFocus) byId("main").focus();
}

function countAttention() {
  byId("attention").hidden = attention.size === 0;
  byId("attention-count").textContent = attention.size;
  document.title = attention.size ? `(${say("console.live.waiting", { count: attention.size })}) ${title}` : title;
}

function forgetOldAttention() {
  const now = Date.now() + serverAheadMs;
  for (const [id, waiting] of attention) if (waiting.until <= now) handled(id);
}

// Lanes

function showState(card, name, state, code) {
  const row = part(card, name);
  row.dataset.state = state;
  part(row, "words").textContent = say(`${name}_state.${state}`);
  part(row, "code").textContent = code || "";
}

function showCamera(lane, camera) {
  const card = cards.get(lane);
  if (!card) return;
  showState(card, "camera", camera.state, camera.state === "live" ? "" : camera.reason);
  markPicture(card);
}

function showAlarm(lane, alarm) {
  const card = cards.get(lane);
  byId("alarm-words").textContent = `${card ? `${card.dataset.name}: ` : ""}${say(alarm)}`;
  byId("alarm").hidden = false;
  clearTimeout(showAlarm.timer);
  showAlarm.timer = setTimeout(() => { byId("alarm").hidden = true; }, ALARM_LASTS_MS);
}

function showBarrier(lane, barrier, at) {
  if (at && barrier.alarm) showAlarm(lane, barrier.alarm);
  const card = cards.get(lane);
  if (!card) return;
  showState(card, "barrier", barrier.state, barrier.fault);
  // The gate opening by itself for the next comer answers nothing for the one who waits.
  if (!at || barrier.raised_by === "passage" || !["opening", "open", "held", "released", "ajar"].includes(barrier.state)) return;
  for (const [id, waiting] of attention) {
    // Somebody opened after the question was put: at another page, or with a remote control.
    if (waiting.passage.lane_id === lane && Date.parse(waiting.passage.at) <= Date.parse(at)) handled(id);
  }
}

function markPicture(card) {
  const box = part(card, "picture");
  const state = part(card, "camera").dataset.state;
  const words = part(card, "picture-words");
  const has = box.querySelector("img") !== null;
  box.toggleAttribute("data-stale", has && state !== "live");
  words.hidden = has && state === "live";
  words.textContent = state === "live" ? say("console.live.no_picture") : say(`camera_state.${state}`);
}

function refreshPicture(lane, card) {
  const again = (delay) => setTimeout(() => refreshPicture(lane, card), delay);
  if (document.hidden) {
    document.addEventListener("visibilitychange", () => refreshPicture(lane, card), { once: true });
    return;
  }
  const next = new Image();
  next.alt = say("console.live.picture_of", { lane: card.dataset.name });
  next.addEventListener("load", () => {
    const box = part(card, "picture");
    const before = box.querySelector("img");
    if (before) before.replaceWith(next);
    else box.prepend(next);
    markPicture(card);
    again(PICTURE_EVERY_MS);
  });
  next.addEventListener("error", () => again(PICTURE_AGAIN_MS));
  next.src = `/lanes/${encodeURIComponent(lane)}/picture.jpg?at=${Date.now()}`;
}

// Everything at once: at the start, and whenever news were missed

function showLate(late) {
  byId("late").hidden = late.length === 0;
  byId("late-words").textContent = late.length ? say("console.live.late", { names: late.join(", ") }) : "";
}

function showNow(now) {
  serverAheadMs = Date.parse(now.at) - Date.now();
  for (const lane of now.lanes) {
    showCamera(lane.id, lane.camera);
    showBarrier(lane.id, lane.barrier);
  }
  for (const passage of [...now.passages].reverse()) showPassage(passage, false);
  byId("nobody").hidden = shown.size > 0;
  showLate(now.late);
  byId("unread").hidden = !now.fault;
  byId("unread-words").textContent = now.fault || "";
}

async function reload() {
  try {
    const answer = await fetch("/now");
    if (answer.status === 401) location.assign("/sign-in");
    if (!answer.ok) return;
    const now = await answer.json();
    const known = now.lanes.length === cards.size && now.lanes.every((lane) => cards.has(lane.id));
    if (!known) return location.reload();
    showNow(now);
  } catch (unreachable) {
    showLink("lost"); // the stream tries again by itself
  }
}

// The stream

let source = null;
let position = page.now.position;
let heardAt = Date.now();

function showLink(state) {
  document.body.dataset.link = state;
  byId("link").dataset.state = state;
  byId("link-words").textContent = say(`console.live.${state}`);
  byId("lost").hidden = state !== "lost";
}

function listen(topic, act) {
  source.addEventListener(topic, (event) => {
    heardAt = Date.now();
    position = event.lastEventId || position;
    act(JSON.parse(event.data));
  });
}

function connect() {
  if (source) source.close();
  heardAt = Date.now();
  source = new EventSource(`/events?after=${encodeURIComponent(position)}`);
  source.addEventListener("open", () => { heardAt = Date.now(); showLink("connected"); });
  source.addEventListener("error", () => {
    showLink("lost");
    if (source.readyState !== EventSource.CLOSED) return; // it connects again by itself
    setTimeout(() => reload().then(connect), CONNECT_AGAIN_MS);
  });
  listen("passage", (passage) => showPassage(passage, true));
  listen("barrier", (barrier) => showBarrier(barrier.lane, barrier, barrier.at));
  listen("camera", (camera) => showCamera(camera.lane, camera));
  listen("community", (community) => showLate(community.late));
  listen("beat", () => undefined);
  listen("reload", reload);
  listen("signed-out", () => { source.close(); location.assign("/sign-in"); });
}

function checkSilence() {
  if (Date.now() - heardAt < page.beat_ms * SILENT_BEATS) return;
  showLink("lost"); // a pulled cable closes no connection
  connect();
}

// The order to open

let order = null; // { lane, passage, id } while the dialog is open

function askReason(lane, passage) {
  order = { lane, passage, id: randomId() };
  askWhy(say("console.live.open_lane", { lane: cards.get(lane).dataset.name }));
}

async function sendOrder(event) {
  event.preventDefault();
  const given = order;
  byId("ask-go").disabled = true;
  try {
    const answer = await post(`/lanes/${encodeURIComponent(given.lane)}/open`, { request_id: given.id });
    if (answer.status === 401) location.assign("/sign-in");
    const said = await answer.json();
    if (!answer.ok) return showAskFault(said.message);
    byId("ask").close();
    toast(said.message);
    if (given.passage) handled(given.passage);
  } catch (unreachable) {
    showAskFault(say("console.live.not_sent"));
  } finally {
    byId("ask-go").disabled = false;
  }
}

showNow(page.now);
connect();
setInterval(checkSilence, 5000);
setInterval(forgetOldAttention, 1000);
for (const [lane, card] of cards) refreshPicture(lane, card);
if (page.may_open) {
  for (const button of document.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => askReason(button.dataset.open, null));
  }
  byId("ask-form").addEventListener("submit", sendOrder);
}
