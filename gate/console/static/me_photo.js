// A photo is made smaller before it is sent, which also leaves out where it was taken.
"use strict";

const page = JSON.parse(document.getElementById("page-data").textContent);
const chosen = document.getElementById("photo");
const state = document.getElementById("photo-state");
const LONGEST_SIDE = 1600;

function fault(words) {
  state.textContent = "";
  document.getElementById("photo-fault-words").textContent = words;
  document.getElementById("photo-fault").hidden = !words;
}

async function smaller(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}

async function send(file) {
  fault("");
  state.textContent = page.texts.looking;
  try {
    const body = await smaller(file).catch(() => file);
    const answer = await fetch("/me/photo", {
      method: "POST",
      headers: { "Content-Type": "image/jpeg", "X-CSRF-Token": page.csrf },
      body,
    });
    if (answer.ok) location.assign("/me?done=photo");
    else fault((await answer.json()).message);
  } catch {
    fault(page.texts.lost);
  }
  chosen.value = "";
}

chosen.addEventListener("change", () => { if (chosen.files.length) send(chosen.files[0]); });
