// The checks beside the form: asked for anew a moment after something was typed.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const rail = document.querySelector("[data-checks]");
  if (!rail) return;
  const entered = document.getElementById("record_form");
  const shown = rail.querySelector("[data-findings]");
  let asked = null;
  let later = null;
  const check = async () => {
    if (rail.contains(document.activeElement)) return; // somebody is ticking there
    if (asked) asked.abort();
    asked = new AbortController();
    const data = new FormData(entered);
    [...data].forEach(([name, value]) => value instanceof File && data.delete(name));
    try {
      const answer = await fetch(rail.dataset.checks, { method: "POST", body: data, signal: asked.signal });
      if (answer.ok && !answer.redirected && !rail.contains(document.activeElement)) shown.innerHTML = await answer.text();
    } catch (error) {
      if (error.name !== "AbortError") shown.classList.add("stale");
    }
  };
  const soon = (event) => {
    if (event && rail.contains(event.target)) return;
    if (event && event.type === "click" && !event.target.closest("button, a")) return;
    clearTimeout(later);
    later = setTimeout(check, 600);
  };
  ["input", "change", "click", "paste", "dragend"].forEach((name) => entered.addEventListener(name, soon));
  if (!shown.querySelector("ul")) soon();
  // What is sent off is checked there; by the time an answer came it might be somebody else's to change.
  const end = () => {
    clearTimeout(later);
    if (asked) asked.abort();
  };
  entered.addEventListener("submit", end);
  window.addEventListener("pagehide", end);
  rail.addEventListener("focusout", () => soon());
  rail.addEventListener("click", (event) => {
    const button = event.target.closest("[data-offer]");
    const link = event.target.closest("[data-jump]");
    const field = document.getElementById(button ? button.dataset.for : link && link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    if (button) field.value = button.dataset.offer;
    field.focus();
    const at = link && link.dataset.word && field.value ? field.value.indexOf(link.dataset.word) : -1;
    if (at >= 0) field.setSelectionRange(at, at + link.dataset.word.length);
    field.scrollIntoView({ block: "center" });
    if (button) soon();
  });
});
