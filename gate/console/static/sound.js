// A short tone when somebody waits: made here, since nothing is loaded for it. Whether it is wanted is remembered.
"use strict";

const SOUND_KEY = "menwei-sound";
const TONES = [[880, 0], [1175, 0.18]]; // hertz, and seconds from the beginning
const TONE_LASTS_S = 0.16;

let speaker = null;
let held = false; // a button of the mouse or a finger is down: what it is on must not move before it is let go

function soundWanted() {
  try {
    return localStorage.getItem(SOUND_KEY) !== "off";
  } catch (forbidden) {
    return true;
  }
}

function showSound() {
  const on = soundWanted();
  byId("sound").setAttribute("aria-pressed", String(on));
  byId("sound-mark").classList.toggle("off", !on);
  byId("sound-words").textContent = say(on ? "console.live.sound_on" : "console.live.sound_off");
  // A browser keeps a page silent until somebody has clicked or typed in it.
  byId("silent").hidden = !on || !speaker || speaker.state === "running";
}

function wakeSpeaker() {
  if (!soundWanted()) return;
  if (!speaker && window.AudioContext) {
    speaker = new AudioContext();
    speaker.addEventListener("statechange", () => { if (!held) showSound(); });
  }
  if (speaker && speaker.state !== "running") speaker.resume().catch(() => undefined);
}

function beep() {
  wakeSpeaker();
  if (!speaker || speaker.state !== "running" || !soundWanted()) return showSound();
  for (const [hertz, after] of TONES) {
    const tone = speaker.createOscillator();
    const volume = speaker.createGain();
    const begins = speaker.currentTime + after;
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.0001, begins);
    volume.gain.exponentialRampToValueAtTime(0.3, begins + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, begins + TONE_LASTS_S);
    tone.connect(volume).connect(speaker.destination);
    tone.start(begins);
    tone.stop(begins + TONE_LASTS_S);
  }
}

byId("sound").addEventListener("click", () => {
  try {
    localStorage.setItem(SOUND_KEY, soundWanted() ? "off" : "on");
  } catch (forbidden) {
    return;
  }
  showSound();
  if (soundWanted()) beep();
});
for (const deed of ["pointerdown", "keydown"]) document.addEventListener(deed, wakeSpeaker);
document.addEventListener("pointerdown", () => { held = true; });
for (const deed of ["pointerup", "pointercancel"]) {
  document.addEventListener(deed, () => {
    held = false;
    setTimeout(showSound); // the click comes first
  });
}
wakeSpeaker();
showSound();
