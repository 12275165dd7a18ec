// How the gate stands, and what the shift before left.
"use strict";

// How the gate stands

function showStanding(standing) {
  const made = standing.map((part) => {
    const entry = element("li", "standing");
    entry.dataset.level = part.level;
    const mark = element("span", "mark");
    mark.setAttribute("aria-hidden", "true");
    const words = element("span");
    words.append(element("strong", "", part.name), ` ${part.words}`);
    if (part.todo) words.append(element("span", "todo", part.todo));
    entry.append(mark, words);
    return entry;
  });
  byId("standing").replaceChildren(...made);
}

async function lookAtStanding() {
  if (document.hidden) return;
  try {
    const told = await fetch("/standing");
    if (told.status === 401) return signInAgain();
    if (told.ok) showStanding((await told.json()).standing);
  } catch (unreachable) {
    // The stream notices.
  }
}

// What the shift before left

function showNotes(notes) {
  const made = notes.map((note) => {
    const entry = element("li", "note");
    entry.append(element("p", "note-words", note.words), element("p", "muted small", say("console.live.note_by", { who: note.by, when: note.when })));
    if (page.may_open) {
      const taken = element("button", "quiet", say("console.live.take_note"));
      taken.type = "button";
      taken.addEventListener("click", () => takeNote(note.id, taken));
      entry.append(taken);
    }
    return entry;
  });
  byId("notes-list").replaceChildren(...made);
  byId("notes").hidden = made.length === 0;
}

async function takeNote(id, button) {
  button.disabled = true;
  try {
    const told = await postJson(`/shift/notes/${id}/read`, {});
    if (told.status === 401) return signInAgain();
    if (!told.ok) throw new Error(told.status);
    reload();
  } catch (unreachable) {
    button.disabled = false;
    toast(say("console.live.note_not_sent"));
  }
}
