// An entry a class: pointing at it brings the class out, a click keeps it so until the next.
function buildLegend(classes, marks, counts, light, keep) {
  const entries = classes.map((name, label) => {
    const [color, shape] = marks[label];
    const entry = document.createElement("button");
    entry.type = "button";
    entry.title = `Bring out ${name}; click to keep it so`;
    entry.setAttribute("aria-pressed", "false");
    entry.innerHTML = `<svg viewBox="-1.3 -1.3 2.6 2.6"><path d="${SHAPES[shape]}" fill="${color}"/></svg>`;
    const count = document.createElement("span");
    count.textContent = counts[label];
    entry.append(name, count);
    entry.onpointerenter = entry.onfocus = () => light(label);
    entry.onpointerleave = entry.onblur = () => light(null);
    entry.onclick = () => {
      const kept = keep(label);
      entries.forEach((each, i) => each.setAttribute("aria-pressed", String(i === kept)));
    };
    return entry;
  });
  return entries;
}
