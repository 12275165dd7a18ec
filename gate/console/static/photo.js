// The camera: small pictures go to the gate about twice a second to be judged, and the photo itself once it is taken.
"use strict";

const JUDGE_EVERY_MS = 500;
const JUDGED_WIDTH = 640;
const WANTED = { audio: false, video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } } };

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const video = byId("video");
const small = document.createElement("canvas");
const whole = document.createElement("canvas");
let sending = false;

function judge(verdict, words) {
  byId("verdict").dataset.verdict = verdict;
  // A screen reader says it again only when it has changed.
  if (byId("verdict-words").textContent !== words) byId("verdict-words").textContent = words;
}

function complain(words) {
  byId("fault-words").textContent = words;
  byId("fault").hidden = !words;
}

function shot(canvas, width, quality) {
  const scale = Math.min(1, width / video.videoWidth);
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
}

async function post(address, body) {
  const answer = await fetch(address, { method: "POST", headers: { "Content-Type": body.type || "application/octet-stream", [page.csrf_header]: page.csrf }, body });
  if (answer.status === 401) location.assign("/sign-in");
  return { ok: answer.ok, told: await answer.json() };
}

async function look() {
  if (!sending && video.videoWidth && document.visibilityState === "visible") {
    try {
      const { ok, told } = await post(`${page.judge}?shown_width=${video.videoWidth}`, await shot(small, JUDGED_WIDTH, .8));
      if (!ok) judge("bad", told.message);
      else if (!told.busy) judge(told.good ? "good" : "bad", told.good ? page.texts.good : told.message);
    } catch {
      judge("", page.texts.lost);
    }
  }
  setTimeout(look, JUDGE_EVERY_MS);
}

async function send(photo) {
  complain("");
  if (photo.size > page.largest) return complain(page.texts.too_heavy);
  sending = true;
  byId("take").disabled = true;
  judge("", page.texts.sending);
  try {
    const { ok, told } = await post(page.photo, photo);
    if (ok) return location.assign(told.next);
    complain(told.message);
  } catch {
    complain(page.texts.lost);
  }
  sending = false;
  byId("take").disabled = !video.videoWidth;
  judge("", page.texts.looking);
}

async function start() {
  if (!navigator.mediaDevices) return judge("", page.texts.insecure);
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia(WANTED);
  } catch (refused) {
    return judge("", refused.name === "NotAllowedError" ? page.texts.denied : page.texts.no_camera);
  }
  video.addEventListener("loadedmetadata", () => {
    byId("take").disabled = false;
    byId("take").focus();
    look();
  }, { once: true });
}

byId("take").addEventListener("click", async () => send(await shot(whole, Infinity, .92)));
for (const id of ["phone", "file"]) {
  byId(id).addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (file) send(file);
    event.target.value = "";
  });
}
addEventListener("pagehide", () => video.srcObject?.getTracks().forEach((track) => track.stop()));
start();
