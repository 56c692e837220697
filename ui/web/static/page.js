// What the page does beside Gradio: citations that point, keys, copying, and words for screen readers.
(() => {
  const find = (selector) => document.querySelector(selector);
  const target = (link) => document.getElementById(link.getAttribute("href").slice(1));

  // Citations and cards point at each other.
  const point = (element) => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "nearest" });
    element.focus({ preventScroll: true });
    element.classList.add("lit");
    setTimeout(() => element.classList.remove("lit"), 2500);
  };
  const light = (card, on) =>
    document.querySelectorAll(`a.cite[href="#${card.id}"]`).forEach((link) => link.classList.toggle("lit", on));

  // A glance at the paper behind a citation.
  const peek = Object.assign(document.createElement("div"), { id: "peek", hidden: true });
  peek.setAttribute("role", "tooltip");
  const show = (link) => {
    const card = target(link);
    if (!card) return;
    const parts = [".title", ".byline", ".label", ".evidence"].flatMap((part) => [...card.querySelectorAll(part)]);
    peek.replaceChildren(...parts.map((part) => part.cloneNode(true)));
    peek.hidden = false;
    const at = link.getBoundingClientRect();
    const above = at.bottom + peek.offsetHeight + 8 > innerHeight;
    peek.style.left = `${scrollX + Math.max(16, Math.min(at.left, document.body.clientWidth - peek.offsetWidth - 16))}px`;
    peek.style.top = `${scrollY + (above ? at.top - peek.offsetHeight - 6 : at.bottom + 6)}px`;
    link.setAttribute("aria-describedby", "peek");
  };
  const hide = () => (peek.hidden = true);

  document.addEventListener("mouseover", (event) => {
    const link = event.target.closest("a.cite");
    if (link) show(link);
    const card = event.target.closest(".card[id]");
    if (card) light(card, true);
  });
  document.addEventListener("mouseout", (event) => {
    if (event.target.closest("a.cite")) hide();
    const card = event.target.closest(".card[id]");
    if (card) light(card, false);
  });
  document.addEventListener("focusin", (event) => event.target.closest("a.cite") && show(event.target));
  document.addEventListener("focusout", hide);

  // Copying: an answer with its sources, or a card's BibTeX. Formulas are copied as their TeX.
  const plain = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(".katex").forEach((formula) => {
      formula.replaceWith(`$${formula.querySelector("annotation")?.textContent ?? formula.textContent}$`);
    });
    return copy.textContent.trim();
  };
  const answer = (button) => {
    const exchange = button.closest(".exchange, #exchange");
    const cards = [...exchange.parentElement.querySelectorAll(".card[id]")].map((card) => {
      const [number, title] = card.querySelector(".title").children;
      const byline = plain(card.querySelector(".byline"));
      return `[${number.textContent}] ${plain(title)}. ${byline}. ${card.querySelector(".links a").href}`;
    });
    return [plain(exchange.querySelector(".words")), ...(cards.length ? [cards.join("\n")] : [])].join("\n\n");
  };
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

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.cite, a.number");
    const button = event.target.closest("button");
    if (link) {
      event.preventDefault();
      hide();
      if (target(link)) point(target(link));
    } else if (button?.matches(".copy-answer")) copy(button, answer(button));
    else if (button?.matches(".copy-bibtex")) copy(button, button.closest(".card").querySelector("pre").textContent);
    else if (button?.matches(".retry")) find("#again").click();
  });

  // Esc stops, "/" goes to the question.
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input, textarea, [contenteditable]");
    if (event.key === "Escape") {
      hide();
      find("#box .stop-button")?.click();
    } else if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find("#box textarea")?.focus();
    }
  });

  // A new question comes to the top of the page; what happens to it is said aloud once.
  const voice = Object.assign(document.createElement("div"), { className: "sr" });
  voice.setAttribute("role", "status");
  let question = null;
  let settled = 0;
  const watch = () => {
    const asked = find("#exchange .question")?.id ?? null;
    if (asked !== question) settled = performance.now() + 600;  // earlier turns are drawn in this time
    question = asked;
    if (asked && performance.now() < settled) find("#exchange .question").scrollIntoView({ block: "start" });
    const done = find("#exchange .foot") ? `Answer: ${find("#exchange .answer > p")?.textContent}` : null;
    const news = done ?? find("#exchange .status, #status p")?.textContent ?? "";
    if (voice.textContent !== news) voice.textContent = news;
    find("#box .submit-button")?.setAttribute("aria-label", "Ask");
    find("#box .stop-button")?.setAttribute("aria-label", "Stop");
  };
  const begin = () => {
    document.documentElement.lang = "en";
    document.body.append(peek, voice);
    new MutationObserver(watch).observe(document.body, { childList: true, subtree: true, characterData: true });
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
