// The Lists view: which list is up, and what is written there. What was typed and not kept yet outlives a reload.
(() => {
  const page = window.sidereus;
  const find = (selector) => document.querySelector(selector);
  const SLOT = "sidereus-notes";
  const make = (tag, values, ...children) => {
    const element = Object.assign(document.createElement(tag), values);
    element.append(...children);
    return element;
  };
  const fromAddress = (given) => Object.fromEntries(["list", "q", "tag"].map((name) => [name, given.get(name) ?? ""]));
  let at = page.given.get("view") === "lists" ? fromAddress(page.given) : fromAddress(new URLSearchParams());
  page.own.lists = () => at;
  const ask = (changes, step = true) => {
    at = { ...at, ...changes };
    page.note(step);
    page.say("lists-asked", at);
  };
  page.act = (values) => page.say("lists-said", { ...at, ...values });

  // A field in the place of something: Enter keeps what is typed (in a longer text with Ctrl), Escape leaves it.
  const field = (place, name, text, keep, { rows = 0, typed = () => {}, left = () => {} } = {}) => {
    const area = make(rows ? "textarea" : "input", { value: text, className: "writing", ...(rows ? { rows } : { type: "text" }) });
    area.setAttribute("aria-label", name);
    const end = () => (form.remove(), (place.hidden = false), left());
    const send = () => (form.remove(), (place.hidden = false), keep(area.value.trim()));
    area.oninput = () => typed(area.value);
    area.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key === "Escape") end();
      if (event.key === "Enter" && (!rows || event.ctrlKey || event.metaKey)) event.preventDefault(), send();
    };
    const save = make("button", { type: "button", textContent: "Save", className: "solid", onclick: send });
    const form = make("div", { className: "written" }, area, save, make("button", { type: "button", textContent: "Cancel", onclick: end }));
    place.hidden = true;
    place.after(form);
    return area;
  };

  // Notes
  const drafts = JSON.parse(sessionStorage.getItem(SLOT) ?? "{}");
  const draft = (key, value) => {
    if (value) drafts[key] = value;
    else delete drafts[key];
    sessionStorage.setItem(SLOT, JSON.stringify(drafts));
  };
  const about = (item) => ({ of: item.querySelector(".of").textContent, paper: item.querySelector(".citing").value });
  const note = (item, given) => {
    if (item.querySelector(".written textarea")) return null;
    const { of, paper } = about(item);
    const key = `${of}/${paper}`;
    const before = given?.before ?? item.querySelector(".raw").textContent;
    return field(item.querySelector(".noted"), "Note, in Markdown", given?.text ?? before, (text) => {
      draft(key, { before, text });
      page.act({ do: "note", of, paper, text, before });
    }, { rows: 6, typed: (text) => draft(key, { before, text }), left: () => (draft(key), item.querySelector(".edit-note").focus()) });
  };
  const takeUp = () => document.querySelectorAll("#lists-page .item:has(.raw)").forEach((item) => {
    const { of, paper } = about(item);
    const kept = drafts[`${of}/${paper}`];
    if (!kept) return;
    const there = item.querySelector(".raw").textContent.trim();
    if (there !== kept.before.trim() && there.endsWith(kept.text.trim())) draft(`${of}/${paper}`);
    else if (there === kept.text.trim()) draft(`${of}/${paper}`);
    else note(item, kept);
  });

  const CLICKS = {
    ".shelf .show": (button) => ask({ list: button.value, q: "", tag: "" }),
    ".everything": () => ask({ q: "" }),
    ".tag": (button) => ask({ tag: at.tag === button.value ? "" : button.value }),
    ".ask": () => page.act({ do: "ask" }),
    ".save": (button) => (page.act({ do: "save", form: button.value }), (button.closest("details").open = false)),
    ".delete": () => page.act({ do: "delete" }),
    ".undo": (button) => page.act({ do: button.name, paper: button.value, of: button.nextElementSibling.textContent }),
    ".remove": (button) => page.act({ do: "remove", ...about(button.closest(".item")) }),
    "[name=only]": (button) => page.act({ do: "ask", papers: [button.value], of: about(button.closest(".item")).of }),
    "[name=like]": (button) => page.say("said", { do: "like", value: button.value }),
    "[name=pin]": (button) => page.say("said", { do: "pin", value: button.value }),
    ".edit-note": (button) => note(button.closest(".item"))?.focus(),
    ".edit-tags": (button) => {
      const item = button.closest(".item");
      const tags = [...item.querySelectorAll(".tag")].map((tag) => tag.value).join(", ");
      field(button, "Tags, with commas between", tags, (text) => page.act({ do: "tag", ...about(item), text })).focus();
    },
    ".rename": () => {
      const name = find("#lists-page h2");
      field(name, "Name of the list", name.textContent, (text) => page.act({ do: "rename", text })).focus();
    },
    ".add-ids": (button) => field(button.closest(".deeds"), "arXiv ids, DOIs, bibcodes or links, one a line", "", (text) => page.act({ do: "ids", text }), { rows: 4 }).focus(),
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#lists-view button");
    const known = button && Object.keys(CLICKS).find((selector) => button.matches(selector));
    if (known) CLICKS[known](button);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("#lists-find, #lists-new")) return;
    event.preventDefault();
    const words = event.target.querySelector("input");
    if (event.target.id === "lists-find") ask({ list: "", q: words.value.trim(), tag: "" });
    else if (words.value.trim()) page.act({ do: "create", text: words.value }), (words.value = "");
  });

  // The view comes and goes.
  let opened = null;
  document.addEventListener("sidereus:view", ({ detail }) => detail === "lists" && ask({}, false));
  document.addEventListener("sidereus:moved", ({ detail }) => detail.get("view") === "lists" && ask(fromAddress(detail), false));
  let drawn = null;
  page.watch(() => {
    const list = find("#lists-page .list");
    if (list !== drawn) {
      drawn = list;
      takeUp();
    }
    const wire = find("#lists-asked textarea, #lists-asked input");
    if (!wire || wire === opened) return;
    opened = wire;
    if (document.documentElement.dataset.view === "lists") ask({}, false);
  });
  page.listen("lists-facts", ({ list, q, tag }) => {
    at = { list, q, tag };
    if (document.documentElement.dataset.view === "lists") page.note(false);
    const words = find("#lists-words");
    if (words && words !== document.activeElement) words.value = q;
  });
})();
