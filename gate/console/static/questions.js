// What waits for the guard: shown with everything to decide it by, and answered with a key or a button.
"use strict";

const KEYS = { o: "open", x: "refuse", c: "call" };
const NO_DECISION = { rang: "console.live.rang_reason", kept_shut: "console.live.kept_shut_reason" };
const SETTLES_MS = 700; // after the list has changed by itself, a key that was on its way to the one before is not taken
const REMINDED_MS = 20000;
const MOST_GONE = 1000; // a page may stand for weeks

const title = document.title;
const asked = new Map(); // question id -> { question, entry }
let first = null; // the id of the question that the keys are for
let settledAt = 0;
let remindedAt = 0;
let serverAtMs = 0; // the gate's clock when it was last told, and ours then: a clock that is set moves neither
let toldAtMs = 0;
let looks = 0;
const gone = new Set(); // those that are over: a list that was under way when they ended does not bring them back

// Showing

function figure(picture, words) {
  const made = element("figure", "shown");
  made.append(picture, element("figcaption", "", words));
  return made;
}

function pictureOf(address, words, alternative) {
  const picture = element("img");
  const made = figure(picture, words);
  picture.alt = alternative;
  picture.addEventListener("error", () => made.remove(), { once: true });
  picture.src = address;
  return made;
}

function picturesOf(question) {
  const here = `/questions/${encodeURIComponent(question.id)}`;
  const live = element("canvas", "", say("console.live.no_picture"));
  live.dataset.live = question.lane_id;
  live.setAttribute("role", "img");
  live.setAttribute("aria-label", say("console.live.picture_of", { lane: question.lane_name }));
  const made = [figure(live, "")];
  for (const snapshot of question.snapshots) {
    const address = `/snapshots/${encodeURIComponent(snapshot)}.jpg`;
    made.push(pictureOf(address, say("console.live.crop_of"), say("console.live.crop_of")));
  }
  if (question.meant && question.meant.photo) {
    const words = say("console.live.enrolled_photo");
    made.push(pictureOf(`${here}/photo.jpg`, words, `${words}: ${question.meant.label}`));
  }
  return made;
}

function sayOfPicture(lane) {
  // An empty picture must not look like an empty road.
  const card = cards.get(lane);
  const state = card ? part(card, "camera").dataset.state : "lost";
  for (const { question, entry } of asked.values()) {
    if (question.lane_id !== lane) continue;
    const shown = entry.querySelector(".shown");
    shown.dataset.camera = state;
    shown.querySelector("figcaption").textContent = say(state === "live" ? "console.live.now_there" : `camera_state.${state}`);
  }
}

function factsOf(question) {
  const meant = question.meant;
  const told = [];
  // Isolated: behind a name that is written from the right, 3-2-501 would stand as 501-2-3.
  const apart = (text) => `\u2068${text}\u2069`;
  if (meant) told.push([say("console.live.may_be"), [meant.label, meant.household].filter(Boolean).map(apart).join(" · ")]);
  if (meant && meant.read) told.push([say("console.live.was_read"), meant.read]);
  if (typeof question.score === "number") told.push([say("console.live.likeness"), question.score.toFixed(2)]);
  const list = element("dl", "meant");
  for (const [name, value] of told) {
    const row = element("div");
    row.append(element("dt", "", name), element("dd", "", value));
    list.append(row);
  }
  for (const call of question.calls) {
    const row = element("div", "call");
    row.dataset.state = call.state;
    row.append(element("dt", "", call.household), element("dd", "", say(`call_state.${call.state}`)));
    list.append(row);
  }
  return list;
}

function deed(question, name, className, key) {
  const button = element("button", className);
  button.type = "button";
  button.dataset.deed = name;
  button.append(element("span", "", say(`guard_deed.${name}`)));
  const hint = element("kbd", "", key);
  hint.setAttribute("aria-hidden", "true");
  button.append(hint);
  button.addEventListener("click", () => decide(name, question.id));
  return button;
}

