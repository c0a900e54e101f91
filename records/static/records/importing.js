// The import desk: rows are changed in place and split at the cursor. The server does the work either way.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  document.documentElement.classList.add("with-scripts");
  const form = document.querySelector("[data-correct]");
  if (!form) return;
  let cursor = null; // the text box that was last written in

  form.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea")) cursor = event.target;
  });

  // Where the cursor stands, if it stands in this row: `answer:57`, counted in characters as the server counts.
  const place = (row) => {
    if (!cursor || !cursor.isConnected || !row || !row.contains(cursor)) return "";
    return `${cursor.name}:${[...cursor.value.slice(0, cursor.selectionStart)].length}`;
  };

  // Only what the change concerns: the other rows of a long filing stay as they are.
  const show = (page, section) => {
    for (const id of ["section-state", "section-doubts", section.id]) {
      const fresh = page.getElementById(id);
      if (fresh) document.getElementById(id).replaceWith(document.adoptNode(fresh));
    }
    const navigation = page.querySelector(".bar nav");
    if (navigation) form.querySelector(".bar nav").replaceWith(document.adoptNode(navigation));
  };

  const change = async (button) => {
    if (form.getAttribute("aria-busy") === "true") return;
    const section = button.closest("[data-section]");
    const row = button.closest("[data-number], .block");
    const top = row ? row.getBoundingClientRect().top : 0;
    const data = new FormData(form, button);
    data.set("cursor", place(row));
    form.setAttribute("aria-busy", "true");
    form.inert = true; // what is typed meanwhile would be lost
    try {
      const answer = await fetch(form.action, { method: "POST", body: data });
      if (!answer.ok && answer.status !== 422) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.querySelector("[data-correct]")) throw new Error("another page");
      const open = form.querySelector("details[open]") !== null;
      show(page, section);
      form.querySelectorAll("details").forEach((details) => { details.open = open; });
    } catch {
      form.inert = false;
      form.removeAttribute("aria-busy");
      button.dataset.plain = "yes";
      form.requestSubmit(button);
      return;
    }
    form.inert = false;
    form.removeAttribute("aria-busy");
    const field = document.getElementById(section.id).querySelector("[autofocus]");
    const problem = form.querySelector(".errornote");
    if (field) {
      field.focus({ preventScroll: true });
      if (field.setSelectionRange) field.setSelectionRange(0, 0);
      const now = field.closest("[data-number], .block");
      if (now) window.scrollBy({ top: now.getBoundingClientRect().top - top, behavior: "instant" });
      field.scrollIntoView({ block: "nearest", behavior: "instant" });
    } else if (problem) {
      problem.scrollIntoView({ block: "center" });
    }
    form.dispatchEvent(new CustomEvent("rows-changed"));
  };

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || button.dataset.plain || !/^(attendee|question)-/.test(button.value)) return;
    event.preventDefault();
    change(button);
  });

  const keys = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return "split";
    if (!event.altKey || event.ctrlKey || event.metaKey) return "";
    return { KeyJ: "join", ArrowUp: "up", ArrowDown: "down" }[event.code] || "";
  };

  form.addEventListener("keydown", (event) => {
    const verb = keys(event);
    const row = event.target.closest(".entry, .person, #field-introduction");
    const button = verb && row && row.querySelector(`button[value*="-${verb}-"]`);
    if (!button) return;
    event.preventDefault();
    if (event.target.matches("textarea")) cursor = event.target;
    form.requestSubmit(button);
  });
});
