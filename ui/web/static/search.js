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
  const fromAddress = (given) => {
    const numbers = { since: null, until: null };
    for (const name in numbers) numbers[name] = Number.parseInt(given.get(name)) || null;
    const texts = Object.fromEntries(["q", "author", "category", "sort", "like"].map((name) => [name, given.get(name) ?? ""]));
    return { ...FIRST, ...texts, ...numbers, shape: given.get("shape") ?? "cards" };
  };
  page.own.search = () => {
    const { q, since, until, author, category, sort, like } = state;
    return { q, since, until, author, category, sort, like, shape: state.shape === "cards" ? null : state.shape };
  };

  // Asking
  const busy = () => find("#search-results").setAttribute("aria-busy", "true");
  const ask = (changes, step = true) => {
    clearTimeout(soon);
    state = { ...state, shown: FIRST.shown, ...changes };
    page.note(step);
    busy();
    page.say("search-asked", { ...state, number: ++asked });
  };
  const told = (facts) => {
    const { number, at, ...wanted } = facts.asked;
    if (number !== undefined && number !== asked) return;  // an earlier answer, come late
    if (number === undefined && asked && !Object.keys(wanted).length) return;  // of nothing, for the index of the address
    find("#search-results").removeAttribute("aria-busy");
    if (number === undefined) {  // another view asked
      state = { ...FIRST, ...wanted };
      page.note(false);
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
    "[name=like]": (button) => (ask({ ...FIRST, like: button.value, shape: state.shape }), scrollTo(0, 0)),
    "[name=only]": (button) => page.say("search-said", { do: "chat", papers: [button.value] }),
    ".chip": (button) => ask(button.value === "like" ? { like: "" } : { ignore: [...state.ignore, button.value] }),
    "[name=pin]": (button) => page.say("said", { do: "pin", value: button.value }),
    ".sort": (button) => {
      const column = Number(button.value);
      order = { column, down: order?.column === column ? !order.down : [3, 5].includes(column) };
      sort();
    },
    ".unfold": (button) => {
      const open = button.closest(".paper").classList.toggle("open");
      button.setAttribute("aria-expanded", open);
      button.dataset.words ??= button.textContent;
      button.textContent = open ? "Less" : button.dataset.words;
    },
  };

  // The table, by any of its columns: years and relevance by their size, words by the alphabet.
  let order = null;
  const value = (row, column) => {
    const cell = row.cells[column];
    return Number.parseFloat(cell.querySelector(".relevance")?.title.replace(/\D+/g, "") ?? cell.textContent) || cell.textContent.trim();
  };
  const sort = () => {
    const body = find("#search-results tbody");
    if (!body || !order) return;
    const compare = (one, other) => (typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(other));
    const rows = [...body.rows].map((row) => [value(row, order.column), row]);
    rows.sort(([one], [other]) => (order.down ? -1 : 1) * compare(one, other));
    body.append(...rows.map(([, row]) => row));
    document.querySelectorAll("#search-results .sort").forEach((button) => {
      const way = Number(button.value) === order.column ? (order.down ? "descending" : "ascending") : "none";
      button.closest("th").setAttribute("aria-sort", way);
    });
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
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!find("#find-words")?.offsetParent) return;
    event.preventDefault();
    find("#find-words").focus();
    find("#find-words").select();
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
  let wanted = page.given.get("view") === "search" ? page.given : null;
  document.addEventListener("click", (event) => (awaited ||= !!event.target.closest('#chat-view button[name="like"]')));
  document.addEventListener("sidereus:moved", ({ detail }) => {
    if (detail.get("view") !== "search") return;
    wanted = detail;
    if (!begun) return;
    ask(fromAddress(wanted), false);
    [find("#find-words").value, find("#find-author").value] = [state.q, state.author];  // also where somebody has typed
  });
  let drawn = null;
  page.watch(() => {
    const results = find("#search-results .found");
    if (results !== drawn) {
      drawn = results;
      showPicks();
      sort();
    }
    if (begun || !find("#search-asked textarea") || !find("#find-words")) return;
    begun = true;
    showPicked = page.actions("#search-view", "search-said", () => picked, () => (picked.clear(), showPicks()));
    if (matchMedia("(max-width: 800px)").matches) find("#find-papers .filters").open = false;
    if (awaited || find("#search-facts pre")) return;
    ask(wanted ? fromAddress(wanted) : {}, false);
  });
  page.listen("search-facts", told);
})();