function questionEntry(question) {
  const entry = element("li", "question");
  entry.dataset.question = question.id;
  const pictures = element("div", "question-pictures");
  pictures.append(...picturesOf(question));
  const words = element("div", "question-words");
  const head = element("p", "question-head");
  const number = element("kbd", "number");
  number.setAttribute("aria-hidden", "true");
  const when = element("time", "muted", question.when);
  when.dateTime = question.at;
  head.append(number, element("strong", "", question.lane_name), when);
  if (question.rang) head.append(element("span", "tag", say("console.live.rang")));
  words.append(
    head,
    element("p", "subject", question.label || say(question.reason === "rang" ? "console.live.somebody" : "console.live.nobody_known")),
    element("p", "why", reasonOf(question)),
    element("p", "todo", `${say("console.live.to_do")} ${say(`todo.${question.reason}` in page.texts ? `todo.${question.reason}` : "todo.any")}`),
    factsOf(question),
  );
  const deeds = element("div", "deeds");
  if (page.may_open) {
    deeds.append(deed(question, "open", "main-button", "O"), deed(question, "refuse", "quiet grave", "X"), deed(question, "call", "quiet", "C"));
  }
  words.append(deeds);
  entry.append(pictures, words);
  return entry;
}

function reasonOf(question) {
  return say(NO_DECISION[question.reason] || `reason.${question.reason}`);
}

// The list: only what changed is put in anew, so that neither focus nor a picture is lost

function showQuestions(told) {
  const questions = told.filter((question) => !gone.has(question.id));
  const wanted = new Set(questions.map((question) => question.id));
  for (const id of [...asked.keys()]) if (!wanted.has(id)) drop(id);
  const fresh = questions.filter((question) => !asked.has(question.id));
  for (const question of questions) {
    const known = asked.get(question.id);
    const key = JSON.stringify({ ...question, until: "" });
    if (known && known.key === key) {
      known.question = question;
      continue;
    }
    const entry = questionEntry(question);
    if (known) {
      const focused = known.entry.contains(document.activeElement) ? document.activeElement.dataset.deed : null;
      known.entry.replaceWith(entry);
      if (focused) entry.querySelector(`[data-deed="${focused}"]`)?.focus();
    } else byId("attention-list").append(entry);
    asked.set(question.id, { question, entry, key });
    sayOfPicture(question.lane_id);
  }
  arrange();
  if (!fresh.length) return;
  const newest = fresh[fresh.length - 1];
  byId("spoken-now").textContent = say("console.live.spoken_question", { lane: newest.lane_name, reason: reasonOf(newest) });
  remind();
}

function endQuestion(id) {
  // A question that is over never waits again.
  gone.add(id);
  if (gone.size > MOST_GONE) gone.delete(gone.values().next().value);
  drop(id);
}

function drop(id) {
  const dropped = asked.get(id);
  if (!dropped) return;
  const hadFocus = dropped.entry.contains(document.activeElement);
  dropped.entry.remove();
  asked.delete(id);
  if (answer && answer.question === id && byId("ask").open) {
    showAskFault(say("console.live.not_waiting"));
    byId("ask-go").disabled = true;
  }
  arrange();
  if (hadFocus) byId("main").focus();
}

function arrange() {
  const ids = [...asked.keys()];
  if (!asked.has(first)) choose(ids[0] || null);
  ids.forEach((id, place) => {
    const entry = asked.get(id).entry;
    entry.toggleAttribute("data-first", id === first);
    entry.querySelector(".number").textContent = place + 1;
    entry.querySelector(".number").hidden = ids.length < 2;
  });
  byId("attention").hidden = ids.length === 0;
  byId("attention-count").textContent = ids.length;
  if (page.may_open) byId("attention-keys").hidden = ids.length < 2;
  document.title = ids.length ? `(${say("console.live.waiting", { count: ids.length })}) ${title}` : title;
}

function choose(id) {
  first = id;
  settledAt = performance.now() + SETTLES_MS;
  document.body.dataset.settling = "";
  setTimeout(() => { if (performance.now() >= settledAt) delete document.body.dataset.settling; }, SETTLES_MS + 20);
}

