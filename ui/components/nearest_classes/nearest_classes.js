// A button a class; Tab enters the list once, arrows go from row to row.
export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector("ol");
  const most = Math.max(...data.rows.map(({ cosine }) => Math.abs(cosine)), 1e-6);
  const least = Math.min(0, ...data.rows.map(({ cosine }) => cosine));
  const reach = most - least; // what a bar's room stands for
  list.style.setProperty("--zero", `${(100 * -least) / reach}%`);
  const focused = list.contains(list.getRootNode().activeElement);
  list.replaceChildren(
    ...data.rows.map((row, i) => {
      const [entry, button] = [make("li"), make("button", row.is_shown ? "" : "away")];
      button.type = "button";
      button.tabIndex = i ? -1 : 0;
      button.dataset.class = row.index;
      button.style.setProperty("--color", row.color);
      button.title = [row.name, row.detail, row.is_shown ? "" : "not on the map"].filter(Boolean).join("; ");
      const [bar, fill] = [make("span", "bar"), make("i", row.cosine < 0 ? "negative" : "")];
      // Of the room at the right of zero: a bar to the left reaches out of it.
      fill.style.width = `${(100 * Math.abs(row.cosine)) / most}%`;
      bar.append(fill);
      const figure = make("span", "figure", row.cosine.toFixed(3).replace("-", "−"));
      button.append(make("span", "dot"), make("span", "name", row.name), bar, figure);
      button.onclick = () => setTriggerValue("pick", row.index);
      entry.append(button);
      return entry;
    }),
  );
  const buttons = [...list.querySelectorAll("button")];
  if (focused) buttons[0]?.focus();
  list.onkeydown = (event) => {
    const steps = { ArrowUp: -1, ArrowDown: 1, Home: -1e9, End: 1e9 };
    if (isShortcut(event) || !(event.key in steps)) return;
    const at = buttons.indexOf(event.target) + steps[event.key];
    buttons[Math.min(buttons.length - 1, Math.max(0, at))].focus();
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  };
}
