// Gradio 6.31 leaves the clock of its loading screen running: sixty times a second a page at rest would be painted, and
// the battery of a laptop with it. Nobody sees that clock, so it ticks slowly.
(() => {
  const soon = window.requestAnimationFrame.bind(window);
  const isClock = (tick) => /performance\.now\(\)-.+\/1e3/.test(String(tick));
  window.requestAnimationFrame = (tick) => (isClock(tick) ? setTimeout(() => tick(performance.now()), 2000) : soon(tick));
})();

// Gradio leaves KaTeX, which draws the formulas, without limits and lets nobody set them. KaTeX looks its options up like
// any other values, so those that were not given are found here. (Not "strict", a word that others look up too; its own is
// to draw, and to warn in the console.)
(() => {
  const limits = { maxSize: 20, maxExpand: 100 };
  for (const [name, value] of Object.entries(limits))
    Object.defineProperty(Object.prototype, name, { value, writable: true, configurable: true, enumerable: false });
})();

// What all views share: which of them is up, the address, talking with the server, keys, and words for screen readers.
(() => {
  const find = (selector) => document.querySelector(selector);
  const given = new URLSearchParams(location.search);
  const root = document.documentElement;
  root.lang = "en";
  const named = (address) => (["search", "map", "lists", "library"].includes(address.get("view")) ? address.get("view") : "chat");
  root.dataset.view = named(given);

  // The address says where one is: the view, the index, the conversation, and what the view has of its own. It is noted
  // when something changes; a step is where Back leads to.
  const own = {};
  let place = { index: given.get("index"), c: given.get("c") };
  let going = false;  // to where the address says, as Back does: what is drawn on the way is no step
  const note = (step = true) => {
    const url = new URL(location.pathname, location.origin);
    const view = root.dataset.view;
    const parts = { view: view === "chat" ? null : view, ...place, ...own[view]?.() };
    for (const [name, value] of Object.entries(parts)) {
      if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
    }
    if (url.href !== location.href) history[step && !going ? "pushState" : "replaceState"](null, "", url);
  };
  const at = ({ index, c }) => {
    const other = c !== place.c;
    place = { index, c };
    note(other && root.dataset.ready !== undefined);
    going = false;
  };
  addEventListener("popstate", () => {
    const there = new URLSearchParams(location.search);
    going = true;
    settled = false;
    root.dataset.view = named(there);
    place = { index: there.get("index"), c: there.get("c") };
    document.dispatchEvent(new CustomEvent("sidereus:moved", { detail: there }));
    say("said", { do: "go", view: root.dataset.view, index: place.index ?? "", value: place.c ?? "" });
  });

  // To the server: into a hidden textbox, the way that Gradio notices. The moment makes every message a new one.
  const say = (id, message) => {
    const field = find(`#${id} textarea, #${id} input`);
    if (!field) return false;
    field.value = typeof message === "string" ? message : JSON.stringify({ ...message, at: performance.now() });
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  };

  // From the server: a component that nobody sees holds values as JSON.
  const heard = {};
  const listen = (id, handle) => (heard[id] = { handle, text: "" });
  const hear = () => {
    for (const [id, one] of Object.entries(heard)) {
      const text = find(`#${id} pre`)?.textContent ?? "";
      if (text === one.text) continue;
      one.text = text;
      if (text) one.handle(JSON.parse(text));
    }
  };

  const save = (name, type, text) => {
    const link = Object.assign(document.createElement("a"), {
      href: URL.createObjectURL(new Blob([text], { type })),
      download: name,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  listen("outbox", (told) => {
    if (told.menu) document.dispatchEvent(new CustomEvent("sidereus:menu", { detail: told.menu }));
    else save(told.name, told.type, told.text);
  });

  const copy = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // a page that is not on this machine and not on https has no clipboard of that kind
      const field = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    const label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = label), 1500);
  };

  // Views. The server brings up the one that an address names; until it has, none is noted.
  let settled = root.dataset.view === "chat";
  const look = () => {
    const up = document.querySelector('#views [role="tab"][aria-selected="true"]')?.dataset.tabId;
    if (!up) return;
    settled ||= up === root.dataset.view;
    if (!settled || up === root.dataset.view) return;
    root.dataset.view = up;
    note();
    document.dispatchEvent(new CustomEvent("sidereus:view", { detail: up }));
  };
  document.addEventListener("click", (event) => (settled ||= Boolean(event.target.closest('#views [role="tab"]'))));

  // What happens is said aloud once.
  const voice = Object.assign(document.createElement("div"), { className: "sr" });
  voice.setAttribute("role", "status");
  const tell = (news) => {
    if (voice.textContent !== news) voice.textContent = news;
  };

  const watchers = [hear, look];
  const begin = () => {
    document.body.append(voice);
    new MutationObserver(() => watchers.forEach((watch) => watch())).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
      attributeFilter: ["aria-selected"],
    });
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);

  window.sidereus = { given, own, at, note, say, listen, save, copy, tell, watch: (watch) => watchers.push(watch) };
})();
