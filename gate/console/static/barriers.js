// The page of the barriers: each drawn a few times a second, and the orders with their reason and second confirmation.
"use strict";

const LOOK_EVERY_MS = 400;
const LOOK_AGAIN_MS = 2000;

const cards = new Map([...document.querySelectorAll("[data-barrier-card]")].map((card) => [card.dataset.barrierCard, card]));

function lasting(seconds) {
  const whole = Math.floor(seconds);
  const pad = (number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
}

function commandCode(kind, command) {
  const lock = `lock_command.${command}`;
  return kind !== "arm" && lock in page.texts ? lock : `barrier.command.${command}`;
}

function showList(list, made) {
  // Only what changed is put in anew: a screen reader must not hear the same list again and again.
  const key = JSON.stringify(made.map((entry) => entry.outerHTML));
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...made);
}

function show(barrier) {
  const card = cards.get(barrier.id);
  if (!card) return;
  const state = say(`barrier_state.${barrier.state}`);
  drawBarrier(part(card, "drawing"), barrier, say("console.barriers.drawing", { name: card.dataset.name, state }));
  part(card, "state").dataset.state = barrier.state;
  part(card, "state-words").textContent = state;
  part(card, "since").textContent = say("console.barriers.since", { time: lasting(barrier.since_s) });
  part(card, "board").dataset.state = barrier.healthy ? "connected" : "lost";
  part(card, "board-words").textContent = say(barrier.healthy ? "console.barriers.answers" : "console.barriers.silent");
  part(card, "fault").hidden = !barrier.fault;
  part(card, "fault-words").textContent = barrier.fault ? say(barrier.fault) : "";
  const modes = barrier.modes.map((mode) => element("li", `mode ${mode}`, say(`barrier_mode.${mode}`)));
  const alarms = barrier.alarms
    .filter((alarm) => !["barrier.fire", "barrier.emergency"].includes(alarm))
    .map((alarm) => element("li", "mode alarm", say(alarm)));
  showList(part(card, "modes"), [...modes, ...alarms]);
  showList(part(card, "inputs"), barrier.inputs ? Object.entries(barrier.inputs).map(inputEntry) : [element("li", "muted", say("console.barriers.silent"))]);
  const done = barrier.done.map((done) => doneEntry(done, barrier.kind));
  showList(part(card, "done"), done.length ? done : [element("li", "muted", say("console.barriers.no_commands"))]);
}

function inputEntry([name, reads]) {
  const word = reads === null ? "unwired" : reads ? "on" : "off";
  const entry = element("li", `input ${word}`);
  entry.append(element("span", "", say(`barrier_input.${name}`)), element("strong", "", say(`barrier_reads.${word}`)));
  return entry;
}

function doneEntry(done, kind) {
  const entry = element("li", done.refusal || done.fault ? "failed" : "");
  const head = element("p", "done-head");
  head.append(element("strong", "", say(commandCode(kind, done.command))), element("span", "muted", done.when));
  const facts = [done.who, done.why].filter(Boolean);
  if (done.driven_ms !== null) facts.push(say("console.barriers.driven", { ms: done.driven_ms }));
  if (done.took_s !== null) facts.push(say("console.barriers.took", { took: done.took_s }));
  entry.append(head, element("p", "muted small", facts.join(" · ")));
  if (done.refusal) entry.append(element("p", "small", `${say("console.barriers.refused")}: ${say(done.refusal)}`));
  if (done.fault) entry.append(element("p", "small", say(done.fault)));
  return entry;
}

async function look() {
  let again = LOOK_EVERY_MS;
  try {
    const answer = await fetch("/barriers/now");
    if (answer.status === 401) return location.assign("/sign-in");
    if (!answer.ok) throw new Error(answer.statusText);
    const now = await answer.json();
    if (now.barriers.length !== cards.size || now.barriers.some((barrier) => !cards.has(barrier.id))) return location.reload();
    now.barriers.forEach(show);
    byId("lost").hidden = true;
  } catch (unreachable) {
    byId("lost").hidden = false;
    again = LOOK_AGAIN_MS;
  }
  if (document.hidden) document.addEventListener("visibilitychange", look, { once: true });
  else setTimeout(look, again);
}

// The orders

let order = null; // { barrier, command, name, id } while a dialog is open

function ask(button) {
  order = { barrier: button.dataset.barrier, command: button.dataset.command, name: button.dataset.name, id: randomId() };
  askWhy(`${order.name} · ${button.textContent}`);
}

async function send(confirmed) {
  const given = order;
  const where = given.barrier ? `/barriers/${encodeURIComponent(given.barrier)}/order` : "/compound/order";
  byId("ask-go").disabled = byId("sure-go").disabled = true;
  try {
    const answer = await post(where, { command: given.command, request_id: given.id, confirmed });
    if (answer.status === 401) return location.assign("/sign-in");
    const said = await answer.json();
    if (answer.status === 428) {
      byId("sure-words").textContent = said.message;
      byId("sure").showModal();
      return;
    }
    byId("sure").close();
    if (!answer.ok) return showAskFault(said.message);
    byId("ask").close();
    toast(said.message);
  } catch (unreachable) {
    byId("sure").close();
    showAskFault(say("console.live.not_sent"));
  } finally {
    byId("ask-go").disabled = byId("sure-go").disabled = false;
  }
}

page.now.barriers.forEach(show);
setTimeout(look, LOOK_EVERY_MS);
if (byId("ask")) {
  for (const button of document.querySelectorAll("[data-command]")) button.addEventListener("click", () => ask(button));
  byId("ask-form").addEventListener("submit", (event) => { event.preventDefault(); send(false); });
  byId("sure-form").addEventListener("submit", (event) => { event.preventDefault(); send(true); });
  byId("sure-cancel").addEventListener("click", () => byId("sure").close());
}
