// The live page: pictures twice a second, passages as they happen, how the gate stands, and the stream that tells of it.
"use strict";

const PICTURE_EVERY_MS = 500;
const PICTURE_AGAIN_MS = 2000;
const CONNECT_FIRST_MS = 1000;
const CONNECT_LONGEST_MS = 30000;
const ANSWER_WITHIN_MS = 8000;
const STANDING_EVERY_MS = 15000;
const ALARM_LASTS_MS = 120000;
const SHOWN_AT_ONCE = 10;
const SILENT_BEATS = 2.5;

const cards = new Map([...document.querySelectorAll("[data-lane]")].map((card) => [card.dataset.lane, card]));
const shown = new Map(); // passage id -> its time in ms, for every entry of the list, which is newest first

// Passages

function subjectOf(passage) {
  return passage.subject_label || say("console.live.nobody_known");
}

function verdictOf(passage) {
  return say(passage.kept_shut ? "console.live.kept_shut" : `verdict.${passage.verdict}`);
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
  entry.dataset.verdict = passage.kept_shut ? "ask" : passage.verdict;
  entry.dataset.passage = passage.id;
  const head = element("div", "passage-head");
  const verdict = element("span", "verdict");
  const mark = element("span", "mark");
  mark.setAttribute("aria-hidden", "true");
  verdict.append(mark, element("span", "", verdictOf(passage)));
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
  const at = Date.parse(passage.at);
  const isOlder = (other) => shown.get(other.dataset.passage) <= at;
  const older = list.lastChild && isOlder(list.lastChild) ? [...list.children].find(isOlder) : null;
  list.insertBefore(entry, older || null);
  shown.set(passage.id, at);
  while (list.children.length > page.keep) {
    shown.delete(list.lastChild.dataset.passage);
    list.lastChild.remove();
  }
  byId("nobody").hidden = true;
  if (fresh) speak(passage);
}

function showPassages(passages) {
  // What fits on a screen first: an old PC paints it sooner without the rest.
  for (const passage of passages.slice(0, SHOWN_AT_ONCE)) showPassage(passage, false);
  const rest = passages.slice(SHOWN_AT_ONCE);
  if (rest.length) setTimeout(() => rest.forEach((passage) => showPassage(passage, false)), 0);
}

function speak(passage) {
  const facts = {
    lane: passage.lane_name,
    subject: subjectOf(passage),
    verdict: verdictOf(passage),
    reason: say(`reason.${passage.reason}`),
  };
  byId("spoken").textContent = say("console.live.spoken", facts);
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
}

function markPicture(card) {
  const box = part(card, "picture");
  const state = part(card, "camera").dataset.state;
  const words = part(card, "picture-words");
  const has = box.querySelector("img") !== null;
  box.toggleAttribute("data-stale", has && state !== "live");
  words.hidden = has && state === "live";
  words.textContent = state === "live" ? say("console.live.no_picture") : say(`camera_state.${state}`);
  sayOfPicture(card.dataset.lane);
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
    drawLive(lane, next);
    again(PICTURE_EVERY_MS);
  });
  next.addEventListener("error", () => again(PICTURE_AGAIN_MS));
  next.src = `/lanes/${encodeURIComponent(lane)}/picture.jpg?at=${Date.now()}`;
}

function drawLive(lane, picture) {
  // The questions of this lane show the same picture, which is not fetched again for them.
  for (const canvas of document.querySelectorAll("canvas[data-live]")) {
    // What is scrolled away is drawn when it comes back: with many questions an old PC would do nothing else.
    if (canvas.dataset.live !== lane || canvas.checkVisibility?.({ contentVisibilityAuto: true }) === false) continue;
    if (canvas.width !== picture.naturalWidth) canvas.width = picture.naturalWidth;
    if (canvas.height !== picture.naturalHeight) canvas.height = picture.naturalHeight;
    canvas.getContext("2d").drawImage(picture, 0, 0);
  }
}

// Everything at once: at the start, and whenever news were missed

function showLate(late) {
  byId("late").hidden = late.length === 0;
  byId("late-words").textContent = late.length ? say("console.live.late", { names: late.join(", ") }) : "";
}

