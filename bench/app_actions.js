// What a visitor does, timed in the page: from the event to the frame in which its effect is drawn.
(() => {
  const roots = (root) => [root, ...[...root.querySelectorAll("*")].flatMap((e) => (e.shadowRoot ? roots(e.shadowRoot) : []))];
  const deep = (selector) => roots(document).map((root) => root.querySelector(selector)).find(Boolean);
  const frame = () => new Promise(requestAnimationFrame);
  async function until(done, limit = 20000) {
    const end = performance.now() + limit;
    while (!done()) {
      if (performance.now() > end) throw new Error(`not within ${limit} ms: ${done}`);
      await frame();
    }
  }
  async function timed(act, done) {
    const start = performance.now();
    act();
    await until(done);
    return performance.now() - start;
  }
  const fire = (element, type, x, y) => {
    const box = element.getBoundingClientRect();
    const place = { clientX: box.x + x, clientY: box.y + y, pointerId: 1, isPrimary: true, button: 0, bubbles: true, composed: true };
    element.dispatchEvent(new PointerEvent(type, { ...place, buttons: type === "pointerdown" ? 1 : 0 }));
  };
  const head = () => deep(".plot-head p")?.textContent ?? "";
  const inspected = () => deep(".st-key-inspector-panel")?.textContent.match(/sample (\d+)/i)?.[1];
  const picture = () => deep(".explanations .tiles .picture")?.src;
  const bars = () => deep(".bars [data-output]")?.parentElement.children.length;
  const marks = () => deep(".marks");
  const tooltip = () => deep(".plot .tooltip");

  window.bench = {
    painted: () => Boolean(deep(".plot")?.dataset.shown) && Boolean(deep("[data-layer]")),
    layers: () => [...deep("[data-layer]").ownerSVGElement.querySelectorAll("[data-layer]")].map((e) => e.dataset.layer),
    layer: (key) => {
      const before = deep(".plot").dataset.shown;
      const click = () => deep(`[data-layer="${key}"]`).dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true }));
      return timed(click, () => head().startsWith(`${key},`) && deep(".plot").dataset.shown !== before);
    },
    // Somewhere on the plot; null where there is no sample within reach.
    hover: async (x, y) => {
      const canvas = marks();
      const box = canvas.getBoundingClientRect();
      fire(canvas, "pointermove", -50, -50);
      await frame();
      const start = performance.now();
      fire(canvas, "pointermove", x * box.width, y * box.height);
      const hit = () => !tooltip().hidden;
      for (let i = 0; i < 2 && !hit(); i++) await frame();
      return hit() ? performance.now() - start : null;
    },
    pin: async (x, y) => {
      const canvas = marks();
      const box = canvas.getBoundingClientRect();
      const at = [x * box.width, y * box.height];
      fire(canvas, "pointermove", ...at);
      await frame();
      await frame();
      const uid = tooltip().hidden ? null : tooltip().querySelector(".uid").textContent;
      if (uid === null || uid === inspected()) return null;
      const click = () => ["pointerdown", "pointerup"].forEach((type) => fire(canvas, type, ...at));
      const before = picture();
      return timed(click, () => inspected() === uid && picture() !== before && bars() > 1);
    },
    grid: (key) => {
      const click = () => deep(`[data-layer="${key}"]`).dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true }));
      return timed(click, () => deep(".channels")?.dataset.shown?.startsWith(`${key}/`));
    },
    gridOf: () => deep(".channels")?.dataset.shown ?? "",
  };
})();
