// Asks every few seconds whether the gate wants something: nothing can be pushed to a phone without the internet.
"use strict";

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const EVERY_MS = 8000;
const title = document.title;

let known = page.waiting;

function tell(waiting) {
  document.title = waiting.length ? `(${waiting.length}) ${title}` : title;
  const count = byId("notice-count");
  if (!count) return;
  count.hidden = !waiting.length;
  count.textContent = page.texts.count.replace("{count}", waiting.length);
}

async function look() {
  if (document.hidden) return;
  let answer;
  try {
    answer = await fetch("/me/notices/now", { cache: "no-store" });
    if (answer.status === 401) return location.assign("/me/enter");
    const { waiting } = await answer.json();
    if (byId("lost")) byId("lost").hidden = true;
    const fresh = waiting.some((id) => !known.includes(id));
    const changed = fresh || waiting.length !== known.length;
    known = waiting;
    tell(waiting);
    if (fresh && navigator.vibrate) navigator.vibrate([200, 100, 200]);
    if (fresh && byId("notice-came")) byId("notice-came").textContent = page.texts.came;
    if (changed && !byId("notice-came")) location.assign("/me/notices");
  } catch {
    if (byId("lost")) byId("lost").hidden = false;
  }
}

document.addEventListener("visibilitychange", look);
addEventListener("online", look);
setInterval(look, EVERY_MS);
tell(known);
