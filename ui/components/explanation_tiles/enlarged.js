// One tile over the whole page, as large as it fits.
class Enlarged {
  constructor(dialog, onSlide) {
    this.dialog = dialog;
    this.onSlide = onSlide;
    dialog.onclick = (event) => {
      if (!(event.target instanceof HTMLInputElement)) dialog.close();
    };
    dialog.onclose = () => (this.tile = null);
    dialog.onkeydown = (event) => event.stopPropagation(); // Streamlit has keys of its own
  }

  open(method, place) {
    this.place = place;
    this.tile = new Tile(method, this.onSlide);
    this.dialog.replaceChildren(this.tile.element);
  }

  show(data) {
    if (!this.tile) return;
    const column = data.columns[this.place] ?? data.columns[0];
    this.tile.show(data, column, true);
    const { method } = this.tile;
    this.tile.name.textContent = method ? `${method.name}, ${column.name}` : data.name;
    this.tile.stack.setAttribute("aria-label", "Close");
    this.tile.stack.title = "Close";
    if (!this.dialog.open) this.dialog.showModal();
  }

  apply() {
    this.tile?.apply();
  }
}
