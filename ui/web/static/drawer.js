// The drawer with the kept conversations: opened and closed, and what is done to each of them.
(() => {
  const { say, watch } = window.sidereus;
  const find = (selector) => document.querySelector(selector);
  const root = document.documentElement;
  const isOpen = () => root.classList.contains("drawer-open");

  const open = () => {
    root.classList.add("drawer-open");
    say("said", { do: "list" });
    find("#find input, #find textarea")?.focus();
  };
  const close = () => {
    if (!isOpen()) return;
    root.classList.remove("drawer-open");
    find("#kept")?.focus();
  };

  const rename = (row) => {
    const button = row.querySelector(".open");
    const text = Object.assign(document.createElement("input"), {
      type: "text",
      value: button.firstChild.textContent,
      maxLength: 200,
      className: "renaming",
    });
    text.setAttribute("aria-label", "New name of the conversation");
    const end = (title) => {
      text.onblur = null;
      if (title !== null) say("said", { do: "rename", value: button.value, title });
      text.replaceWith(button);
      button.focus();
    };
    text.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();  // or the button, focused by then, would take the key
      end(event.key === "Enter" ? text.value : null);
    };
    text.onblur = () => end(text.value);
    row.querySelector("details").open = false;
    button.replaceWith(text);
    text.focus();
    text.select();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, summary");
    if (button?.closest("#kept")) return isOpen() ? close() : open();
    if (button?.closest("#clear, #drawer-close")) return close();
    if (!event.target.closest("#drawer")) return close();
    document.querySelectorAll("#shelf details[open]").forEach((one) => one.contains(button) || (one.open = false));
    if (button?.matches(".rename")) rename(button.closest("li"));
    else if (button?.name) {
      say("said", { do: button.name, value: button.value });
      if (button.name === "open") close();
      button.closest("details")?.removeAttribute("open");
    }
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
  document.addEventListener("sidereus:view", close);

  watch(() => {
    document.querySelectorAll("#shelf .open").forEach((row) => {  // Gradio's Markdown lets no aria attributes through
      const current = row.closest("li").matches(".current") ? "true" : null;
      if (row.getAttribute("aria-current") !== current) current ? row.setAttribute("aria-current", current) : row.removeAttribute("aria-current");
    });
    const kept = find("#kept");
    if (!kept || kept.ariaExpanded === String(isOpen())) return;
    kept.ariaExpanded = String(isOpen());
    kept.setAttribute("aria-controls", "drawer");
  });
  new MutationObserver(() => find("#kept") && (find("#kept").ariaExpanded = String(isOpen()))).observe(root, {
    attributeFilter: ["class"],
  });
})();
