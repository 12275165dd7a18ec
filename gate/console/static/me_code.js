// The code of this half minute, by the time that has passed since the gate drew it: the phone's own clock may be wrong.
"use strict";

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const REFRESH_MS = 120000;
const TICK_MS = 250;

let drawn = page.now;
let since = [performance.now(), Date.now()];
let shown = -1;
let lost = false;
let asking = false;

// A phone that slept may have stopped the one clock, and somebody may have set the other: the later one counts.
const passed = () => Math.max(performance.now() - since[0], Date.now() - since[1], 0);

function show() {
  const at = drawn.into_ms + passed();
  const step = Math.floor(at / drawn.step_ms);
  const over = step >= drawn.codes.length;
  if (step !== shown) {
    byId("drawing").innerHTML = over ? "" : drawn.codes[step];
    shown = step;
  }
  byId("left").value = over ? 0 : 100 - (at % drawn.step_ms) / drawn.step_ms * 100;
  byId("offline").hidden = !lost && !over;
  const minutes = Math.max(0, Math.floor((drawn.codes.length * drawn.step_ms - at) / 60000));
  byId("offline-words").textContent = over ? page.texts.ended : page.texts.offline.replace("{minutes}", minutes);
  if (!asking && (over || passed() > REFRESH_MS)) refresh();
}

async function refresh() {
  asking = true;
  try {
    const answer = await fetch("/me/code/next", { cache: "no-store" });
    if (answer.status === 401) return location.assign("/me/enter");
    drawn = await answer.json();
    since = [performance.now(), Date.now()];
    shown = -1;
    lost = false;
  } catch {
    lost = true;
    setTimeout(() => { asking = false; }, 5000);
    return;
  }
  asking = false;
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && !asking) refresh(); });
addEventListener("offline", () => { lost = true; });
addEventListener("online", () => { if (!asking) refresh(); });
setInterval(show, TICK_MS);
show();
