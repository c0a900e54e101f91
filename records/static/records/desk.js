// The desk: ordered rows, suggestions while typing, boxes that grow. Without it everything still works, row by row.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  // One goes on in the first field that has an error; Django's own script would go to the first of all.
  window.addEventListener("load", () => {
    const wrong = document.querySelector("#record_form [aria-invalid=true]");
    if (!wrong) return;
    const chooser = wrong.classList.contains("select2-hidden-accessible") && wrong.nextElementSibling;
    (chooser ? chooser.querySelector(".select2-selection") : wrong).focus();
  });

  // Ordered rows

  const places = (list) => {
    const rows = [...list.querySelectorAll("[data-row]")];
    rows.forEach((row, index) => {
      row.querySelector("input._reorder_").value = index + 1;
      const number = row.querySelector("[data-number]");
      if (number) number.textContent = index + 1;
    });
    return rows;
  };

  const firstField = (row) => row.querySelector("input[type=text], textarea");

  const said = document.querySelector("[data-said]");

  const move = (row, step) => {
    const list = row.closest("[data-list]");
    const rows = [...list.querySelectorAll("[data-row]")];
    const at = rows.indexOf(row) + step;
    const other = rows[at];
    if (!other) return;
    // The neighbour moves: the row that is being written in keeps its focus.
    row.insertAdjacentElement(step < 0 ? "afterend" : "beforebegin", other);
    places(list);
    row.scrollIntoView({ block: "nearest" });
    if (said) said.textContent = `${at + 1} / ${rows.length}`;
  };

  // A blank row at the end, or after another one.
  const newRow = (group, after) => {
    const total = group.querySelector("[name$=-TOTAL_FORMS]");
    const index = total.value;
    const list = group.querySelector("[data-list]");
    const row = group.querySelector("template").content.firstElementChild.cloneNode(true);
    for (const element of [row, ...row.querySelectorAll("*")]) {
      for (const name of ["id", "name", "for"]) {
        const value = element.getAttribute(name);
        if (value) element.setAttribute(name, value.replace("__prefix__", index));
      }
    }
    total.value = Number(index) + 1;
    if (after) after.insertAdjacentElement("afterend", row);
    else list.append(row);
    places(list);
    return row;
  };

  const add = (group, after) => firstField(newRow(group, after)).focus();

  // Enter at the end of a row goes on with the next one, which is made where there is none.
  const goOn = (row) => {
    const next = row.nextElementSibling;
    if (next && "row" in next.dataset) firstField(next).focus();
    else add(row.closest("[data-rows]"));
  };

  // Cells that were copied out of a table or a list: a row for each line, a field for each column.
  const fill = (row, lines) => {
    const group = row.closest("[data-rows]");
    let target = row;
    lines.forEach((line, index) => {
      if (index) {
        const next = target.nextElementSibling;
        const free = next && [...next.querySelectorAll("input[type=text]")].every((input) => !input.value);
        target = free ? next : newRow(group, target);
      }
      const cells = line.split("\t").map((cell) => cell.trim());
      if (cells.length > 1 && /^\d*$/.test(cells[0])) cells.shift(); // 序号
      [...target.querySelectorAll("input[type=text]")].forEach((input, column) => {
        if (cells[column]) input.value = cells[column];
      });
    });
    firstField(target).focus();
  };

  window.desk = { newRow, places }; // for what puts unsaved rows back

  const groups = document.querySelectorAll("[data-rows]");
  groups.forEach((group) => {
    group.classList.add("scripted");
    const list = group.querySelector("[data-list]");
    places(list);
    group.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.move) {
        move(button.closest("[data-row]"), Number(button.dataset.move));
        button.focus();
      } else if ("add" in button.dataset) add(group);
    });
    group.addEventListener("keydown", (event) => {
      const plain = !(event.altKey || event.ctrlKey || event.metaKey || event.isComposing || event.keyCode === 229);
      if (event.key !== "Enter" || !plain || !event.target.matches("[data-row] input[type=text]")) return;
      event.preventDefault();
      goOn(event.target.closest("[data-row]"));
    });
    group.addEventListener("paste", (event) => {
      const row = event.target.closest("[data-row]");
      if (!row || event.target !== firstField(row) || event.target.tagName !== "INPUT") return;
      const lines = event.clipboardData.getData("text").split(/[\r\n]+/).filter((line) => line.trim());
      if (lines.length < 2 && !(lines[0] || "").includes("\t")) return;
      event.preventDefault();
      fill(row, lines);
    });
    group.addEventListener("change", (event) => {
      if (event.target.name && event.target.name.endsWith("-DELETE")) {
        event.target.closest("[data-row]").classList.toggle("dropped", event.target.checked);
      }
    });
    // Dragging is the library's; it numbers the rows itself, this renews what is shown.
    group.addEventListener("dragend", () => places(list));
    group.addEventListener("pointerup", () => setTimeout(() => places(list), 200));
  });

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const row = event.target.closest("[data-row]");
    if (row && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      move(row, event.key === "ArrowUp" ? -1 : 1);
    }
    if (row && event.key === "Enter") {
      event.preventDefault();
      add(row.closest("[data-rows]"), row);
    }
    const wanted = { KeyN: "participants", KeyQ: "questions" }[event.code];
    const group = wanted && document.querySelector(`[data-rows=${wanted}]`);
    if (group && group.querySelector("[data-add]")) {
      event.preventDefault();
      add(group);
    }
  });

  // From question to question

  document.addEventListener("keydown", (event) => {
    const step = { KeyJ: 1, KeyK: -1 }[event.code];
    if (!step || !event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const rows = [...document.querySelectorAll("[data-rows=questions] [data-row]")];
    const at = rows.indexOf(event.target.closest("[data-row]"));
    const row = rows[at < 0 && step < 0 ? rows.length - 1 : at + step];
    if (!rows.length) return;
    event.preventDefault();
    if (!row) return;
    firstField(row).focus();
    row.scrollIntoView({ block: "center" });
  });

  // All keys, on one page

  const keys = document.querySelector("dialog[data-keys]");
  if (keys) {
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-show-keys]")) keys.showModal();
      else if (event.target === keys || event.target.closest("[data-close]")) keys.close();
    });
    document.addEventListener("keydown", (event) => {
      if (!["?", "？"].includes(event.key) || event.target.closest("input, textarea, select, [contenteditable]")) return;
      event.preventDefault();
      if (!keys.open) keys.showModal();
    });
  }

  document.addEventListener("keydown", (event) => {
    const save = document.querySelector(".submit-row [name=_continue]");
    if (!save || event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    save.click();
  });

  // Links beside a box stand in the way of who goes on with Tab; typing does what they do.
  window.addEventListener("load", () => {
    document.querySelectorAll(".datetimeshortcuts a").forEach((link) => link.setAttribute("tabindex", "-1"));
  });

  // Boxes that grow, for browsers that cannot by themselves

  if (!CSS.supports("field-sizing", "content")) {
    const grow = (box) => {
      box.style.height = "auto";
      box.style.height = `${box.scrollHeight + 4}px`;
    };
    document.querySelectorAll("textarea.growing").forEach(grow);
    document.addEventListener("input", (event) => event.target.matches("textarea.growing") && grow(event.target));
  }

  // Suggestions: a plain text box that offers names; what is typed counts, offered or not.

  const address = (document.querySelector("meta[name=desk-suggestions]") || {}).content;
  let box = null;
  let request = null;

  const close = () => {
    if (!box) return;
    box.input.setAttribute("aria-expanded", "false");
    box.input.removeAttribute("aria-activedescendant");
    box.list.remove();
    box = null;
  };

  const typed = (input) => {
    if (!("several" in input.dataset)) return { before: "", word: input.value };
    const at = Math.max(...["、", "，", ",", "；", ";"].map((sign) => input.value.lastIndexOf(sign))) + 1;
    return { before: input.value.slice(0, at), word: input.value.slice(at) };
  };

  const choose = (text) => {
    const { input } = box;
    input.value = typed(input).before + text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    close();
    input.focus();
  };

  const open = (input, names) => {
    close();
    if (!names.length) return;
    const list = document.createElement("ul");
    list.className = "suggestions";
    list.id = "suggestions";
    list.setAttribute("role", "listbox");
    names.forEach((name, index) => {
      const item = document.createElement("li");
      item.id = `suggestion-${index}`;
      item.setAttribute("role", "option");
      item.textContent = name;
      item.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        choose(name);
      });
      list.append(item);
    });
    input.insertAdjacentElement("afterend", list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", "suggestions");
    input.setAttribute("aria-autocomplete", "list");
    box = { input, list, at: -1 };
  };

  const highlight = (step) => {
    const items = [...box.list.children];
    box.at = (box.at + step + items.length + (box.at < 0 && step < 0 ? 1 : 0)) % items.length;
    items.forEach((item, index) => item.setAttribute("aria-selected", String(index === box.at)));
    items[box.at].scrollIntoView({ block: "nearest" });
    box.input.setAttribute("aria-activedescendant", items[box.at].id);
  };

  const suggest = async (input) => {
    const word = typed(input).word.trim();
    if (request) request.abort();
    if (!word) return close();
    const [model, field] = input.dataset.suggest.split(".");
    const query = new URLSearchParams({ app_label: "records", model_name: model, field_name: field, term: word });
    request = new AbortController();
    try {
      const answer = await fetch(`${address}?${query}`, { signal: request.signal });
      if (!answer.ok) return close();
      const { results } = await answer.json();
      if (document.activeElement === input) {
        open(input, results.map((result) => result.text).filter((text) => text !== word).slice(0, 8));
      }
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
    return undefined;
  };

  let timer = null;
  document.addEventListener("input", (event) => {
    if (!event.target.dataset || !event.target.dataset.suggest || !event.isTrusted || event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(() => suggest(event.target), 120);
  });
  document.addEventListener("compositionend", (event) => {
    if (event.target.dataset && event.target.dataset.suggest) suggest(event.target);
  });
  document.addEventListener("focusout", close);
  document.addEventListener(
    "keydown",
    (event) => {
      if (!box || event.target !== box.input || event.altKey) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        highlight(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter" && box.at >= 0) {
        event.preventDefault();
        event.stopPropagation(); // one Enter takes the name, the next one goes on
        choose(box.list.children[box.at].textContent);
      } else if (event.key === "Escape") {
        event.preventDefault();
        close();
      }
    },
    true,
  );
});
