// The Library view: its years, and opening another index.
(() => {
  const page = window.sidereus;
  const find = (selector) => document.querySelector(selector);
  let opened = null;

  page.listen("library-facts", ({ years, span }) => {
    page.bars(find("#library-bars"), years, span);
    find("#library-view .years .ends").replaceChildren(...span.map((year) => Object.assign(document.createElement("span"), { textContent: year })));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#library-view :is(.open, .undo)");
    if (button) page.say("library-said", button.matches(".undo") ? { undo: button.value } : { open: button.value });
  });
  document.addEventListener("sidereus:view", ({ detail }) => detail === "library" && page.say("library-opened", {}));
  page.watch(() => {
    const wire = find("#library-opened textarea");
    if (!wire || wire === opened) return;
    opened = wire;
    page.say("library-opened", {});
  });
})();
