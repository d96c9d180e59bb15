const SHOWN = 1600; // milliseconds that the answer stands on the button
const states = new WeakMap();

export default function ({ data, parentElement }) {
  if (!states.has(parentElement)) states.set(parentElement, { tour: null, timer: 0 });
  const state = states.get(parentElement);
  const [copier, guide] = ["copy", "tour"].map((name) => parentElement.querySelector(`button.${name}`));
  copier.onclick = async () => answer(parentElement, state, await copy(location.href));
  guide.hidden = !data.steps.length;
  guide.onclick = () => {
    if (state.tour?.driver.isActive()) state.tour.end();
    state.tour = new Tour(data.steps, () => guide.focus());
    state.tour.start();
  };
  return () => {
    clearTimeout(state.timer);
    if (state.tour?.driver.isActive()) state.tour.end();
    states.delete(parentElement);
  };
}

function answer(root, state, copied) {
  const button = root.querySelector(".copy");
  const text = copied ? "Copied" : "Not copied";
  root.querySelector(".after").textContent = text;
  root.querySelector(".said").textContent = copied ? "Link copied" : "The link could not be copied";
  button.classList.add("answered");
  button.classList.toggle("failed", !copied);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => {
    button.classList.remove("answered", "failed");
    root.querySelector(".said").textContent = "";
  }, SHOWN);
}
