// Sends the photo of a vehicle as it is chosen.
"use strict";

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);

function complain(words) {
  byId("fault-words").textContent = words;
  byId("fault").hidden = !words;
}

byId("photo").addEventListener("change", async () => {
  const [file] = byId("photo").files;
  complain("");
  if (!file) return;
  if (file.size > page.largest) return complain(page.texts.too_heavy);
  try {
    const answer = await fetch(page.photo, { method: "POST", headers: { "Content-Type": "application/octet-stream", [page.csrf_header]: page.csrf }, body: file });
    if (answer.status === 401) return location.assign("/sign-in");
    const told = await answer.json();
    if (answer.ok) location.assign(told.next);
    else complain(told.message);
  } catch {
    complain(page.texts.lost);
  }
});
