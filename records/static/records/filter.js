// What was just ticked stays under the hand: with the list, the filters above it grow and shrink. Without it, the page
// comes anew and begins at its top.
{
  let ticked = null; // the id of the box and how far below the edge of the window it stood
  const top = (id) => document.getElementById(id)?.getBoundingClientRect().top;
  document.addEventListener("htmx:beforeSwap", ({ detail: { requestConfig } }) => {
    const id = requestConfig.elt.id === "filter" && requestConfig.triggeringEvent?.target.id;
    ticked = id ? { id, top: top(id) } : null;
  });
  document.addEventListener("htmx:afterSwap", () => {
    const moved = ticked && top(ticked.id) - ticked.top;
    if (moved) scrollBy({ top: moved, behavior: "instant" }); // NaN, where the box is gone, moves nothing
    ticked = null;
  });
}
