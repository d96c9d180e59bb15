// Layouts that were tried, as buttons that go back to them.
class TriedStrip {
  constructor(element, { choose, ladder }) {
    Object.assign(this, { element, choose, ladder });
    this.none = element.querySelector(".none");
    this.more = make("button", "act ladder");
    Object.assign(this.more, { type: "button", onclick: () => this.ladder() });
    this.buttons = new Map();
  }

  show(tiles, steps, company, more) {
    const size = 2 * company.n;
    const kept = new Map();
    tiles.forEach((tile, i) => {
      const known = this.buttons.get(tile.id) ?? this.build(tile.id);
      kept.set(tile.id, known);
      this.fill(known, tile, steps.subarray(i * size, (i + 1) * size), company);
    });
    this.buttons = kept;
    this.none.hidden = tiles.length > 0;
    this.more.hidden = !more;
    this.more.textContent = more;
    const wanted = [this.none, ...[...kept.values()].map(({ button }) => button), this.more];
    const same = wanted.length === this.element.children.length && wanted.every((each, i) => each === this.element.children[i]);
    if (!same) this.element.replaceChildren(...wanted); // moving a button takes the focus from it
  }

  build(id) {
    const button = make("button", "tile");
    button.type = "button";
    button.innerHTML = `<canvas></canvas><div><h4></h4><p></p><div class="figures"></div></div>`;
    button.onclick = () => this.choose(id);
    return { button };
  }

  fill({ button }, { title, note, figures, isShown }, steps, company) {
    button.setAttribute("aria-pressed", String(isShown));
    button.querySelector("h4").textContent = title;
    button.querySelector("p").textContent = note;
    button.setAttribute("aria-label", `Perplexity ${title}, ${note}: ${figures.map((pair) => pair.join(" ")).join(", ")}`);
    fillFigures(button.querySelector(".figures"), figures);
    drawThumbnail(button.querySelector("canvas"), steps, company, 66);
  }
}

function drawThumbnail(canvas, steps, company, side) {
  const ratio = devicePixelRatio || 1;
  canvas.width = canvas.height = Math.round(side * ratio);
  const ink = canvas.getContext("2d");
  ink.setTransform(ratio, 0, 0, ratio, 0, 0);
  paintCloud(ink, company, place(steps, side, side, 6), company.n > 150 ? 1.5 : 1.9);
}
