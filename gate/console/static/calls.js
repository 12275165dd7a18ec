// A call to the household of whoever waits: the room is filled in where it is known, and found as it is typed.
"use strict";

const ROOMS_PAUSE_MS = 150;

let calling = null; // the question that the dialog is about
let roomsAsked = 0;
let roomsTimer = 0;

function showCallFault(words) {
  byId("call-fault").hidden = !words;
  byId("call-fault-words").textContent = words;
}

function askRoom(question) {
  calling = question;
  byId("call-room").value = question.meant ? question.meant.household : "";
  byId("call-rooms").replaceChildren();
  byId("call-about").textContent = [question.lane_name, question.label, question.when].filter(Boolean).join(" · ");
  showCallFault("");
  byId("call-go").disabled = false;
  byId("call").showModal();
  byId("call-room").focus();
  byId("call-room").select();
}

async function findRooms() {
  const number = ++roomsAsked;
  try {
    const told = await postJson("/questions/rooms", { words: byId("call-room").value });
    if (!told.ok || number !== roomsAsked) return;
    const rooms = (await told.json()).rooms;
    byId("call-rooms").replaceChildren(...rooms.map((room) => Object.assign(element("option"), { value: room })));
  } catch (unreachable) {
    // What is typed can be sent as it is.
  }
}

async function sendCall(event) {
  event.preventDefault();
  byId("call-go").disabled = true;
  try {
    const household = byId("call-room").value;
    const told = await postJson(`/questions/${encodeURIComponent(calling.id)}/call`, { household });
    if (told.status === 401) return signInAgain();
    const said = await told.json();
    if (!told.ok) return showCallFault(said.message);
    byId("call").close();
    toast(said.message);
    lookAgain();
  } catch (unreachable) {
    showCallFault(say("console.live.call_not_sent"));
  } finally {
    byId("call-go").disabled = false;
  }
}

byId("call-form").addEventListener("submit", sendCall);
byId("call-cancel").addEventListener("click", () => byId("call").close());
byId("call-room").addEventListener("input", () => {
  clearTimeout(roomsTimer);
  roomsTimer = setTimeout(findRooms, ROOMS_PAUSE_MS);
});
