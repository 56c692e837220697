// What the views beside the chat share: papers per year as bars, papers picked, and what is done with them.
(() => {
  const page = window.sidereus;

  // Papers per year as bars. `counts` maps years to numbers; `choose`, if given, makes each bar a button.
  const bars = (place, counts, [first, last], choose) => {
    const most = Math.max(1, ...Object.values(counts));
    const years = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    place.replaceChildren(...years.map((year) => {
      const count = counts[year] ?? 0;
      const bar = document.createElement(choose && count ? "button" : "i");
      bar.title = `${year}: ${count} paper${count === 1 ? "" : "s"}`;
      bar.dataset.year = year;
      bar.style.setProperty("--height", count ? Math.max(count / most, 0.04) : 0);
      if (bar.localName === "button") {
        bar.type = "button";
        bar.setAttribute("aria-label", bar.title);
        bar.onclick = () => choose(year);
      }
      return bar;
    }));
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const peak = years.reduce((best, year) => ((counts[year] ?? 0) > (counts[best] ?? 0) ? year : best), first);
    place.setAttribute("role", choose ? "group" : "img");
    place.setAttribute("aria-label", `Papers per year, ${first} to ${last}: ${total}, most in ${peak}`);
  };

  // A bar at the foot of a view that says how many papers are picked, and what can be done with them.
  const DEEDS = [["chat", "Chat about these"], ["bibtex", "BibTeX"], ["csv", "CSV"], ["ris", "RIS"]];
  const actions = (view, wire, picked, clear) => {
    const bar = Object.assign(document.createElement("div"), { className: "actions", hidden: true });
    bar.setAttribute("role", "region");
    bar.setAttribute("aria-label", "Selected papers");
    const count = document.createElement("span");
    const button = (words, act) => Object.assign(document.createElement("button"), { textContent: words, onclick: act });
    const say = (values) => page.say(wire, { papers: [...picked()], ...values });
    const deeds = DEEDS.map(([deed, words]) => button(words, () => say({ do: deed })));
    const menus = [["Cite", "cite"], ["Add to list", "keep"]].map(([words, menu]) => {
      const opener = button(words, () => page[menu](opener, (values) => say({ do: "menu", ...values })));
      return opener;
    });
    bar.append(count, ...deeds, ...menus, button("Clear", clear));
    return () => {
      const place = document.querySelector(view);
      if (place && bar.parentElement !== place) place.append(bar);
      const many = picked().size;
      bar.hidden = !many;
      count.textContent = `${many} paper${many === 1 ? "" : "s"} selected`;
    };
  };

  Object.assign(page, { bars, actions });
})();