function showNow(now) {
  serverAtMs = Date.parse(now.at);
  toldAtMs = performance.now();
  looks += 1; // what is under way to us is older than this
  for (const lane of now.lanes) {
    showCamera(lane.id, lane.camera);
    showBarrier(lane.id, lane.barrier);
  }
  showQuestions(now.questions);
  showNotes(now.notes);
  showStanding(now.standing);
  showPassages(now.passages);
  byId("nobody").hidden = shown.size > 0;
  showLate(now.late);
  byId("unread").hidden = !now.fault;
  byId("unread-words").textContent = now.fault || "";
}

function signInAgain() {
  location.assign("/sign-in?why=again");
}

async function reload() {
  // Whether the gate answered.
  try {
    const told = await fetch("/now", { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (told.status === 401) signInAgain();
    if (!told.ok) return told.status < 500;
    const now = await told.json();
    const known = now.lanes.length === cards.size && now.lanes.every((lane) => cards.has(lane.id));
    if (!known) location.reload();
    else showNow(now);
    return true;
  } catch (unreachable) {
    return false;
  }
}

// The stream

let source = null;
let position = page.now.position;
let heardAt = Date.now();
let lostAt = 0; // when the connection was lost, 0 while there is one
let tries = 0;
let next = 0; // the timer of the next try, 0 while none is waited for

function showLink(state) {
  document.body.dataset.link = state;
  byId("link").dataset.state = state;
  byId("link-words").textContent = say(`console.live.${state}`);
  lostAt = state !== "lost" ? 0 : lostAt || Date.now();
  byId("lost").hidden = state !== "lost";
  showLostFor();
}

function showLostFor() {
  const seconds = Math.round((Date.now() - lostAt) / 1000);
  byId("lost-for").textContent = lostAt ? say("console.live.lost_for", { seconds }) : "";
}

function listen(topic, act) {
  source.addEventListener(topic, (event) => {
    heardAt = Date.now();
    position = event.lastEventId || position;
    act(JSON.parse(event.data));
  });
}

function connect() {
  clearTimeout(next);
  if (source) source.close();
  heardAt = Date.now();
  source = new EventSource(`/events?after=${encodeURIComponent(position)}`);
  source.addEventListener("open", () => {
    heardAt = Date.now();
    tries = 0;
    showLink("connected");
  });
  source.addEventListener("error", connectLater);
  listen("passage", (passage) => {
    showPassage(passage, true);
    if (passage.verdict !== "open" || passage.kept_shut) lookAgain();
  });
  listen("ring", lookAgain);
  listen("notice", lookAgain);
  listen("question", (question) => {
    const others = question.who ? question.who !== page.who : question.how === "known";
    if (others && asked.has(question.id)) toast(say(`question_over.${question.how}`, { who: question.who }));
    endQuestion(question.id);
  });
  listen("notes", reload);
  listen("barrier", (barrier) => showBarrier(barrier.lane, barrier, barrier.at));
  listen("camera", (camera) => showCamera(camera.lane, camera));
  listen("community", (community) => showLate(community.late));
  listen("beat", () => undefined);
  listen("reload", reload);
  listen("signed-out", () => { source.close(); signInAgain(); });
}

function connectLater() {
  // By ourselves and not by the browser: it would ask a gate that is being started again every other second.
  source.close();
  showLink("lost");
  clearTimeout(next);
  const waitMs = Math.min(CONNECT_LONGEST_MS, CONNECT_FIRST_MS * 2 ** tries) * (0.75 + Math.random() / 2);
  tries += 1;
  next = setTimeout(connectNow, waitMs);
}

async function connectNow() {
  clearTimeout(next);
  next = 0;
  heardAt = Date.now();
  if (await reload()) connect();
  else connectLater();
}

function checkSilence() {
  if (next || Date.now() - heardAt < page.beat_ms * SILENT_BEATS) return;
  connectLater(); // a pulled cable closes no connection
}

showNow(page.now);
connect();
setInterval(checkSilence, 5000);
setInterval(showLostFor, 1000);
setInterval(lookAtStanding, STANDING_EVERY_MS);
window.addEventListener("online", connectNow);
byId("connect-now").addEventListener("click", connectNow);
for (const [lane, card] of cards) refreshPicture(lane, card);
if (page.may_open) {
  for (const button of document.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => openLane(button.dataset.open));
  }
}
