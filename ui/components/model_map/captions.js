// The line above the drawing, the names of kinds, and the name at the node under the pointer.

function fillCaption(element, node, hovered) {
  const kind = write("span", "node-kind", node.kind);
  kind.style.setProperty("--kind", node.color);
  const parts = [write("b", "node-key", node.key)];
  if (node.label !== node.key) parts.push(write("span", "node-label", node.label));
  parts.push(kind, ...node.facts.map((fact) => write("span", "node-fact", fact)));
  if (hovered) parts.push(write("span", "node-hint", "click to open"));
  element.replaceChildren(...parts);
  element.classList.toggle("hovered", hovered);
}

function fillKinds(element, kinds) {
  const entries = kinds.map(([color, name]) => {
    const entry = write("li", "node-kind", name);
    entry.style.setProperty("--kind", color);
    return entry;
  });
  element.replaceChildren(...entries);
}

// Above the node, or beneath one that is too tall for that, unless it would hide a figure there.
function placeName(element, node, place, width, hides) {
  element.hidden = !node;
  if (!node) return;
  element.replaceChildren(write("b", "", node.key));
  if (node.label !== node.key) element.append(write("span", "", node.label));
  const [half, height] = [element.offsetWidth / 2, element.offsetHeight];
  const x = Math.min(Math.max(place.middle + place.rx / 2, half), width - half) - half;
  const above = place.top - place.ry - height - 4;
  const below = place.foot + 5;
  const kept = hides({ left: x, right: x + 2 * half, top: below, bottom: below + height });
  const y = above >= 0 || kept ? Math.max(0, above) : below;
  element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
}
