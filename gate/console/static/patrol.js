// Sends the photo of a car. Until the gate has answered it stays on this phone, in the browser's own store: a network
// that is lost on the way, or a page that is closed, loses nothing.
"use strict";

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const LONGEST_SIDE = 2560;
const STORE = "photo";

function store() {
  return new Promise((done, failed) => {
    const opening = indexedDB.open("menwei-patrol", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => done(opening.result);
    opening.onerror = () => failed(opening.error);
  });
}

async function kept(mode, act) {
  // A browser in private mode may have no store: the photo then lives as long as the page.
  try {
    const opened = await store();
    return await new Promise((done, failed) => {
      const asked = act(opened.transaction(STORE, mode).objectStore(STORE));
      asked.onsuccess = () => { opened.close(); done(asked.result); };
      asked.onerror = () => { opened.close(); failed(asked.error); };
    });
  } catch {
    return undefined;
  }
}

let unsent = null;

async function hold(photo) {
  unsent = photo;
  await kept("readwrite", (place) => (photo ? place.put(photo, STORE) : place.delete(STORE)));
}

function show({ state = "", fault = "", again = false }) {
  byId("state").hidden = !state;
  byId("state-words").textContent = state;
  byId("photo-fault").hidden = !fault;
  byId("photo-fault-words").textContent = fault;
  byId("unsent").hidden = !again;
}

async function smaller(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}

async function send() {
  show({ state: page.texts.sending });
  let answer;
  let told;
  try {
    const headers = { "Content-Type": "application/octet-stream", [page.csrf_header]: page.csrf };
    answer = await fetch("/patrol/photo", { method: "POST", headers, body: unsent });
    if (answer.status === 401) return location.assign("/sign-in");
    told = await answer.json();
  } catch {
    return show({ fault: page.texts.lost, again: true });
  }
  if (answer.ok) {
    await hold(null);
    return location.assign(told.next);
  }
  // What a photo shows does not change by sending it again; a gate that is busy may answer the next time.
  const again = answer.status >= 500 || answer.status === 403;
  if (!again) await hold(null);
  show({ fault: told.message, again });
}

byId("photo")?.addEventListener("change", async () => {
  const [file] = byId("photo").files;
  if (!file) return;
  // A picture that the browser cannot draw (HEIC on most) goes as it is.
  const photo = await smaller(file).catch(() => file) || file;
  byId("photo").value = "";
  if (photo.size > page.largest) return show({ fault: page.texts.too_heavy });
  await hold(photo);
  await send();
});

byId("again")?.addEventListener("click", send);
byId("drop")?.addEventListener("click", async () => { await hold(null); show({}); });

kept("readonly", (place) => place.get(STORE)).then((photo) => {
  if (!photo || !byId("photo")) return;
  unsent = photo;
  show({ fault: page.texts.waiting, again: true });
});
