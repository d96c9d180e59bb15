// What the menu of the timeline saves.

async function saveTour(tour, kind) {
  const views = tour.views.filter((view) => view.frame);
  if (!views.length) return;
  const name = ["grand-tour", ...views.map(({ key }) => key), `step-${Math.round(tour.course.step)}`].join("_");
  if (kind === "csv") return saveFile(`${name}.csv`, writeMatrix(listMatrices(tour, views)), "text/csv");
  tour.loop.redraw(performance.now()); // what is on the cards is gone once this turn of the event loop is over
  if (kind === "svg") {
    const shapes = views.map((view) => listShapes(view, tour.handled));
    return saveFile(`${name}.svg`, writeSVG(shapes, tour.looks.colors), "image/svg+xml");
  }
  const area = tour.box.getBoundingClientRect();
  const layout = views.map((view) => {
    const { x, y, width, height } = view.box.getBoundingClientRect();
    const canvases = [...view.box.querySelectorAll("canvas")];
    return { canvases, title: entitleView(view), x: x - area.x, y: y - area.y, width, height };
  });
  const { seed, step } = tour.course.texts;
  const title = `Grand Tour of ${views.map(({ key }) => key).join(" and ")}, seed ${seed}, step ${step}`;
  const picture = await composePicture(layout, { width: area.width, height: area.height, title, legend: tour.looks.colors });
  saveFile(`${name}.png`, picture, "image/png");
}

const entitleView = (view) => `${view.find(".run").textContent} · ${view.find(".layer").textContent}`;

function listShapes(view, handled) {
  const { order, part } = view.cast;
  const opacity = { [OUT]: 0.3, [BACK]: 0.36, [FULL]: 1 };
  const points = Array.from(order, (i) => {
    const [x, y] = view.place(i);
    const { color, shape } = view.entry(i);
    const r = view.radius * (part[i] === OUT ? 0.86 : 1);
    return { x, y, r, color: part[i] === OUT ? "#5b6672" : color, shape, opacity: opacity[part[i]] };
  });
  return { title: entitleView(view), width: view.width, height: view.height, points, handles: handled ? view.spots : [] };
}

// From the stored embedding to the view: centred, scaled, then turned.
function listMatrices(tour, views) {
  return views.map((view) => {
    const { d, mean, scale } = view.cloud;
    const matrix = showFrame(compose(d, view.pre, tour.course.matrix), d).map((x) => x / scale);
    const offset = project(mean, matrix).map((x) => -x);
    return { run: tour.data.networks[tour.views.indexOf(view)].name, layer: view.key, matrix, offset };
  });
}
