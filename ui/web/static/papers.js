// What can be done with papers wherever they are shown: a citation to copy, a list to add to, a card to drag.
(() => {
  const page = window.sidereus;
  const FORMS = [["bibtex", "BibTeX"], ["citep", "\\citep"], ["citet", "\\citet"], ["bibitem", "\\bibitem"], ["aastex", "AASTeX"], ["text", "Plain text"]];
  const KEYS = [["library", "Those of its library"], ["id", "Riess2018_1804.10655"], ["short", "Riess2018"], ["bibcode", "2018ApJ...861..126R"], ["zotero", "riess_milky_2018"]];
  const SLOT = "sidereus-citing";  // how this person cites
  const PAPER = ".card, .paper, .item";
  const make = (tag, values, ...children) => {
    const element = Object.assign(document.createElement(tag), values);
    element.append(...children);
    return element;
  };

  // One menu, below the button that opened it.
  const menu = make("div", { id: "menu", hidden: true });
  menu.setAttribute("role", "dialog");
  const openers = [];  // the button of each menu that was opened; an answer may come when the next one is open
  let opener = null;
  const close = (back = true) => {
    if (menu.hidden) return;
    menu.hidden = true;
    opener?.setAttribute("aria-expanded", false);
    if (back) opener?.focus();
    opener = null;
  };
  const place = () => {
    const box = document.querySelector(".gradio-container");
    if (!menu.isConnected) box.append(menu);
    const [at, from] = [opener.getBoundingClientRect(), box.getBoundingClientRect()];
    const above = at.bottom + menu.offsetHeight + 8 > innerHeight && at.top > menu.offsetHeight;
    menu.style.left = `${Math.max(16, Math.min(at.left, document.body.clientWidth - menu.offsetWidth - 16)) - from.left}px`;
    menu.style.top = `${(above ? at.top - menu.offsetHeight - 6 : at.bottom + 6) - from.top}px`;
  };
  const open = (button, name, ...content) => {
    const again = opener === button;
    close(again);
    if (again) return;
    opener = button;
    openers.push(button);
    opener.setAttribute("aria-expanded", true);
    menu.setAttribute("aria-label", name);
    menu.replaceChildren(...content);
    menu.hidden = false;
    place();
    menu.querySelector("button, input")?.focus();
  };
  const choice = (words, act, more = "") => make("button", { type: "button", onclick: act }, words, make("span", { textContent: more }));

  const cite = (button, send) => {
    const kept = { keys: "library", macros: false, ...JSON.parse(localStorage.getItem(SLOT) ?? "{}") };
    const keep = (changes) => localStorage.setItem(SLOT, JSON.stringify(Object.assign(kept, changes)));
    const keys = make("select", { onchange: () => keep({ keys: keys.value }) }, ...KEYS.map(([value, words]) => new Option(words, value)));
    keys.value = kept.keys;
    const macros = make("input", { type: "checkbox", checked: kept.macros, onchange: () => keep({ macros: macros.checked }) });
    const forms = FORMS.map(([form, words]) => choice(words, () => send({ form, ...kept, menu: openers.length })));
    open(button, "Copy a citation", ...forms, make("label", {}, "Keys", keys), make("label", { className: "row" }, macros, "Journals as macros"));
  };

  let adding = null;
  const keep = (button, send) => {
    adding = send;
    open(button, "Add to a list", make("p", { className: "note", textContent: "Looking for your lists" }));
    if (opener) send({ form: "lists", menu: openers.length });
  };
  const showLists = (lists) => {
    const add = (list) => list.trim() && adding({ form: "keep", list, menu: openers.length });
    const name = make("input", { type: "text", maxLength: 100, placeholder: "New list" });
    name.setAttribute("aria-label", "Name of a new list");
    name.onkeydown = (event) => event.key === "Enter" && (event.preventDefault(), add(name.value));
    const rows = lists.map(({ name, papers }) => choice(name, () => add(name), papers.toLocaleString("en")));
    menu.replaceChildren(...rows, make("div", { className: "row" }, name, make("button", { type: "button", textContent: "Add", onclick: () => add(name.value) })));
    place();
    menu.querySelector("button, input").focus();
  };
  const briefly = (button, words) => {
    const label = button.textContent;
    button.textContent = words;
    setTimeout(() => (button.textContent = label), 1500);
  };
  document.addEventListener("sidereus:menu", ({ detail }) => {
    const button = openers[detail.number - 1];
    const up = opener && detail.number === openers.length;
    if (detail.lists) return up && showLists(detail.lists);
    if (detail.problem && up) return menu.append(make("p", { className: "problem", role: "alert", textContent: detail.problem }));
    if (!button || detail.problem) return;
    if (up) close();
    if (detail.copy) page.copy(button, detail.copy.trim());
    else briefly(button, "Added");
    page.tell(detail.copy ? "Copied" : detail.done);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches(".citing, .keeping")) return (button.matches(".citing") ? cite : keep)(button, sender(button));
    if (!event.target.closest("#menu, .actions")) close(false);
    const read = event.target.closest("a[href^=http], summary, .unfold")?.closest(PAPER);
    if (read) page.say("said", { do: "read", value: read.querySelector(".citing").value });
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && !menu.hidden && (event.stopPropagation(), close()), true);
  menu.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && !menu.contains(relatedTarget) && close(false));

  // To whom a menu speaks: a card for its paper, an answer for the papers it cites, a list for its papers.
  const sender = (button) => {
    const list = button.closest("#lists-view");
    if (list) return (values) => page.act({ do: "menu", papers: button.value ? [button.value] : [], of: of(button), ...values });
    const answer = button.closest(".exchange, #exchange");
    const cited = () => [...answer.parentElement.querySelectorAll(".card.used .citing")].map((one) => one.value);
    return (values) => page.say("said", { do: "menu", papers: button.value ? [button.value] : cited(), ...values });
  };
  const of = (button) => button.closest(".item")?.querySelector(".of").textContent ?? "";

  // What is dragged by its title, or by "Cite", is its BibTeX entry.
  document.addEventListener("dragstart", (event) => {
    const entry = event.target.closest?.(PAPER)?.querySelector(".bib")?.textContent;
    if (!entry) return;
    event.dataTransfer.setData("text/plain", entry);
    event.dataTransfer.effectAllowed = "copy";
  });
  page.watch(() => document.querySelectorAll(".card .title > span, button.citing[value]").forEach((handle) => (handle.draggable ||= true)));

  Object.assign(page, { cite, keep });
})();
