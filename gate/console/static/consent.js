// Takes what was agreed to, and the signature, to the gate. Nothing is ticked beforehand, and nothing typed is lost on a refusal.
"use strict";

const INK = "#16202b";
const PEN_PX = 5;
const CHUNK = 0x8000;

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const drawing = byId("drawing");
const pen = drawing.getContext("2d");
let last = null;

// Drawing the signature

function clean() {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, drawing.width, drawing.height);
  drawing.dataset.signed = "";
}

function place(event) {
  const box = drawing.getBoundingClientRect();
  return [(event.clientX - box.left) * drawing.width / box.width, (event.clientY - box.top) * drawing.height / box.height];
}

function stroke(event) {
  if (!last) return;
  const next = place(event);
  pen.strokeStyle = INK;
  pen.lineWidth = PEN_PX;
  pen.lineCap = "round";
  pen.beginPath();
  pen.moveTo(...last);
  pen.lineTo(...next);
  pen.stroke();
  last = next;
  drawing.dataset.signed = "yes";
}

drawing.addEventListener("pointerdown", (event) => {
  drawing.setPointerCapture(event.pointerId);
  last = place(event);
});
drawing.addEventListener("pointermove", stroke);
for (const end of ["pointerup", "pointercancel"]) drawing.addEventListener(end, () => { last = null; });
byId("again").addEventListener("click", clean);
clean();

// What is agreed to, and how

const ticked = (name) => [...document.querySelectorAll(`[name=${name}]:checked`)].map((tick) => tick.value);
const agreed = () => ticked("agreed");
const declined = () => ticked("declined");
const anything = () => agreed().length + declined().length > 0;
const means = () => document.querySelector("[name=means]:checked").value;

function follow(event) {
  const { name, value, checked } = event?.target ?? {};
  const other = { agreed: "declined", declined: "agreed" }[name];
  const opposite = other && document.querySelector(`[name=${other}][value=${value}]`);
  if (checked && opposite) opposite.checked = false;
  const face = agreed().includes("face_entry");
  byId("keep").disabled = !face;
  if (!face) byId("keep").checked = false;
  byId("record").disabled = !anything();
  byId("on-screen").hidden = means() !== "screen";
  byId("on-paper").hidden = means() !== "paper";
}
byId("consent").addEventListener("change", follow);
follow();

function inBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

async function scan() {
  const [file] = byId("scan").files;
  if (!file) return "";
  if (file.size > page.largest) throw new Error(page.texts.scan_heavy);
  return inBase64(new Uint8Array(await file.arrayBuffer()));
}

function complain(words) {
  byId("fault-words").textContent = words;
  byId("fault").hidden = false;
  byId("fault").scrollIntoView({ block: "center" });
}

async function given(purposes, refused) {
  const paper = means() === "paper";
  return {
    agreed: purposes,
    declined: refused,
    versions: page.versions,
    language: page.language,
    means: means(),
    keep_photo: byId("keep").checked,
    signed_on: paper ? byId("signed-on").value : "",
    until: byId("until").value,
    guardian: byId("guardian")?.value ?? "",
    relation: byId("relation")?.value ?? "",
    drawing: !paper && purposes.length && drawing.dataset.signed ? drawing.toDataURL("image/png").split(",")[1] : "",
    scan: paper && purposes.length ? await scan() : "",
  };
}

function sending(now) {
  byId("record").disabled = now || !anything();
  if (byId("none")) byId("none").disabled = now;
}

async function send(purposes, refused) {
  if (refused.includes("plate_entry") && byId("cars-go") && !confirm(byId("cars-go").textContent)) return;
  byId("fault").hidden = true;
  sending(true);
  try {
    const body = JSON.stringify(await given(purposes, refused));
    const answer = await fetch(page.address, {
      method: "POST",
      headers: { "Content-Type": "application/json", [page.csrf_header]: page.csrf },
      body,
    }).catch(() => { throw new Error(page.texts.lost); });
    if (answer.status === 401) return location.assign("/sign-in");
    const told = await answer.json();
    if (answer.ok) return location.assign(told.next);
    complain(told.message);
  } catch (failed) {
    complain(failed.message);
  }
  sending(false);
}

byId("consent").addEventListener("submit", (event) => {
  event.preventDefault();
  send(agreed(), declined());
});
byId("none")?.addEventListener("click", () => send([], [...document.querySelectorAll("[name=declined]")].map((tick) => tick.value)));
