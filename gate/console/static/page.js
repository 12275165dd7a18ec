// What every page of the console with a life of its own needs: its words, its elements, its notices, its question why.
"use strict";

const TOAST_LASTS_MS = 6000;

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const part = (card, name) => card.querySelector(`[data-part="${name}"]`);

function say(code, facts) {
  const sentence = page.texts[code] || code;
  return sentence.replace(/\{(\w+)\}/g, (blank, name) => (facts && name in facts ? facts[name] : blank));
}

function element(tag, className, words) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (words !== undefined) made.textContent = words;
  return made;
}

function toast(words) {
  byId("toast").textContent = words;
  byId("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { byId("toast").hidden = true; }, TOAST_LASTS_MS);
}

// The question why, before an order is given

function askWhy(title) {
  byId("ask-form").reset();
  needWords();
  showAskFault("");
  byId("ask-title").textContent = title;
  byId("ask").showModal();
}

function needWords() {
  byId("ask-words").required = new FormData(byId("ask-form")).get("choice") === "other";
}

function showAskFault(words) {
  byId("ask-fault").hidden = !words;
  byId("ask-fault-words").textContent = words;
}

function randomId() {
  // Not randomUUID, which is only there under https.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function post(where, body) {
  const filled = new FormData(byId("ask-form"));
  return fetch(where, {
    method: "POST",
    headers: { "Content-Type": "application/json", [page.csrf_header]: page.csrf },
    body: JSON.stringify({ choice: filled.get("choice"), words: filled.get("words").trim(), ...body }),
  });
}

if (byId("ask")) {
  byId("ask-form").addEventListener("change", needWords);
  byId("ask-cancel").addEventListener("click", () => byId("ask").close());
}
