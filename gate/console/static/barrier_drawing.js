// A barrier seen from above: the road, the arm, the loop, cars and people; or a wall with its door.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const METRE = 16; // px
const ARM_AT = 150; // px; the arm is at 0 m
const CLOSED_AT = { open: 1, held: 1, opening: 0.5, closing: 0.5, stopped: 0.5, ajar: 1, forced: 1 };

function drawn(parent, tag, facts, words) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(facts)) made.setAttribute(name, value);
  if (words !== undefined) made.textContent = words;
  parent.append(made);
  return made;
}

function drawBarrier(box, barrier, title) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", barrier.kind === "arm" ? "0 0 300 130" : "0 0 300 160");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", title);
  if (barrier.kind === "arm") drawArm(picture, barrier);
  else drawDoor(picture, barrier);
  box.replaceChildren(picture);
}

// Where no simulator says it exactly, the limits say it, and the state where there are none.
function positionOf(barrier) {
  if (barrier.scene) return barrier.scene.position;
  const inputs = barrier.inputs || {};
  if (inputs.open_limit || inputs.door_shut === false) return 1;
  if (inputs.closed_limit || inputs.door_shut) return 0;
  return CLOSED_AT[barrier.state] || 0;
}

function drawArm(picture, barrier) {
  const inputs = barrier.inputs || {};
  drawn(picture, "rect", { class: "road", x: 0, y: 22, width: 300, height: 76 });
  drawn(picture, "path", { class: "road-line", d: "M0 60H300" });
  const felt = inputs.presence ? "on" : "off";
  drawn(picture, "rect", { class: `loop ${felt}`, x: ARM_AT - METRE, y: 30, width: 2 * METRE, height: 60, rx: 4 });
  if (inputs.presence !== null && inputs.presence !== undefined) {
    drawn(picture, "path", { class: `beam ${felt}`, d: `M${ARM_AT} 20V100` });
  }
  for (const [front, length] of (barrier.scene && barrier.scene.vehicles) || []) drawCar(picture, front, length);
  if (!barrier.scene && inputs.presence) drawCar(picture, 2.3, 4.6);
  for (const at of (barrier.scene && barrier.scene.people) || []) {
    drawn(picture, "circle", { class: "person", cx: ARM_AT + at * METRE, cy: 74, r: 6 });
    drawn(picture, "circle", { class: "person-head", cx: ARM_AT + at * METRE, cy: 74, r: 3 });
  }
  const turn = -86 * positionOf(barrier);
  const off = inputs.arm_off ? " off" : "";
  const arm = drawn(picture, "g", { transform: `rotate(${turn} ${ARM_AT} 106)`, class: `arm${off}` });
  drawn(arm, "rect", { class: "arm-body", x: ARM_AT - 3, y: 18, width: 6, height: 88 });
  for (let at = 22; at < 100; at += 20) drawn(arm, "rect", { class: "arm-stripe", x: ARM_AT - 3, y: at, width: 6, height: 10 });
  const state = barrier.healthy ? barrier.state : "lost";
  drawn(picture, "rect", { class: `post ${state}`, x: ARM_AT - 11, y: 98, width: 22, height: 18, rx: 3 });
}

function drawCar(picture, front, length) {
  const x = ARM_AT + (front - length) * METRE;
  drawn(picture, "rect", { class: "car", x, y: 38, width: length * METRE, height: 28, rx: 7 });
  drawn(picture, "rect", { class: "car-glass", x: x + length * METRE * 0.6, y: 42, width: length * METRE * 0.14, height: 20, rx: 3 });
}

function drawDoor(picture, barrier) {
  const open = positionOf(barrier);
  const free = barrier.scene ? barrier.scene.free : ["released", "held", "ajar"].includes(barrier.state);
  drawn(picture, "rect", { class: "wall", x: 0, y: 98, width: 100, height: 14 });
  drawn(picture, "rect", { class: "wall", x: 200, y: 98, width: 100, height: 14 });
  if (barrier.kind === "turnstile") {
    drawn(picture, "circle", { class: `hub ${free ? "free" : "locked"}`, cx: 150, cy: 105, r: 12 });
    const wings = drawn(picture, "g", { transform: `rotate(${barrier.scene && barrier.scene.turning ? 60 : 0} 150 105)` });
    for (const turn of [0, 120, 240]) {
      drawn(wings, "path", { class: "wing", d: "M150 105H196", transform: `rotate(${turn} 150 105)` });
    }
  } else {
    const leaf = drawn(picture, "g", { transform: `rotate(${-75 * open} 104 105)` });
    drawn(leaf, "rect", { class: "leaf", x: 102, y: 100, width: 96, height: 10, rx: 2 });
    drawn(picture, "circle", { class: `hub ${free ? "free" : "locked"}`, cx: 206, cy: 105, r: 8 });
  }
  if ((barrier.inputs || {}).exit_button) drawn(picture, "circle", { class: "button-on", cx: 240, cy: 80, r: 8 });
}