async function lookAgain() {
  const look = ++looks;
  try {
    const told = await fetch("/questions");
    if (told.status === 401) return signInAgain();
    const questions = told.ok ? (await told.json()).questions : null;
    if (questions && look === looks) showQuestions(questions);
  } catch (unreachable) {
    // The stream notices, and everything is read anew once it is back.
  }
}

function remind() {
  if (!asked.size || !page.may_open) return;
  remindedAt = Date.now();
  beep();
}

function lookAtClock() {
  const now = serverAtMs + performance.now() - toldAtMs;
  for (const [id, one] of asked) if (Date.parse(one.question.until) <= now && !answering(id)) drop(id);
  if (asked.size && Date.now() - remindedAt >= REMINDED_MS) remind();
}

// Answering

let answer = null; // { question, verdict, lane, id } while the dialog is open; without a question a lane is opened

function answering(id) {
  return byId("ask").open && answer && answer.question === id;
}

function decide(verdict, id) {
  const one = asked.get(id);
  if (!one || byId("ask").open) return;
  const question = one.question;
  if (verdict === "call") return askRoom(question);
  answer = { question: id, verdict, lane: question.lane_id, id: randomId() };
  const about = [question.label, question.when, reasonOf(question)].filter(Boolean).join(" · ");
  askWhy(say(verdict === "open" ? "console.live.open_lane" : "console.live.refuse_lane", { lane: question.lane_name }), verdict, about);
}

function openLane(lane) {
  answer = { question: null, verdict: "open", lane, id: randomId() };
  askWhy(say("console.live.open_lane", { lane: cards.get(lane).dataset.name }), "open");
}

async function sendAnswer(event) {
  event.preventDefault();
  const given = answer;
  const where = given.question ? `/questions/${encodeURIComponent(given.question)}/answer` : `/lanes/${encodeURIComponent(given.lane)}/open`;
  const verdict = given.question ? { verdict: given.verdict } : {};
  byId("ask-go").disabled = true;
  let again = true;
  try {
    const told = await post(where, { request_id: given.id, ...verdict });
    if (told.status === 401) return signInAgain();
    const said = await told.json();
    if (!told.ok) {
      again = told.status !== 409;
      showAskFault(said.message);
      if (!again) lookAgain();
      return;
    }
    byId("ask").close();
    toast(said.message);
    if (given.question) endQuestion(given.question);
  } catch (unreachable) {
    showAskFault(say("console.live.not_sent"));
  } finally {
    if (again) byId("ask-go").disabled = false;
  }
}

// Keys

function typing(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function pressed(event) {
  if (event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (byId("ask")?.open) return pressedInDialog(event);
  if (!page.may_open || byId("call").open || typing(event.target)) return;
  const key = event.key === "Process" ? event.code.replace(/^(Key|Digit)/, "").toLowerCase() : event.key.toLowerCase();
  if (/^[1-9]$/.test(key) && asked.size > 1) {
    const id = [...asked.keys()][Number(key) - 1];
    if (!id) return;
    choose(id);
    settledAt = 0; // chosen by hand, so nothing changed under anybody's fingers
    delete document.body.dataset.settling;
    arrange();
    asked.get(id).entry.scrollIntoView({ block: "nearest" });
  } else if (KEYS[key] && first && performance.now() >= settledAt) {
    event.preventDefault();
    decide(KEYS[key], first);
  }
}

function pressedInDialog(event) {
  if (!/^[0-9]$/.test(event.key) || event.target.id === "ask-words") return;
  const reasons = [...asking.querySelectorAll("input")];
  const reason = reasons[(Number(event.key) + 9) % 10];
  if (!reason) return;
  event.preventDefault();
  reason.checked = true;
  needWords();
  if (byId("ask-words").required) byId("ask-words").focus();
  else if (!byId("ask-go").disabled) byId("ask-form").requestSubmit();
}

if (page.may_open) {
  document.addEventListener("keydown", pressed);
  byId("ask-form").addEventListener("submit", sendAnswer);
}
setInterval(lookAtClock, 1000);
