// The Map view: what its plane, its colours, its years and its buttons have to do with the papers of an index.
(() => {
  const page = window.sidereus;
  const find = (selector) => document.querySelector(selector);
  const MOST = 2000;  // papers that can be selected

  let plane = null;
  let facts = null;  // of the map that is shown
  let words = page.given.get("view") === "map" ? (page.given.get("q") ?? "") : "";
  page.own.map = () => ({ q: words });
  let showPicked = () => {};

  const state = (words, wrong = false) => {
    find("#map-state").textContent = words;
    find("#map-state").classList.toggle("problem", wrong);
  };
  const describe = () => {
    const papers = `${facts.count.toLocaleString("en")} papers`;
    const { lit } = plane;
    state(!lit ? papers : lit.size ? `${lit.size} of ${papers} lit` : `None of ${papers} is clearly about this`);
  };
  const choose = (points) => {
    plane.picked = new Set(points.slice(0, MOST));
    page.say("map-chosen", { points: [...plane.picked] });
    showPicked();
    plane.draw();
  };
  const light = (wanted, step = true) => {
    words = wanted.trim();
    page.note(step);
    page.say("map-query", { q: words });
  };

  // What the server says
  const unpack = ({ points, count, ...rest }) => {
    const bytes = Uint8Array.from(atob(points), (letter) => letter.charCodeAt(0)).buffer;
    return {
      ...rest,
      count,
      x: new Uint16Array(bytes, 0, count),
      y: new Uint16Array(bytes, 2 * count, count),
      years: new Int16Array(bytes, 4 * count, count),
      categories: new Uint8Array(bytes, 6 * count, count),
    };
  };
  const told = (news) => {
    if (news.points === undefined) return state(news.problem ?? news.state, Boolean(news.problem));
    facts = unpack(news);
    plane.show(facts);
    legend();
    describe();
    choose([]);
    light(words, false);
  };
  const lit = (news) => {
    if (news.problem) return state(news.problem, true);
    if (!facts) return;
    plane.lit = news.points && new Set(news.points);
    find("#map-pick-hits").hidden = !plane.lit?.size;
    find("#map-caption").textContent = news.q ? `Papers about “${news.q}” per year` : "Papers per year";
    [find("#map-first").textContent, find("#map-last").textContent] = facts.span;
    page.bars(find("#map-bars"), news.years, facts.span, (year) => choose(plane.all((i) => facts.years[i] === year)));
    describe();
    page.tell(find("#map-state").textContent);
    plane.draw();
  };

  // The paper under the pointer
  const hover = (point) => {
    if (point !== null && !find(`#point-${point}`)) page.say("map-over", { point });
    else peek();
  };
  const peek = () => {
    const card = find("#map-point");
    if (!card || !plane) return;
    const known = plane.hovered !== null && find(`#point-${plane.hovered}`);
    card.classList.toggle("shown", Boolean(known));
    if (!known) return;
    const [outer, inner] = [find("#map-view").getBoundingClientRect(), plane.canvas.getBoundingClientRect()];
    const [x, y] = plane.place(plane.hovered);
    const [left, top] = [x + inner.left - outer.left, y + inner.top - outer.top];
    const below = y + 14 + card.offsetHeight < inner.height;
    card.style.left = `${Math.max(0, Math.min(left + 12, outer.width - card.offsetWidth))}px`;
    card.style.top = `${below ? top + 14 : top - card.offsetHeight - 12}px`;
  };

  // What the colours mean; a category can be shown alone.
  const legend = () => {
    const place = find("#map-legend");
    const inks = plane.inks();
    if (plane.byYear) {
      const scale = Object.assign(document.createElement("span"), { className: "scale" });
      const bar = document.createElement("i");
      bar.style.setProperty("--dot", `linear-gradient(to right, ${inks.join(", ")})`);
      scale.append(facts.span[0], bar, facts.span[1]);
      return place.replaceChildren(scale);
    }
    place.replaceChildren(...facts.names.map((name, k) => {
      const [button, dot] = [document.createElement("button"), document.createElement("i")];
      dot.style.setProperty("--dot", inks[k]);
      button.append(dot, name);
      button.setAttribute("aria-pressed", !plane.only.size || plane.only.has(k));
      button.onclick = () => {
        if (!plane.only.delete(k)) plane.only.add(k);
        legend();
        plane.draw();
      };
      return button;
    }));
  };

  const CLICKS = {
    "map-lasso": (button) => {
      plane.lassoing = !plane.lassoing;
      button.setAttribute("aria-pressed", plane.lassoing);
      plane.canvas.classList.toggle("lasso", plane.lassoing);
    },
    "map-near": () => plane.zoom(1.6),
    "map-far": () => plane.zoom(1 / 1.6),
    "map-whole": () => plane.whole(),
    "map-pick-hits": () => choose(plane.all()),
    "map-pick-view": () => choose(plane.inView()),
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#map-view button");
    if (plane && CLICKS[button?.id]) CLICKS[button.id](button);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "light-papers") return;
    event.preventDefault();
    light(find("#light-words").value);
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "map-colours") return;
    plane.byYear = event.target.value === "year";
    plane.only.clear();
    legend();
    plane.draw();
  });

  // The view comes and goes. What was looked for in the search is lit up.
  const begin = () => {
    const canvas = find("#map-canvas");
    if (!canvas || !find("#map-opened textarea") || plane?.canvas === canvas) return;
    plane = new page.Plane(canvas, { hover, choose });
    showPicked = page.actions("#map-view", "map-said", () => plane.picked, () => choose([]));
    find("#light-words").value = words;
    state("Opening the map");
    page.say("map-opened", { anew: true });
    new MutationObserver(() => {  // between light and dark
      plane.draw();
      if (facts) legend();
    }).observe(document.body, { attributeFilter: ["class"] });
  };
  document.addEventListener("sidereus:view", ({ detail }) => {
    if (detail !== "map" || !facts) return;
    page.say("map-opened", {});  // papers may have been added
    light(words, false);
  });
  document.addEventListener("sidereus:moved", ({ detail }) => {
    if (detail.get("view") !== "map") return;
    words = detail.get("q") ?? "";
    if (!plane) return;
    find("#light-words").value = words;
    light(words, false);
  });
  page.watch(() => {
    begin();
    peek();
  });
  page.listen("map-points", told);
  page.listen("map-lit", lit);
})();
