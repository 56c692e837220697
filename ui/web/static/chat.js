// The chat: citations that point, the small things to do with answers and cards, and where the chat is.
(() => {
  const { given, own, at, say, listen, copy, tell, watch } = window.sidereus;
  const find = (selector) => document.querySelector(selector);
  const target = (link) => document.getElementById(link.getAttribute("href").slice(1));
  const make = (tag, values, ...children) => {
    const element = Object.assign(document.createElement(tag), values);
    element.append(...children);
    return element;
  };

  // Citations and cards point at each other.
  const point = (element) => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "nearest" });
    element.focus({ preventScroll: true });
    element.classList.add("lit");
    setTimeout(() => element.classList.remove("lit"), 2500);
  };
  const citing = (card) => document.querySelectorAll(`a.cite[href="#${card.id}"]`);
  const light = (card, on) => citing(card).forEach((link) => link.classList.toggle("lit", on));

  // A glance at the paper behind a citation.
  const peek = make("div", { id: "peek", hidden: true });
  peek.setAttribute("role", "tooltip");
  const show = (link) => {
    const card = target(link);
    if (!card) return;
    const parts = [".title", ".byline", ".label:not(.before)", ".evidence"].flatMap((part) => [...card.querySelectorAll(part)]);
    peek.replaceChildren(...parts.map((part) => part.cloneNode(true)));
    const page = find(".gradio-container");  // where formulas have their looks
    if (!peek.isConnected) page.append(peek);
    peek.hidden = false;
    const at = link.getBoundingClientRect();
    const from = page.getBoundingClientRect();
    const above = at.bottom + peek.offsetHeight + 8 > innerHeight;
    peek.style.left = `${Math.max(16, Math.min(at.left, document.body.clientWidth - peek.offsetWidth - 16)) - from.left}px`;
    peek.style.top = `${(above ? at.top - peek.offsetHeight - 6 : at.bottom + 6) - from.top}px`;
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

  // Formulas are copied as their TeX.
  const plain = (element) => {
    const copied = element.cloneNode(true);
    copied.querySelectorAll(".katex").forEach((formula) => {
      formula.replaceWith(`$${formula.querySelector("annotation")?.textContent ?? formula.textContent}$`);
    });
    return copied.textContent.trim();
  };
  // They are read aloud as they look.
  const spoken = (element) => {
    const heard = element.cloneNode(true);
    heard.querySelectorAll("annotation, .katex-html").forEach((part) => part.remove());
    return heard.textContent;
  };
  const prose = (words) =>
    [...words.querySelectorAll("p, h3, li")].map((line) => (line.matches("li") ? "- " : "") + plain(line)).join("\n");
  const answer = (button) => {
    const exchange = button.closest(".exchange, #exchange");
    const cards = [...exchange.parentElement.querySelectorAll(".card[id].used")].map((card) => {
      const [number, title] = card.querySelector(".title").children;
      const byline = plain(card.querySelector(".byline"));
      return `[${number.textContent}] ${plain(title)}. ${byline}. ${card.querySelector(".links a").href}`;
    });
    return [prose(exchange.querySelector(".words")), ...(cards.length ? [cards.join("\n")] : [])].join("\n\n");
  };

  // Another question comes when the answer under way has been stopped, and Gradio has drawn that.
  const askAgain = (message) => {
    const stop = find("#box .stop-button");
    stop?.click();
    setTimeout(() => (stop ? askAgain(message) : say("asked", message)), 150);
  };

  // What is asked while an answer is written waits above the box, and can be taken away. A reload keeps it.
  const SLOT = "sidereus-waiting";
  const LONGEST = 20_000;  // characters of a question
  let waiting = JSON.parse(sessionStorage.getItem(SLOT) ?? "[]");
  let sent = null;  // after which question the next one was asked, until it shows
  const line = make("ul", { id: "waiting", hidden: true });
  line.setAttribute("aria-label", "Questions that wait");
  const limit = make("p", { id: "too-long", hidden: true });
  limit.setAttribute("role", "alert");
  const wait = (questions) => {
    waiting = questions;
    sessionStorage.setItem(SLOT, JSON.stringify(waiting));
    line.replaceChildren(...waiting.map((question, place) => make(
      "li",
      {},
      make("i", { textContent: "Next" }),
      make("span", { textContent: question, title: question }),
      make("button", {
        type: "button",
        textContent: "Remove",
        ariaLabel: `Remove the question “${question.slice(0, 80)}”`,
        onclick: () => (wait(waiting.filter((_, other) => other !== place)), find("#box textarea").focus()),
      }),
    )));
    line.hidden = !waiting.length;
  };
  const write = (text) => {
    const box = find("#box textarea");
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const measure = () => {
    const length = find("#box textarea")?.value.trim().length ?? 0;
    limit.hidden = length <= LONGEST;
    if (!limit.hidden) {
      limit.textContent = `A question may have ${LONGEST.toLocaleString("en")} characters; this one has ${length.toLocaleString("en")}.`;
    }
    return limit.hidden;
  };
  const current = () => find("#exchange .question")?.id;
  const answering = () => Boolean(find("#box .stop-button")) || (sent !== null && sent === current());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches("#box textarea")) return;
    const question = event.target.value.trim();
    const fits = measure();
    if (fits && !(question && find("#box .stop-button"))) return;
    event.preventDefault();
    event.stopPropagation();
    if (!fits) return;
    wait([...waiting, question]);
    write("");
    tell(`Asked next: ${question}`);
  }, true);
  document.addEventListener("input", (event) => event.target.matches("#box textarea") && measure());
  watch(() => {
    const above = find("#above-box");
    if (above && line.nextElementSibling !== above) {
      above.before(limit, line);
      wait(waiting);
    }
    if (sent !== current()) sent = null;
    if (!waiting.length || answering() || !find("#exchange .foot, #exchange .problem")) return;
    sent = current();
    const [next, ...rest] = waiting;
    wait(rest);
    say("asked", { question: next });
  });

  // A question is rewritten where it stands.
  const rewrite = (button) => {
    const asked = button.closest(".asked");
    const text = make("textarea", { value: asked.querySelector(".question").textContent, rows: 2 });
    text.setAttribute("aria-label", "Rewrite the question");
    const close = () => (form.remove(), (asked.hidden = false), button.focus());
    const send = () => {
      if (!text.value.trim()) return;
      close();
      askAgain({ turn: Number(button.value), question: text.value });
    };
    const form = make(
      "div",
      { className: "rewrite" },
      text,
      make("button", { textContent: "Ask", onclick: send, className: "go" }),
      make("button", { textContent: "Cancel", onclick: close }),
    );
    text.onkeydown = (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) event.preventDefault(), send();
      if (event.key === "Escape") event.stopPropagation(), close();
    };
    asked.hidden = true;
    asked.after(form);
    text.focus();
    text.select();
  };

  // A verdict, and whatever one wants to add to it.
  const judge = (button) => {
    const vote = button.matches(".up") ? "up" : "down";
    button.closest(".foot").querySelectorAll(".vote").forEach((one) => one.classList.toggle("on", one === button));
    say("said", { do: "vote", value: button.value, vote });
    const foot = button.closest(".foot");
    if (foot.nextElementSibling?.matches(".remark")) foot.nextElementSibling.remove();
    const text = make("input", { type: "text", placeholder: "Anything to add? It stays on this machine", maxLength: 1000 });
    text.setAttribute("aria-label", "A note on this answer");
    const send = () => {
      if (text.value.trim()) say("said", { do: "vote", value: button.value, vote, note: text.value });
      remark.replaceChildren("Kept. Thank you.");
    };
    const remark = make("div", { className: "remark" }, text, make("button", { textContent: "Send", onclick: send }));
    text.onkeydown = (event) => {
      if (event.key === "Enter") send();
      if (event.key === "Escape") event.stopPropagation(), remark.remove();
    };
    foot.after(remark);
    text.focus();
  };

  document.addEventListener("click", (event) => {
    document.querySelectorAll(".again[open]").forEach((one) => one.contains(event.target) || (one.open = false));
    const link = event.target.closest("a.cite, a.number");
    const button = event.target.closest("button");
    if (link) {
      event.preventDefault();
      hide();
      if (target(link)) point(target(link));
    } else if (button?.matches(".copy-answer")) copy(button, answer(button));
    else if (button?.matches("#clear, #shelf .open")) wait([]);
    else if (button?.matches(".retry")) askAgain({ turn: Number(find("#exchange .edit").value) });
    else if (button?.matches(".otherwise")) askAgain({ turn: Number(find("#exchange .edit").value), how: button.value });
    else if (button?.matches("[name=alone]")) askAgain({ turn: Number(button.value), alone: true });
    else if (button?.matches("[name=everywhere]")) askAgain({ turn: Number(button.value), everywhere: true });
    else if (button?.matches("[name=reworded]")) askAgain({ question: button.value });
    else if (button?.matches(".asked .unfold")) {
      const open = button.previousElementSibling.classList.toggle("open");
      button.textContent = open ? "Less" : "Whole question";
      button.setAttribute("aria-expanded", open);
    } else if (button?.matches(".edit")) rewrite(button);
    else if (button?.matches(".vote")) judge(button);
    else if (button?.matches("#chat-view .prose [name]")) {
      say("said", { do: button.name, value: button.value });
      if (["only", "pinned"].includes(button.name)) find("#box textarea").focus();
    }
  });

  // Esc stops, "/" goes to the question.
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Escape") {
      hide();
      const menu = find(".again[open]");
      if (menu) return (menu.open = false), menu.querySelector("summary").focus();
      if (document.documentElement.dataset.view === "chat") find("#box .stop-button")?.click();
    } else if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const box = find("#box textarea");
      if (!box?.offsetParent) return;
      event.preventDefault();
      box.focus();
    }
  });

  // Where the chat is. An address with a question and no conversation asks it.
  let first = true;
  let asked = null;
  let pinned = new Set();
  const showPins = () => document.querySelectorAll('.card [name="pin"], .paper [name="pin"]').forEach((pin) => {
    const on = pinned.has(pin.value);
    if (pin.matches(".on") !== on) pin.classList.toggle("on", on), (pin.textContent = on ? "Pinned" : "Pin");
  });
  own.chat = () => ({ q: asked });
  listen("place", (place) => {
    const question = first && !place.c && !given.has("view") ? given.get("q") : null;
    first = false;
    asked = place.q;
    pinned = new Set(place.pins);
    showPins();
    if (question) askAgain({ question });
    else at(place);
    document.documentElement.dataset.ready = "";
  });

  // A new question comes to the top of the page; which cards its answer uses shows as it is written.
  let question = null;
  let settled = 0;
  watch(() => {
    const asked = find("#exchange .question")?.id ?? null;
    if (asked !== question) {
      settled = performance.now() + 600;  // earlier turns are drawn in this time
      const box = find("#box textarea");  // what Gradio empties, unless the first words of the answer come at once
      if (asked && box?.value.trim() === find("#exchange .question").textContent) write("");
    }
    question = asked;
    if (asked && performance.now() < settled) find("#exchange .question").scrollIntoView({ block: "start" });
    document.querySelectorAll("#chat-view .exchange, #exchange").forEach((exchange) =>
      exchange.classList.toggle("tall", exchange.offsetHeight > innerHeight - 200),  // what sticks must fit
    );
    document.querySelectorAll(".card[id]").forEach((card) => {
      const used = citing(card).length > 0;
      if (card.matches(".used") !== used) card.classList.toggle("used", used);
    });
    showPins();
    document.querySelectorAll(".toggle").forEach((toggle) => {  // Gradio's Markdown lets no aria attributes through
      const pressed = String(toggle.matches(".on"));
      if (toggle.ariaPressed !== pressed) toggle.ariaPressed = pressed;
    });
    const words = find("#exchange .words");
    const done = find("#exchange .foot") && `Answer: ${words ? spoken(words) : ""}`;
    tell(done || (find("#exchange .status, #status p")?.textContent ?? ""));
    find("#box .submit-button")?.setAttribute("aria-label", "Ask");
    find("#box .stop-button")?.setAttribute("aria-label", "Stop");
  });
})();
