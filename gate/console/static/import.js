// Sends a table and a zip of photos, shows how far the import is and what was not taken in. A reload loses nothing.
"use strict";

const POLL_MS = 700;

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
let polling = 0;

function complain(message) {
  byId("fault-words").textContent = message || "";
  byId("fault").hidden = !message;
}

async function answered(answer) {
  if (answer.status === 401) {
    location.assign("/sign-in");
    throw new Error("");
  }
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.message);
  return told;
}

async function ask(act) {
  return answered(await fetch(`/enrolment/import/${act}`, { method: "POST", headers: { [page.csrf_header]: page.csrf } }));
}

function send(kind, file) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/enrolment/import/${kind}`);
    request.setRequestHeader(page.csrf_header, page.csrf);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    request.upload.onprogress = (event) => measure(`${page.texts.sending} ${file.name}`, event.loaded, event.total);
    request.onload = () => {
      if (request.status === 401) return location.assign("/sign-in");
      let told = {};
      try { told = JSON.parse(request.responseText); } catch { /* an answer that is none */ }
      return request.status === 200 ? done(told) : failed(new Error(told.message || page.texts.broken_off));
    };
    request.onerror = () => failed(new Error(page.texts.broken_off));
    request.send(file);
  });
}

function measure(said, done, total) {
  byId("outcome").hidden = false;
  byId("said").textContent = said;
  byId("bar").hidden = false;
  byId("bar").max = Math.max(total, 1);
  byId("bar").value = done;
}

function line(problem) {
  const row = document.createElement("tr");
  row.append(...[problem.row, problem.column, problem.why].map((text) => {
    const cell = document.createElement("td");
    cell.textContent = text;
    return cell;
  }));
  return row;
}

function show(state) {
  const problems = state.problems || [];
  byId("outcome").hidden = state.stage === "none";
  byId("check").disabled = Boolean(state.running);
  byId("enter").hidden = state.stage !== "checked";
  byId("forget").hidden = state.stage === "none" || state.running;
  byId("bar").hidden = !state.running;
  byId("problems").hidden = byId("rejected").hidden = !problems.length;
  byId("more").hidden = !state.more;
  byId("problem-rows").replaceChildren(...problems.map(line));
  byId("summary").textContent = state.summary || "";
  byId("unused").textContent = state.unused || "";
  complain(state.fault);
  if (state.running) {
    measure(`${state.said} ${state.done} / ${state.total}`, state.done, state.total);
    clearTimeout(polling);
    polling = setTimeout(poll, POLL_MS);
  } else {
    byId("said").textContent = [state.said, ...(state.files || [])].filter(Boolean).join(" ");
  }
}

async function poll() {
  try {
    show(await answered(await fetch("/enrolment/import/state")));
  } catch {
    // The server restarts or the line is gone: the page asks until it answers.
    byId("said").textContent = page.texts.lost;
    polling = setTimeout(poll, 3 * POLL_MS);
  }
}

async function act(what) {
  complain();
  try {
    show(await what());
  } catch (failed) {
    byId("bar").hidden = true;
    complain(failed.message || page.texts.lost);
  }
}

byId("check").addEventListener("click", () => act(async () => {
  for (const kind of ["table", "photos"]) {
    const input = byId(kind);
    if (input && input.files.length) {
      await send(kind, input.files[0]);
      input.value = "";
    }
  }
  return ask("check");
}));
byId("enter").addEventListener("click", () => act(() => ask("enter")));
byId("forget").addEventListener("click", () => act(() => ask("forget")));
show(page.state);
