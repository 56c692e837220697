// The Search view: its form, its filters, what is picked, and its address.
(() => {
  const page = window.sidereus;
  const find = (selector) => document.querySelector(selector);
  const FIRST = { q: "", since: null, until: null, author: "", category: "", sort: "", shape: "cards", like: "", ignore: [], shown: 25 };
  let state = { ...FIRST };
  let span = null;
  let begun = false;
  let asked = 0;
  let soon = 0;
  const picked = new Set();
  let showPicked = () => {};

  // The address
  const fromAddress = () => {
    const numbers = { since: null, until: null };
    for (const name in numbers) numbers[name] = Number.parseInt(page.given.get(name)) || null;
    const texts = Object.fromEntries(["q", "author", "category", "sort", "like"].map((name) => [name, page.given.get(name) ?? ""]));
    return { ...FIRST, ...texts, ...numbers, shape: page.given.get("shape") ?? "cards" };
  };
  const toAddress = () => {
    page.query = state.q;  // the map lights it up
    const { q, since, until, author, category, sort, like } = state;
    page.address({ q, since, until, author, category, sort, like, shape: state.shape === "cards" ? null : state.shape });
  };
  const leave = () => page.address({ since: null, until: null, author: null, category: null, sort: null, like: null, shape: null });

  // Asking
  const busy = () => find("#search-results").setAttribute("aria-busy", "true");
  const ask = (changes) => {
    clearTimeout(soon);
    state = { ...state, shown: FIRST.shown, ...changes };
    toAddress();
    busy();
    page.say("search-asked", { ...state, number: ++asked });
  };
  const told = (facts) => {
    const { number, at, ...wanted } = facts.asked;
    if (number !== undefined && number !== asked) return;  // an earlier answer, come late
    find("#search-results").removeAttribute("aria-busy");
    if (number === undefined) {  // another view asked
      state = { ...FIRST, ...wanted };
      if (document.documentElement.dataset.view === "search") toAddress();
    }
    if (facts.span) span = facts.span;
    if (facts.categories) fillCategories(facts.categories);
    showForm();
    if (span) page.bars(find("#find-bars"), facts.years ?? facts.all, span);
    shade();
    if (facts.total !== undefined) page.tell(`${facts.total} papers found`);
  };

  // The form
  const fillCategories = (categories) => {
    const options = categories.slice(0, 60).map(([name, count]) => new Option(`${name} (${count.toLocaleString("en")})`, name));
    const top = [...new Set(categories.map(([name]) => name.split(".")[0]))].filter((name) => !categories.some(([other]) => other === name));
    find("#find-category").replaceChildren(new Option("Any", ""), ...options, ...top.map((name) => new Option(`${name}.*`, name)));
  };
  const showForm = () => {
    for (const [id, text] of [["#find-words", state.q], ["#find-author", state.author]]) {
      if (find(id) !== document.activeElement) find(id).value = text;  // nobody's typing is overwritten
    }
    const category = find("#find-category");
    if (state.category && ![...category.options].some((option) => option.value === state.category)) category.add(new Option(state.category));
    category.value = state.category;
    find("#find-sort").value = state.sort;
    find("#find-shape").value = state.shape;
    if (!span) return;
    for (const [id, value] of [["#find-since", state.since ?? span[0]], ["#find-until", state.until ?? span[1]]]) {
      Object.assign(find(id), { min: span[0], max: span[1], value });
    }
  };
  const years = () => [find("#find-since"), find("#find-until")].map((handle) => Number(handle.value)).sort((a, b) => a - b);
  const shade = () => {
    if (!span) return;
    const [since, until] = years();
    find("#find-span").textContent = since === until ? since : `${since}–${until}`;
    const share = (year) => (span[1] > span[0] ? (year - span[0]) / (span[1] - span[0]) : 0);
    find(".slider .between").style.cssText = `left: ${100 * share(since)}%; right: ${100 * (1 - share(until))}%`;
    document.querySelectorAll("#find-bars [data-year]").forEach((bar) => bar.classList.toggle("out", bar.dataset.year < since || bar.dataset.year > until));
  };
  const askYears = () => {
    const [since, until] = years();
    busy();
    clearTimeout(soon);
    soon = setTimeout(() => ask({ since: since > span[0] ? since : null, until: until < span[1] ? until : null }), 250);
  };

  // What is picked
  const showPicks = () => {
    const boxes = [...document.querySelectorAll("#search-results .pick input")];
    boxes.forEach((box) => {
      box.checked = picked.has(box.value);
      box.closest(".paper").classList.toggle("picked", box.checked);
    });
    const all = find("#search-results .pick-all");
    if (all) all.checked = boxes.length > 0 && boxes.every((box) => box.checked);
    showPicked();
  };
  const pick = (boxes, on) => {
    boxes.forEach((box) => (on ? picked.add(box.value) : picked.delete(box.value)));
    showPicks();
  };

  const CLICKS = {
    ".reset": () => ask({ ...FIRST, q: state.q, like: state.like, shape: state.shape }),
    ".try": (button) => ask({ ...FIRST, q: button.value, shape: state.shape }),
    ".more": (button) => ask({ shown: Number(button.value) }),
    ".like": (button) => (ask({ ...FIRST, like: button.value, shape: state.shape }), scrollTo(0, 0)),
    ".only": (button) => page.say("search-said", { do: "chat", papers: [button.value] }),
    ".chip": (button) => ask(button.value === "like" ? { like: "" } : { ignore: [...state.ignore, button.value] }),
    ".unfold": (button) => {
      const open = button.closest(".paper").classList.toggle("open");
      button.setAttribute("aria-expanded", open);
      button.textContent = open ? "Less" : "Whole text";
    },
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#search-view button");
    const known = button && Object.keys(CLICKS).find((selector) => button.matches(selector));
    if (known) CLICKS[known](button);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "find-papers") return;
    event.preventDefault();
    ask({ q: find("#find-words").value.trim(), like: "", ignore: [] });
  });
  document.addEventListener("input", (event) => event.target.matches(".slider input") && shade());
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.matches(".slider input")) askYears();
    else if (field.id === "find-author") ask({ author: field.value.trim() });
    else if (["find-category", "find-sort", "find-shape"].includes(field.id)) ask({ [field.id.slice(5)]: field.value });
    else if (field.matches("#search-results .pick-all")) pick([...document.querySelectorAll("#search-results .pick input")], field.checked);
    else if (field.matches("#search-results .pick input")) pick([field], field.checked);
  });

  // The view comes and goes. When the chat opens it for papers like one, the server is asked for these already.
  let awaited = false;
  document.addEventListener("click", (event) => (awaited ||= !!event.target.closest('#chat-view button[name="like"]')));
  document.addEventListener("sidereus:view", ({ detail }) => (detail === "search" ? begun && toAddress() : leave()));
  let drawn = null;
  page.watch(() => {
    const results = find("#search-results .found");
    if (results !== drawn) {
      drawn = results;
      showPicks();
    }
    if (begun || !find("#search-asked textarea") || !find("#find-words")) return;
    begun = true;
    showPicked = page.actions("#search-view", "search-said", () => picked, () => (picked.clear(), showPicks()));
    if (matchMedia("(max-width: 800px)").matches) find("#find-papers .filters").open = false;
    if (awaited || find("#search-facts pre")) return;
    ask(page.given.get("view") === "search" ? fromAddress() : {});
  });
  page.listen("search-facts", told);
})();
