// Keys by touch, by a keyboard, or by a card reader that types: a number faster than any hand, and then Enter.
"use strict";

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const READER_GAP_MS = 50;
const SHORTEST_CARD = 4;
const IDLE_MS = 20000;
const SHOWN_MS = 4000;
const VISITOR_PIN = /^\d{8}$/;
const HOUSEHOLD = /^[0-9A-Za-z]{1,8}-[0-9A-Za-z]{1,8}-[0-9A-Za-z]{1,8}$/;
const LONGEST = 20;

let household = "";
let typed = "";
let busy = false;
let idle = 0;
let fast = [];

function draw(words, state) {
  byId("asked").textContent = words || (household ? page.texts.pin : page.texts.home);
  byId("asked").dataset.state = state || "";
  byId("typed").textContent = household ? "●".repeat(typed.length) : typed;
}

function reset(words, state) {
  household = typed = "";
  draw(words, state);
  clearTimeout(idle);
  if (words) idle = setTimeout(() => reset(), SHOWN_MS);
}

async function attempt(body, what = "try") {
  busy = true;
  reset(page.texts.trying);
  try {
    const answer = await fetch(`/pinpad/${page.lane}/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", [page.csrf_header]: page.csrf },
      body: JSON.stringify(body),
    });
    const told = await answer.json();
    reset(told.message, told.opened ? "opened" : what === "ring" && answer.ok ? "rang" : "shut");
  } catch {
    reset(page.texts.lost, "shut");
  }
  busy = false;
}

function enter() {
  if (household) return typed ? attempt({ household, pin: typed }) : undefined;
  if (VISITOR_PIN.test(typed)) return attempt({ pin: typed });
  if (!typed) return undefined;
  if (!HOUSEHOLD.test(typed)) return reset(page.texts.home_wrong, "shut");
  household = typed;
  typed = "";
  return draw();
}

function press(key) {
  if (busy) return;
  clearTimeout(idle);
  idle = setTimeout(() => reset(), IDLE_MS);
  if (key === "Enter") enter();
  else if (key === "Escape") reset();
  else if (key === "Backspace") { typed = typed.slice(0, -1); draw(); }
  else if (/^[0-9-]$/.test(key) && typed.length < LONGEST) { typed += key; draw(); }
}

// What a reader types is kept apart, so that its digits do not end up in a number that somebody was typing.
function readerTyped(now) {
  if (fast.length < SHORTEST_CARD) return "";
  return (now - fast[0].at) / fast.length <= READER_GAP_MS ? fast.map((one) => one.key).join("") : "";
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const now = event.timeStamp;
  if (event.key === "Enter") {
    const card = readerTyped(now);
    fast = [];
    if (card) {
      event.preventDefault();
      if (!busy) attempt({ card });
      return;
    }
    if (event.target.closest("button, a")) return;
  }
  if (event.key.length === 1) {
    if (fast.length && now - fast[fast.length - 1].at > READER_GAP_MS) fast = [];
    fast.push({ key: event.key, at: now });
  }
  press(event.key);
});

for (const key of document.querySelectorAll("[data-key]")) key.addEventListener("click", () => press(key.dataset.key));
byId("ring").addEventListener("click", () => { if (!busy) attempt({}, "ring"); });
reset();
