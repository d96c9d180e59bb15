// Steps from page to page, and a list of all of them; built anew only when the pages are others.
function buildPager(name, { names, chosen }, go) {
  const pager = make("label", "pager", `${name}s`);
  const steps = make("span", "steps");
  const [back, list, next] = [make("button", "", "‹"), make("select"), make("button", "", "›")];
  back.type = next.type = "button";
  list.append(...names.map((each) => make("option", "", each)));
  list.selectedIndex = chosen;
  list.setAttribute("aria-label", `Page of ${name}s`);
  back.setAttribute("aria-label", `${name}s before`);
  next.setAttribute("aria-label", `${name}s after`);
  back.disabled = chosen === 0;
  next.disabled = chosen === names.length - 1;
  back.onclick = () => go(chosen - 1);
  next.onclick = () => go(chosen + 1);
  list.onchange = () => go(list.selectedIndex);
  list.onkeydown = (event) => event.stopPropagation(); // Streamlit has keys of its own
  steps.append(back, list, next);
  pager.append(steps);
  return pager;
}
