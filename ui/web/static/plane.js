// Points in a plane on a canvas: drawn, moved, zoomed, pointed at and drawn around. It knows nothing of papers.
(() => {
  const INKS = {
    light: ["#3b5ba5", "#c8553d", "#2f8f6b", "#8a5aa8", "#b8892b", "#2b93a8", "#b8487a", "#6b6f2f", "#8c6d52", "#9aa0ab"],
    dark: ["#8fb0ff", "#ff9f80", "#6fd6a8", "#cfa3ec", "#f2cf6e", "#6fd3e6", "#f59bc0", "#c5ca74", "#d0ae8c", "#7d869b"],
  };
  const AGES = { light: ["#dcc78e", "#1f3a8a"], dark: ["#3f538f", "#ffd98a"] };
  const STEPS = 8;
  const EXTENT = 65535;
  const MANY = 20_000;  // so many visible points are drawn as plain squares
  const WIDEST = 1.7;
  const REACH = 12;  // pixels within which a point is meant
  const AROUND = 2 * Math.PI;

  const mix = (one, other, share) => {
    const parts = (ink) => [1, 3, 5].map((at) => Number.parseInt(ink.slice(at, at + 2), 16));
    const [from, to] = [parts(one), parts(other)];
    return `#${from.map((part, k) => Math.round(part + (to[k] - part) * share).toString(16).padStart(2, "0")).join("")}`;
  };
  const inside = (path, x, y) => {
    let within = false;
    for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
      const [[x1, y1], [x2, y2]] = [path[i], path[j]];
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) within = !within;
    }
    return within;
  };

  class Plane {
    // `on` has hover(point or null), choose(points) and lasso(whether it is being drawn).
    constructor(canvas, on) {
      Object.assign(this, { canvas, on, points: null, lit: null, picked: new Set(), only: new Set(), byYear: false });
      Object.assign(this, { hovered: null, lassoing: false, path: null, fingers: new Map(), travelled: 0, waiting: false });
      this.pen = canvas.getContext("2d");
      this.view = { zoom: 1, x: 0.5, y: 0.5 };
      for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave", "wheel", "keydown"]) {
        canvas.addEventListener(name, (event) => this[name](event), { passive: false });
      }
      new ResizeObserver(() => this.draw()).observe(canvas);
    }

    // `points`: { count, x, y, years, categories, span }, of arrays of that many numbers.
    show(points) {
      Object.assign(this, { points, lit: null, picked: new Set(), only: new Set() });
      this.whole();
    }

    // From the map, 0..EXTENT, to pixels; a wide plane is stretched, since only who is near whom means something
    get scale() {
      const { clientWidth: width, clientHeight: height } = this.canvas;
      return [Math.min(width, WIDEST * height), Math.min(height, WIDEST * width)].map((side) => 0.94 * this.view.zoom * side);
    }
    place(i, [across, down] = this.scale) {
      const { points, view, canvas } = this;
      return [
        (points.x[i] / EXTENT - view.x) * across + canvas.clientWidth / 2,
        (points.y[i] / EXTENT - view.y) * down + canvas.clientHeight / 2,
      ];
    }

    // Which points there are to see
    admits(i) {
      return !this.only.size || this.only.has(this.points.categories[i]);
    }
    all(test = () => true) {
      const found = [];
      for (let i = 0; i < (this.points?.count ?? 0); i++) {
        if (this.admits(i) && (!this.lit || this.lit.has(i)) && test(i)) found.push(i);
      }
      return found;
    }
    inView() {
      const { scale, canvas } = this;
      return this.all((i) => {
        const [x, y] = this.place(i, scale);
        return x >= 0 && x <= canvas.clientWidth && y >= 0 && y <= canvas.clientHeight;
      });
    }
    nearest(x, y) {
      const scale = this.scale;
      let [best, least] = [null, REACH ** 2];
      this.all((i) => {
        const [px, py] = this.place(i, scale);
        const distance = (px - x) ** 2 + (py - y) ** 2;
        if (distance < least) [best, least] = [i, distance];
      });
      return best;
    }

    // Drawing
    inks() {
      const theme = document.querySelector(".dark") ? "dark" : "light";
      if (!this.byYear) return INKS[theme];
      return Array.from({ length: STEPS }, (_, k) => mix(...AGES[theme], k / (STEPS - 1)));
    }
    inkOf(i) {
      if (!this.byYear) return Math.min(this.points.categories[i], INKS.light.length - 1);
      const [first, last] = this.points.span;
      return Math.max(0, Math.min(STEPS - 1, Math.floor((STEPS * (this.points.years[i] - first)) / (last - first + 1))));
    }
    draw() {
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame(() => {
        this.waiting = false;
        this.paint();
      });
    }
    paint() {
      const { canvas, pen, points, lit, scale } = this;
      const [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio || 1];
      if (!points || !width) return;
      const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      const inks = this.inks();
      const groups = { faint: inks.map(() => []), clear: inks.map(() => []) };
      let visible = 0;
      for (let i = 0; i < points.count; i++) {
        const [x, y] = this.place(i, scale);
        if (x < -9 || y < -9 || x > width + 9 || y > height + 9 || !this.admits(i)) continue;
        visible++;
        groups[lit && !lit.has(i) ? "faint" : "clear"][this.inkOf(i)].push(x, y);
      }
      const radius = Math.max(1, Math.min(4, Math.sqrt((width * height) / Math.max(visible, 1) / 10)));
      const large = lit ? Math.max(radius * 1.4, 3) : radius;
      for (const [kind, alpha, r] of [["faint", 0.18, radius], ["clear", 0.8, large]]) {
        pen.globalAlpha = alpha;
        groups[kind].forEach((places, k) => {
          pen.fillStyle = inks[k];
          this.dots(places, r, visible > MANY);
        });
      }
      pen.globalAlpha = 1;
      const style = getComputedStyle(canvas);
      pen.strokeStyle = style.getPropertyValue("--ink");
      pen.lineWidth = 1.5;
      for (const i of this.hovered === null ? this.picked : [...this.picked, this.hovered]) {
        pen.beginPath();
        pen.arc(...this.place(i, scale), large + 2, 0, AROUND);
        pen.stroke();
      }
      if (!this.path) return;
      pen.strokeStyle = pen.fillStyle = style.getPropertyValue("--accent");
      pen.beginPath();
      this.path.forEach(([x, y]) => pen.lineTo(x, y));
      pen.closePath();
      pen.stroke();
      pen.globalAlpha = 0.12;
      pen.fill();
      pen.globalAlpha = 1;
    }
    dots(places, r, plain) {
      const { pen } = this;
      pen.beginPath();
      for (let k = 0; k < places.length; k += 2) {
        const [x, y] = [places[k], places[k + 1]];
        if (plain || r < 1.5) pen.rect(x - r, y - r, 2 * r, 2 * r);
        else {
          pen.moveTo(x + r, y);
          pen.arc(x, y, r, 0, AROUND);
        }
      }
      pen.fill();
    }

    // Moving
    whole() {
      this.view = { zoom: 1, x: 0.5, y: 0.5 };
      this.hover(null);
    }
    zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
      const before = this.scale;
      this.view.zoom = Math.max(0.6, Math.min(80, this.view.zoom * factor));
      const [across, down] = this.scale.map((side, k) => 1 / before[k] - 1 / side);
      this.view.x += (x - this.canvas.clientWidth / 2) * across;
      this.view.y += (y - this.canvas.clientHeight / 2) * down;
      this.hover(null);
    }
    move(dx, dy) {
      const [across, down] = this.scale;
      this.view.x -= dx / across;
      this.view.y -= dy / down;
      this.hover(null);
    }
    hover(i) {
      const changed = i !== this.hovered;
      this.hovered = i;
      this.canvas.classList.toggle("over", i !== null);
      if (changed) this.on.hover(i);
      this.draw();
    }

    // Pointers: one moves the plane or draws around points, two zoom it.
    at(event) {
      const { left, top } = this.canvas.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    }
    pointerdown(event) {
      if (event.button) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.fingers.set(event.pointerId, this.at(event));
      this.travelled = 0;
      this.path = (this.lassoing || event.shiftKey) && this.fingers.size === 1 ? [this.at(event)] : null;
    }
    pointermove(event) {
      const [here, before] = [this.at(event), this.fingers.get(event.pointerId)];
      if (!before) return this.hover(this.nearest(...here));
      const [dx, dy] = [here[0] - before[0], here[1] - before[1]];
      this.travelled += Math.hypot(dx, dy);
      if (this.fingers.size === 2) this.pinch(event.pointerId, before, here);
      this.fingers.set(event.pointerId, here);
      if (this.path) {
        this.path.push(here);
        this.draw();
      } else if (this.travelled > 3) this.move(dx / this.fingers.size, dy / this.fingers.size);
    }
    pinch(finger, before, here) {
      const [, [x, y]] = [...this.fingers].find(([other]) => other !== finger);
      const reach = (point) => Math.max(20, Math.hypot(point[0] - x, point[1] - y));
      this.zoom(reach(here) / reach(before), (here[0] + x) / 2, (here[1] + y) / 2);
    }
    pointerup(event) {
      if (!this.fingers.delete(event.pointerId)) return;
      const { path, scale } = this;
      this.path = null;
      if (path && path.length > 2) this.on.choose(this.all((i) => inside(path, ...this.place(i, scale))));
      else if (this.travelled <= 3) this.click(event);
      this.draw();
    }
    click(event) {
      const point = this.nearest(...this.at(event));
      if (point === null) return this.picked.size ? this.on.choose([]) : undefined;
      const others = event.shiftKey || event.ctrlKey || event.metaKey ? [...this.picked].filter((i) => i !== point) : [];
      this.on.choose([...others, ...(others.length < this.picked.size && this.picked.has(point) ? [] : [point])]);
    }
    pointercancel(event) {
      this.fingers.delete(event.pointerId);
      this.path = null;
      this.draw();
    }
    pointerleave() {
      if (!this.fingers.size) this.hover(null);
    }
    wheel(event) {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), ...this.at(event));
    }
    keydown(event) {
      const deeds = {
        ArrowLeft: () => this.move(60, 0),
        ArrowRight: () => this.move(-60, 0),
        ArrowUp: () => this.move(0, 60),
        ArrowDown: () => this.move(0, -60),
        "+": () => this.zoom(1.4),
        "=": () => this.zoom(1.4),
        "-": () => this.zoom(1 / 1.4),
        0: () => this.whole(),
        Escape: () => (this.path = null) ?? this.draw(),
      };
      if (!deeds[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      deeds[event.key]();
    }
  }

  window.sidereus.Plane = Plane;
})();
