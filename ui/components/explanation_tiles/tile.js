// One tile: the picture, an explanation over it, ground truth over both, and what is said below.
// The scripts of this folder are joined to one module.

function make(tag, name = "", text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

function percent(share) {
  if (share > 0 && share < 0.005) return "<1 %";
  return `${Math.round(share * 100)} %`;
}

// What all tiles share, on the window so that it outlives a sample that is released.
const settings = (window.layerscopeTiles ??= { opacity: {}, outline: false, shade: false });

class Tile {
  constructor(method, onSlide) {
    this.method = method; // null: the picture alone
    this.element = make("figure");
    this.stack = make("button", "stack");
    this.stack.type = "button";
    const layer = (name) => {
      const image = make("img", name);
      image.alt = "";
      image.hidden = true;
      this.stack.append(image);
      return image;
    };
    this.images = Object.fromEntries(["picture", "layer", "shade", "outline"].map((n) => [n, layer(n)]));
    this.state = make("span", "state");
    this.stack.append(this.state);
    const caption = make("figcaption");
    this.name = make("span", "name", method ? method.name : "Picture");
    this.share = make("b", "share");
    caption.append(this.name, this.share);
    this.element.append(this.stack, caption);
    if (!method) return;
    this.element.dataset.method = method.key;
    this.name.title = method.note;
    this.slider = make("input");
    Object.assign(this.slider, { type: "range", min: 0, max: 100, step: 1 });
    this.slider.oninput = () => onSlide(method.key, this.slider.valueAsNumber / 100);
    this.element.append(this.slider);
  }

  // `column` is what is explained; `of` names it where tiles of two stand side by side.
  show(data, column, of) {
    const { method } = this;
    this.set("picture", data.picture);
    const source = method ? column.layers[method.key] : null;
    this.set("layer", source);
    this.set("shade", data.truth?.shade);
    this.set("outline", data.truth?.outline);
    const what = method ? `${method.name}${of ? `, ${column.name}` : ""}` : "Picture";
    this.stack.setAttribute("aria-label", `${what} of ${data.name}: enlarge`);
    this.stack.title = "Enlarge";
    if (method) {
      this.slider.setAttribute("aria-label", `Opacity of ${what}`);
      this.slider.title = "Opacity";
    }
    const waits = method && !source;
    const fails = Boolean(waits && column.problem); // the line itself stands once below all tiles
    this.state.textContent = !waits ? "" : fails ? "not available" : "computing …";
    this.state.title = fails ? column.problem : "";
    this.element.classList.toggle("fails", fails);
    this.element.classList.toggle("waits", Boolean(waits));
    this.element.setAttribute("aria-busy", String(Boolean(waits && !fails)));
    this.fillShare(data.truth, column);
    this.apply();
  }

  set(name, source) {
    const image = this.images[name];
    if (image.source !== source) {
      image.source = source;
      if (source) image.src = source;
      else image.removeAttribute("src");
    }
    image.missing = !source;
  }

  fillShare(truth, column) {
    const covered = truth && percent(truth.covered);
    const share = this.method ? column.shares[this.method.key] : truth?.covered;
    this.share.hidden = !truth || share === undefined;
    if (this.share.hidden) return;
    if (!this.method) {
      this.share.textContent = `object ${covered}`;
      this.share.title = `The object covers ${covered} of the picture`;
    } else if (share === null) {
      this.share.textContent = "–";
      this.share.title = "It is zero everywhere";
    } else {
      this.share.textContent = percent(share);
      this.share.title = `${percent(share)} of this explanation falls on the object, which covers ${covered} of the picture`;
    }
  }

  // Opacity, outline and mask: what changes without new data.
  apply() {
    const { images, method } = this;
    const opacity = method ? (settings.opacity[method.key] ?? method.opacity) : 0;
    images.picture.hidden = images.picture.missing;
    images.layer.hidden = images.layer.missing;
    images.layer.style.opacity = opacity;
    images.shade.hidden = images.shade.missing || !settings.shade;
    images.outline.hidden = images.outline.missing || !settings.outline;
    if (!method) return;
    const value = Math.round(opacity * 100);
    if (this.slider.valueAsNumber !== value) this.slider.value = value;
    this.slider.style.setProperty("--value", `${value}%`);
    this.slider.setAttribute("aria-valuetext", `${value} %`);
  }
}
