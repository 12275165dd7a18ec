// Where the network is lost as the form goes up, what is typed stays and the page says so; pressing again is one case.
"use strict";

function complain(words) {
  document.getElementById("form-fault-words").textContent = words;
  document.getElementById("form-fault").hidden = !words;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.id !== "case-form") return;
  event.preventDefault();
  complain("");
  const button = event.submitter;
  const body = new URLSearchParams(new FormData(form));
  if (button?.name) body.set(button.name, button.value);
  const where = button?.hasAttribute("formaction") ? button.formAction : form.action;
  if (button) button.disabled = true;
  try {
    const answer = await fetch(where, { method: "POST", headers: { Accept: "text/html" }, body });
    if (answer.redirected) return location.assign(answer.url);
    const told = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceWith(told.querySelector("main"));
    document.getElementById("fault")?.scrollIntoView({ block: "center" });
  } catch {
    complain(form.dataset.lost);
    if (button) button.disabled = false;
  }
});
