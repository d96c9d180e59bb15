// Rows of two buttons: the class, which explains it, and "vs", which sets it beside the explained one.
// Tab enters the list once; arrows go from row to row, and sideways between the two buttons.

const lists = new WeakMap();

function make(tag, name, text = "") {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

function buildRow(row, rank) {
  const entry = make("li", rank === 0 ? "first" : "");
  entry.classList.toggle("true", row.isTrue);
  entry.dataset.output = row.output;
  const pick = make("button", "pick");
  const bar = make("span", "bar");
  const fill = make("i", "");
  fill.style.width = `${Math.max(0, Math.min(1, row.probability)) * 100}%`;
  bar.append(fill);
  const figure = make("span", "figure", row.probability.toFixed(3));
  pick.append(make("span", "dot"), make("span", "name", row.name), bar, figure);
  const versus = make("button", "versus", "vs");
  pick.type = versus.type = "button";
  entry.append(pick, versus);
  return entry;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector(".bars");
  const known = lists.get(parentElement) ?? {};
  lists.set(parentElement, known);
  const content = JSON.stringify(data.rows);
  if (known.content !== content) {
    const focused = list.getRootNode().activeElement;
    const at = focused ? [...list.querySelectorAll("button")].indexOf(focused) : -1;
    list.replaceChildren(...data.rows.map(buildRow));
    known.content = content;
    if (at >= 0) list.querySelectorAll("button")[at]?.focus();
  }

  const entries = [...list.children];
  const paint = (why, against) => {
    data.rows.forEach(({ output, name, isTrue }, i) => {
      const [pick, versus] = entries[i].children;
      const [explained, compared] = [output === why, output === against];
      entries[i].classList.toggle("why", explained);
      entries[i].classList.toggle("against", compared);
      pick.setAttribute("aria-pressed", String(explained));
      const note = isTrue ? ", the true class" : "";
      pick.title = explained ? `${name}${note}: explained` : `Explain ${name}${note}`;
      versus.hidden = explained;
      versus.setAttribute("aria-pressed", String(compared));
      versus.setAttribute("aria-label", `Compare with ${name}`);
      versus.title = compared ? "End the comparison" : `Why not ${name}? Explain it side by side`;
    });
  };
  paint(data.why, data.against);

  entries.forEach((entry, i) => {
    const { output } = data.rows[i];
    const [pick, versus] = entry.children;
    pick.onclick = () => setTriggerValue("why", output);
    versus.onclick = () => setTriggerValue("against", output);
  });

  // One button is reached by Tab: the one used last, at first that of the explained class.
  const buttons = () => entries.map((entry) => [...entry.children].filter((each) => !each.hidden));
  const rove = (target) => {
    for (const each of list.querySelectorAll("button")) each.tabIndex = each === target ? 0 : -1;
  };
  const focused = list.getRootNode().activeElement;
  const start = Math.max(0, data.rows.findIndex(({ output }) => output === data.why));
  const home = entries[start]?.firstElementChild;
  rove(list.contains(focused) && !focused.hidden ? focused : home);
  list.onfocusin = (event) => rove(event.target);
  list.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const grid = buttons();
    const y = grid.findIndex((row) => row.includes(event.target));
    const x = grid[y]?.indexOf(event.target) ?? 0;
    const last = grid.length - 1;
    const moves = {
      ArrowUp: [Math.max(0, y - 1), x],
      ArrowDown: [Math.min(last, y + 1), x],
      ArrowLeft: [y, 0],
      ArrowRight: [y, 1],
      Home: [0, x],
      End: [last, x],
    };
    const [row, column] = moves[event.key] ?? [];
    if (row === undefined || y < 0) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    (grid[row][column] ?? grid[row][0]).focus();
  };
}
