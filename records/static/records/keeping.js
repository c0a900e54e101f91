// Nothing typed is lost: a copy of what is unsaved stays in this browser until it is saved, discarded or its user logs out.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const user = (document.querySelector("meta[name=desk-user]") || {}).content;
  if (!user) return;

  // The copies of this user, by the id of the work that they are of

  const PREFIX = `desk.unsaved.${user}.`;
  const LARGEST = 500_000; // characters of one copy
  const MOST = 20;
  const OLDEST = 30 * 24 * 3600 * 1000;

  const storage = (() => {
    try {
      localStorage.getItem(PREFIX);
      return localStorage;
    } catch {
      return null; // the browser keeps nothing; all else works
    }
  })();

  const drop = (work) => storage && storage.removeItem(PREFIX + work);

  const read = (work) => {
    try {
      const copy = JSON.parse(storage.getItem(PREFIX + work));
      return copy && copy.at > Date.now() - OLDEST ? copy : null;
    } catch {
      return null;
    }
  };

  const copies = () => {
    if (!storage) return [];
    const works = Object.keys(storage).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
    const found = works.map((work) => ({ work, copy: read(work) }));
    found.filter(({ copy }) => !copy).forEach(({ work }) => drop(work));
    return found.filter(({ copy }) => copy).sort((one, other) => other.copy.at - one.copy.at);
  };

  const put = (work, copy) => {
    const text = JSON.stringify(copy);
    if (!storage || text.length > LARGEST) return;
    copies().slice(MOST - 1).forEach((old) => old.work !== work && drop(old.work));
    try {
      storage.setItem(PREFIX + work, text);
    } catch {
      // The browser's room is used up: the oldest copies go.
      copies().slice(2).forEach((old) => old.work !== work && drop(old.work));
      try {
        storage.setItem(PREFIX + work, text);
      } catch {
        drop(work); // rather none than an older one
      }
    }
  };

  const saved = document.cookie.match(/(?:^|; )desk_saved=([0-9a-f]{32})/);
  if (saved) {
    drop(saved[1]);
    document.cookie = "desk_saved=; path=/; max-age=0; samesite=lax";
  }

  const logout = document.getElementById("logout-form");
  let ends = false;
  if (logout) logout.addEventListener("submit", () => { ends = true; });
  window.addEventListener("pagehide", () => {
    if (ends) copies().forEach(({ work }) => drop(work));
  });

  // The form of a record

  const form = document.getElementById("record_form");
  const about = form && form.querySelector(".unsaved[data-record]");
  if (!about) return;
  const work = form.elements._work;
  const record = about.dataset.record;
  // A page that came back shows what was typed: what is unsaved about it, the copy knows.
  const isUnsaved = "unsaved" in about.dataset;
  const before = (isUnsaved && storage && read(work.value)) || { fields: {}, parts: {} };

  const OURS = /^_|^csrfmiddlewaretoken$|-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS$/;
  const MUTE = new Set(["file", "submit", "button", "image", "reset"]);

  const boxesIn = (parent) =>
    [...parent.querySelectorAll("input, select, textarea")].filter((box) => box.name && !MUTE.has(box.type));

  const isTick = (box) => box.type === "checkbox" || box.type === "radio";

  // What was chosen in a list when the page came; its options may grow.
  const chosen = new Map(
    [...form.querySelectorAll("select")].map((box) => {
      const first = [...box.options].find((option) => option.defaultSelected) || box.options[0];
      return [box, first ? first.value : ""];
    }),
  );

  const isChanged = (box) => {
    if (isTick(box)) return box.checked !== box.defaultChecked;
    if (box.tagName === "SELECT") return box.value !== (chosen.has(box) ? chosen.get(box) : "");
    return box.value !== box.defaultValue;
  };

  const suffix = (box) => box.name.replace(/^\w+?-\d+-/, "");
  const rowBoxes = (row) =>
    boxesIn(row).filter((box) => !["id", "record", "position"].includes(suffix(box)));
  const idOf = (row) => (row.querySelector("input[name$='-id']") || {}).value || "";
  const rowsOf = (group) => [...group.querySelectorAll("[data-row]")];
  const isBlank = (row) => !idOf(row) && rowBoxes(row).every((box) => (isTick(box) ? !box.checked : !box.value.trim()));

  const groups = [...form.querySelectorAll("[data-rows]")];
  const idsOf = (group) => rowsOf(group).map(idOf).filter(Boolean).join();
  const order = new Map(groups.map((group) => [group, idsOf(group)]));

  const changedFields = () => {
    const fields = {};
    const touched = new Set(Object.keys(before.fields));
    const outside = boxesIn(form).filter((box) => !OURS.test(box.name) && !box.closest("[data-rows]"));
    outside.filter(isChanged).forEach((box) => touched.add(box.name));
    outside.filter((box) => touched.has(box.name)).forEach((box) => {
      const field = (fields[box.name] = fields[box.name] || { values: [] });
      if (!isTick(box) || box.checked) field.values.push(box.value);
      if (box.tagName === "SELECT" && box.selectedOptions[0]) field.text = box.selectedOptions[0].textContent;
    });
    return fields;
  };

  const changedRows = (group) => {
    const known = new Set((before.parts[group.dataset.rows] || []).filter((row) => row.values).map((row) => row.id));
    const rows = rowsOf(group).filter((row) => !isBlank(row)).map((row) => {
      const boxes = rowBoxes(row);
      const id = idOf(row);
      if (id && !known.has(id) && !boxes.some(isChanged)) return { id };
      return { id, values: Object.fromEntries(boxes.map((box) => [suffix(box), isTick(box) ? box.checked : box.value])) };
    });
    return rows.some((row) => row.values) || idsOf(group) !== order.get(group) ? rows : null;
  };

  // What is unsaved: the changed fields by name, and of each part with changes its rows in their order.
  const unsaved = () => {
    const fields = changedFields();
    const parts = {};
    groups.forEach((group) => {
      const rows = changedRows(group);
      if (rows) parts[group.dataset.rows] = rows;
    });
    if (!Object.keys(fields).length && !Object.keys(parts).length) return null;
    return { at: Date.now(), record, opened: (form.elements._opened || {}).value || "", fields, parts };
  };

  let timer = null;
  const keep = () => {
    clearTimeout(timer);
    if (ends) return;
    const copy = unsaved();
    if (copy) put(work.value, copy);
    else if (!isUnsaved) drop(work.value);
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 600);
  };
  ["input", "change", "click", "keyup", "dragend", "pointerup"].forEach((name) => document.addEventListener(name, soon));
  document.addEventListener("visibilitychange", () => document.hidden && keep());

  // Leaving, and sending once

  let sent = 0;
  form.addEventListener("submit", (event) => {
    if (Date.now() - sent < 3000) return event.preventDefault();
    keep();
    sent = Date.now();
    return undefined;
  });
  window.addEventListener("pageshow", () => { sent = 0; });
  window.addEventListener("beforeunload", (event) => {
    if (sent) return;
    keep();
    const files = [...form.querySelectorAll("input[type=file]")].some((box) => box.files.length);
    if (isUnsaved || files || unsaved()) event.preventDefault();
  });

  // Putting values into boxes

  const fill = (boxes, values, text) =>
    boxes.forEach((box) => {
      if (isTick(box)) box.checked = values.includes(box.value);
      else {
        const value = values[0] || "";
        if (box.tagName === "SELECT" && ![...box.options].some((option) => option.value === value)) {
          box.append(new Option(text || value, value));
        }
        box.value = value;
      }
      ["input", "change"].forEach((name) => box.dispatchEvent(new Event(name, { bubbles: true })));
    });
  const named = (name) => boxesIn(form).filter((box) => box.name === name);

  const restoreRows = (group, entries) => {
    const list = group.querySelector("[data-list]");
    const rows = rowsOf(group);
    const byId = new Map(rows.map((row) => [idOf(row), row]));
    const blank = rows.filter(isBlank);
    const placed = [];
    entries.forEach(({ id, values }) => {
      let row = id ? byId.get(id) : null;
      if (!row && !values) return; // deleted meanwhile, and not changed here
      row = row || blank.shift() || window.desk.newRow(group);
      rowBoxes(row).forEach((box) => {
        if (!values || !(suffix(box) in values)) return;
        const value = values[suffix(box)];
        fill([box], isTick(box) ? (value ? [box.value] : []) : [value]);
      });
      placed.push(row);
    });
    // Rows that the copy does not know stay behind the one that they stood behind.
    const others = rowsOf(group).filter((row) => !placed.includes(row)).map((row) => [row, row.previousElementSibling]);
    placed.forEach((row) => list.append(row));
    others.forEach(([row, previous]) => (previous ? previous.after(row) : list.prepend(row)));
    window.desk.places(list);
  };

  const restore = (copy) => {
    Object.entries(copy.fields).forEach(([name, { values, text }]) => fill(named(name), values, text));
    groups.forEach((group) => {
      const rows = copy.parts[group.dataset.rows];
      if (rows && group.querySelector("template")) restoreRows(group, rows);
    });
    // Whatever was stored since that page was opened is asked about when this one is saved.
    if (form.elements._opened && copy.opened) form.elements._opened.value = copy.opened;
  };

  // Offering a copy

  const when = (at) => {
    const time = new Date(at);
    const parts = { hour: "2-digit", minute: "2-digit", hour12: false };
    if (time.toDateString() !== new Date().toDateString()) Object.assign(parts, { month: "long", day: "numeric" });
    return new Intl.DateTimeFormat(document.documentElement.lang || undefined, parts).format(time);
  };

  const say = (name) => about.replaceChildren(about.querySelector(`template[data-${name}]`).content.cloneNode(true));

  copies().filter(({ work: id, copy }) => id !== work.value && copy.record === record).slice(0, 3).forEach((found) => {
    const bar = about.querySelector("template[data-offer]").content.firstElementChild.cloneNode(true);
    bar.querySelector("time").textContent = when(found.copy.at);
    bar.querySelector("time").dateTime = new Date(found.copy.at).toISOString();
    bar.querySelector("[data-restore]").addEventListener("click", () => {
      drop(work.value);
      work.value = found.work;
      restore(found.copy);
      say("restored");
      keep();
    });
    bar.querySelector("[data-discard]").addEventListener("click", () => {
      drop(found.work);
      bar.remove();
    });
    about.append(bar);
  });

  // What was stored meanwhile: either text for its box

  const late = form.querySelector("[data-late]");
  if (!late) return;
  late.classList.add("scripted");
  late.scrollIntoView({ block: "start" });
  late.focus({ preventScroll: true });
  late.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (!button) return;
    const item = button.closest("[data-choices]");
    const boxes = JSON.parse(item.dataset.choices)[button.dataset.choose];
    Object.entries(boxes).forEach(([name, values]) => fill(named(name), values, button.dataset.text));
    item.querySelectorAll("[data-choose]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
  });
});
