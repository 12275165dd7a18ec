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

let asking = null; // the list of reasons that is shown

function askWhy(title, list, about) {
  byId("ask-form").reset();
  for (const one of document.querySelectorAll("#ask-form fieldset")) {
    const wanted = !list || one.dataset.list === list;
    one.hidden = one.disabled = !wanted;
    if (wanted) asking = one;
  }
  byId("ask-go").textContent = asking.dataset.go;
  byId("ask-go").disabled = false;
  byId("ask-go").classList.toggle("grave", asking.dataset.list === "refuse");
  needWords();
  showAskFault("");
  byId("ask-title").textContent = title;
  byId("ask-about").textContent = about || "";
  byId("ask-about").hidden = !about;
  byId("ask").showModal();
  asking.querySelector("input").focus();
}

function chosen() {
  return asking.querySelector("input:checked");
}

function needWords() {
  const reason = asking && chosen();
  byId("ask-words").required = Boolean(reason && reason.value === "other" && !reason.dataset.words);
}

function showAskFault(words) {
  byId("ask-fault").hidden = !words;
  byId("ask-fault-words").textContent = words;
}

function randomId() {
  // Not randomUUID, which is only there under https.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function postJson(where, body) {
  return fetch(where, {
    method: "POST",
    headers: { "Content-Type": "application/json", [page.csrf_header]: page.csrf },
    body: JSON.stringify(body),
  });
}

function post(where, body) {
  const reason = chosen();
  const words = [reason.dataset.words, byId("ask-words").value.trim()].filter(Boolean).join(" ");
  return postJson(where, { choice: reason.value, words, ...body });
}

if (byId("ask")) {
  byId("ask-form").addEventListener("change", needWords);
  byId("ask-cancel").addEventListener("click", () => byId("ask").close());
}
