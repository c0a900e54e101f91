// The answer bank: while an answer is written, what was answered to such a question before stands below it.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("[data-similar]");
  if (!form) return;
  const isAnswer = (element) => element.matches && element.matches("textarea[name^=questions-][name$=-answer]");
  const panel = document.createElement("section");
  panel.className = "similar";
  panel.setAttribute("aria-label", form.dataset.similarLabel);
  panel.hidden = true;
  const heading = document.createElement("p");
  heading.className = "help";
  heading.setAttribute("role", "status");
  const list = document.createElement("div");
  panel.append(heading, list);

  let answer = null; // that the panel stands below
  let request = null;
  let shownFor = "";

  const show = async (box) => {
    const question = document.getElementById(box.id.replace(/answer$/, "text")).value.trim();
    const company = (document.getElementById("id_company") || {}).value || "";
    const wanted = `${box.id} ${company} ${question}`;
    if (wanted === shownFor) return;
    if (request) request.abort();
    shownFor = wanted;
    panel.hidden = true;
    if (!question) return;
    const query = new URLSearchParams({ q: question.slice(0, 500), company, record: form.dataset.similarRecord });
    request = new AbortController();
    try {
      const found = await fetch(`${form.dataset.similar}?${query}`, { signal: request.signal });
      if (!found.ok || found.redirected) return;
      list.innerHTML = await found.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      shownFor = "";
      return;
    }
    const count = list.querySelectorAll("li").length;
    panel.hidden = !count;
    heading.textContent = form.dataset.similarHint.replace("{n}", count);
  };

  const insert = (button) => {
    const text = button.closest("li").querySelector("[data-said]").textContent;
    answer.focus();
    answer.setRangeText(text, answer.selectionStart, answer.selectionEnd, "end");
    answer.dispatchEvent(new Event("input", { bubbles: true }));
  };

  document.addEventListener("focusin", (event) => {
    if (!isAnswer(event.target)) {
      if (!panel.contains(event.target) && !event.target.closest(".similar")) panel.hidden = true;
      return;
    }
    if (answer !== event.target) {
      answer = event.target;
      answer.insertAdjacentElement("afterend", panel);
      panel.hidden = true;
      shownFor = "";
    } else if (shownFor && list.children.length) panel.hidden = false;
    show(answer);
  });

  // A click into the panel leaves the cursor where it was.
  panel.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault());
  panel.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (button) insert(button);
  });

  document.addEventListener("keydown", (event) => {
    if (event.altKey && !event.ctrlKey && !event.metaKey && event.code === "KeyA" && isAnswer(event.target)) {
      event.preventDefault();
      if (!panel.hidden) panel.querySelector("[data-insert]").focus();
      return;
    }
    if (!panel.contains(event.target) || event.altKey) return;
    const stops = [...panel.querySelectorAll("[data-insert], a")];
    const step = { ArrowDown: 2, ArrowUp: -2, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const next = stops[stops.indexOf(event.target) + step];
      if (next) next.focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      answer.focus();
    }
  });
});
