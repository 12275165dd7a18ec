// The page of the way out: how each destination stands, looked at again every few seconds.
"use strict";

const LOOK_EVERY_MS = 3000;

const cards = new Map([...document.querySelectorAll("[data-destination]")].map((card) => [card.dataset.destination, card]));

function write(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

function show(destination) {
  const card = cards.get(destination.id);
  card.dataset.late = destination.late ? "yes" : "no";
  part(card, "state-row").dataset.state = destination.state;
  for (const [name, words] of Object.entries(destination.words)) write(part(card, name), words);
  part(card, "fault-row").hidden = !destination.fault;
  write(part(card, "fault"), destination.fault);
  part(card, "late-row").hidden = !destination.late;
}

async function look() {
  try {
    const answer = await fetch("/community/now");
    if (answer.status === 401) return location.assign("/sign-in");
    if (!answer.ok) throw new Error(answer.statusText);
    const now = await answer.json();
    if (now.destinations.length !== cards.size || now.destinations.some((one) => !cards.has(one.id))) return location.reload();
    now.destinations.forEach(show);
    byId("lost").hidden = true;
  } catch (unreachable) {
    byId("lost").hidden = false;
  }
  if (document.hidden) document.addEventListener("visibilitychange", look, { once: true });
  else setTimeout(look, LOOK_EVERY_MS);
}

setTimeout(look, LOOK_EVERY_MS);
