// Finds a household as one types. Only the newest question's answer is shown; arrows and Enter need no code: each hit is a link.
"use strict";

const PAUSE_MS = 120;

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
let asked = 0;
let pause = 0;

function hit(home) {
  const link = document.createElement("a");
  link.href = `/enrolment/households/${encodeURIComponent(home.id)}`;
  const code = document.createElement("strong");
  code.textContent = home.code;
  link.append(code, ` ${[...home.names, ...home.plates].join(" · ")}`);
  const item = document.createElement("li");
  item.append(link);
  return item;
}

async function find(words) {
  const number = ++asked;
  try {
    const answer = await fetch("/enrolment/find", {
      method: "POST",
      headers: { "Content-Type": "application/json", [page.csrf_header]: page.csrf },
      body: JSON.stringify({ words }),
    });
    if (answer.status === 401) return location.assign("/sign-in");
    if (!answer.ok) throw new Error(answer.status);
    const { found } = await answer.json();
    if (number !== asked) return;
    byId("found").replaceChildren(...found.map(hit));
    byId("found-count").textContent = words.trim() && !found.length ? byId("none-words").content.textContent : "";
    byId("find-fault").hidden = true;
  } catch {
    if (number === asked) byId("find-fault").hidden = false;
  }
}

byId("words").addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(() => find(byId("words").value), PAUSE_MS);
});
byId("words").addEventListener("keydown", (event) => {
  const first = byId("found").querySelector("a");
  if (event.key === "ArrowDown" && first) { event.preventDefault(); first.focus(); }
  if (event.key === "Enter" && byId("found").children.length === 1) first.click();
});
byId("found").addEventListener("keydown", (event) => {
  const item = event.target.closest("li");
  const next = event.key === "ArrowDown" ? item.nextElementSibling : event.key === "ArrowUp" ? item.previousElementSibling : null;
  if (next) { event.preventDefault(); next.querySelector("a").focus(); }
  else if (event.key === "ArrowUp") { event.preventDefault(); byId("words").focus(); }
});
