// Adds to each question a button that copies its lasting address. The page is complete without it.
for (const place of document.querySelectorAll(".question > .place")) {
  if (!navigator.clipboard) break;
  const { copy, copied } = document.querySelector("[data-copy]").dataset;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.lang = document.documentElement.lang;
  button.textContent = copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(place.href);
    button.textContent = copied;
    setTimeout(() => { button.textContent = copy; }, 2000);
  });
  place.parentElement.querySelector(".topics").append(button);
}
