// Pictures with an answer each. Tab reaches one tile, its picture and its "Why?"; arrows go to the others.

const shown = new WeakMap();

function make(tag, name = "", text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

function makeLine(name, word, text) {
  const line = make("div", `line ${name}`);
  const value = make("span", "", text);
  value.title = text;
  line.append(make("em", "", word), value);
  return line;
}

function build(tile) {
  const place = make("div", `tile ${tile.is_wrong ? "wrong" : "right"}`);
  place.dataset.uid = tile.uid;
  place.style.setProperty("--true", tile.true_color);
  const open = make("button", "open");
  const why = make("button", "why", "Why?");
  open.type = why.type = "button";
  const said = `${tile.true}, taken for ${tile.predicted} at ${tile.confidence.toFixed(3)}`;
  const number = String(tile.uid).padStart(4, "0");
  open.title = `Sample ${number}: ${said}. Pin it in the Explorer`;
  open.setAttribute("aria-label", open.title);
  why.title = "What speaks for this answer: open it in Explain";
  why.setAttribute("aria-label", `Why ${tile.predicted}? Explain sample ${number}`);
  const image = make("img");
  image.src = tile.picture;
  image.alt = "";
  open.append(image);
  const foot = make("div", "foot");
  const sure = make("div", "sure");
  const fill = make("i");
  fill.style.width = `${100 * Math.max(0, Math.min(1, tile.confidence))}%`;
  sure.append(fill);
  foot.append(sure, make("b", "", tile.confidence.toFixed(3)), why);
  place.append(open, makeLine("is", "true", tile.true), makeLine("said", "said", tile.predicted), foot);
  return place;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector(".tiles");
  const content = JSON.stringify(data);
  if (shown.get(parentElement) !== content) {
    shown.set(parentElement, content);
    list.setAttribute("aria-label", data.label);
    list.replaceChildren(...data.tiles.map(build));
  }
  const tiles = [...list.children];
  const rove = (current) =>
    tiles.forEach((tile) => tile.querySelectorAll("button").forEach((each) => (each.tabIndex = tile === current ? 0 : -1)));
  const focused = list.getRootNode().activeElement?.closest?.(".tile");
  rove(tiles.includes(focused) ? focused : tiles[0]);
  list.onfocusin = (event) => rove(event.target.closest(".tile"));
  list.onclick = (event) => {
    const uid = Number(event.target.closest(".tile")?.dataset.uid);
    if (event.target.closest(".why")) setTriggerValue("why", uid);
    else if (event.target.closest(".open")) setTriggerValue("open", uid);
  };
  list.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = tiles.indexOf(event.target.closest(".tile"));
    const abreast = getComputedStyle(list).gridTemplateColumns.split(" ").length;
    const last = tiles.length - 1;
    const places = {
      ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - abreast, ArrowDown: at + abreast, Home: 0, End: last,
    };
    if (at < 0 || !(event.key in places)) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    tiles[Math.max(0, Math.min(last, places[event.key]))].querySelector(".open").focus();
  };
}
