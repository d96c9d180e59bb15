// A row of pictures that can be clicked. Joined behind the scripts that find what can have the focus.

const part = (tag, name, text = "") => {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
};

function build(tile, current, send) {
  const button = part("button", "");
  button.type = "button";
  button.dataset.uid = tile.uid;
  const number = String(tile.uid).padStart(4, "0");
  button.title = `Sample ${number}, ${tile.name}: ${tile.figure}. Click to pin it`;
  button.setAttribute("aria-label", button.title);
  button.setAttribute("aria-current", String(tile.uid === current));
  const picture = part("span", "picture");
  picture.style.borderColor = tile.color;
  const image = part("img", "");
  image.src = tile.picture;
  image.alt = "";
  picture.append(image);
  if (tile.box) {
    const [left, top, width, height] = tile.box;
    const square = part("i", width * height > 0.02 ? "" : "small");
    const places = { left: left + width / 2, top: top + height / 2, width, height };
    for (const [name, share] of Object.entries(places)) square.style[name] = `${100 * share}%`;
    picture.append(square);
  }
  button.append(picture, part("span", "name", tile.name), part("span", "figure", tile.figure));
  button.onclick = () => send(tile.uid);
  return button;
}

// A dialog keeps the Tab key to itself, and its own way to do so does not see into shadow roots.
function turn(dialog, event) {
  if (event.key !== "Tab" || event.ctrlKey || event.metaKey || event.altKey) return;
  focusNext([dialog], event.shiftKey);
  event.preventDefault();
  event.stopPropagation();
}

export default function ({ data, parentElement, setTriggerValue }) {
  const row = parentElement.querySelector(".samples");
  const send = (uid) => setTriggerValue("pick", uid);
  row.setAttribute("aria-label", "Samples that drive this channel the most");
  row.replaceChildren(...data.tiles.map((tile) => build(tile, data.current, send)));
  const dialog = row.getRootNode().host?.closest("[role=dialog]");
  if (!dialog) return undefined;
  dialog.onkeydown = (event) => turn(dialog, event);
  return () => (dialog.onkeydown = null);
}
