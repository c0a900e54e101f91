// The page before an export: says that the file is being made, and when it is on its way.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("[data-export]");
  if (!form) return;
  const state = form.querySelector("[data-state]");
  const boxes = [...form.querySelectorAll("[name=columns]")];

  const ticks = form.querySelector(".all-or-none");
  ticks.hidden = false;
  ticks.addEventListener("click", (event) => {
    const wanted = event.target.dataset.tick;
    if (wanted) for (const box of boxes) box.checked = wanted === "all";
  });

  // The answer to the form is a file, so that the page stays. The server sends the sign back with it, in a cookie.
  const sign = Object.assign(document.createElement("input"), { type: "hidden", name: "sign" });
  form.append(sign);
  let asked = null;
  const rest = (text) => {
    clearInterval(asked);
    asked = null;
    state.textContent = text;
    form.removeAttribute("aria-busy");
  };
  form.addEventListener("submit", (event) => {
    if (asked) return event.preventDefault(); // the first is still being made
    sign.value = crypto.getRandomValues(new Uint32Array(3)).join("");
    form.setAttribute("aria-busy", "true");
    state.textContent = form.dataset.prepared;
    asked = setInterval(() => {
      if (document.cookie.split("; ").includes(`export-begun=${sign.value}`)) rest(form.dataset.begun);
    }, 300);
  });
  addEventListener("pageshow", () => rest(""));
});
