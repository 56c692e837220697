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
  root.dataset.view = given.get("view") ?? "chat";

  // The address says where one is. A parameter of null goes.
  const address = (changes) => {
    const url = new URL(location);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === "") url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    if (url.href !== location.href) history.replaceState(null, "", url);
  };

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
  listen("outbox", (file) => save(file.name, file.type, file.text));

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

  // Views
  const tabs = () => [...document.querySelectorAll('#views [role="tab"]')];
  const name = (tab) => tab.dataset.tabId;
  let settled = root.dataset.view === "chat";
  let clicked = -Infinity;
  const look = () => {
    const shown = tabs();
    if (!shown.length) return;
    const wanted = !settled && shown.find((tab) => name(tab) === root.dataset.view);
    if (wanted && wanted.ariaSelected !== "true") {  // Gradio may not listen to it yet: then it is clicked again
      if (performance.now() - clicked > 200) {
        clicked = performance.now();
        wanted.click();
        setTimeout(look, 250);
      }
      return;
    }
    settled = true;
    const up = shown.find((tab) => tab.ariaSelected === "true");
    if (!up || name(up) === root.dataset.view) return;
    root.dataset.view = name(up);
    const own = root.dataset.view === "chat" ? {} : { c: null, q: null };
    address({ view: root.dataset.view === "chat" ? null : root.dataset.view, ...own });
    document.dispatchEvent(new CustomEvent("sidereus:view", { detail: root.dataset.view }));
  };

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

  window.sidereus = { given, address, say, listen, save, copy, tell, watch: (watch) => watchers.push(watch) };
})();
