// What is seen of the graph when some groups are open, and where dagre puts it.
const SIZES = { group: [334, 58], weighted: [304, 44], plain: [230, 26], sign: [28, 28] };
const SPACE = { between: 26, ranks: 27, edges: 18, head: 15 };
const SIGNS = { sum: "+", product: "×", concat: "‖" };

const findSize = (box) => {
  if (box.is_group) return SIZES.group;
  if (box.kind in SIGNS) return SIZES.sign;
  return box.parameters || box.multiply_adds ? SIZES.weighted : SIZES.plain;
};

// Boxes that stand for what they hold, open groups around others, and one link for all between two boxes.
function see({ boxes, links }, opened) {
  const byKey = new Map(boxes.map((box) => [box.key, box]));
  const standsFor = new Map(); // operator -> the box that is seen in its place
  const seen = new Map();
  const clusters = new Map();
  for (const box of boxes) {
    if (box.is_group) continue;
    const chain = [];
    for (let at = box; at; at = byKey.get(at.parent)) chain.unshift(at);
    const shown = chain.find((each) => each.is_group && !opened.has(each.key)) ?? box;
    standsFor.set(box.key, shown.key);
    seen.set(shown.key, shown);
    for (const each of chain) {
      if (each === shown) break;
      clusters.set(each.key, each);
    }
  }
  const order = new Map([...seen.keys()].map((key, i) => [key, i]));
  const merged = new Map();
  for (const { source, target, shape } of links) {
    const [from, to] = [standsFor.get(source), standsFor.get(target)];
    if (from === to) continue;
    const name = `${from}\n${to}`;
    const skips = order.get(to) - order.get(from) > 1 && seen.get(to).kind in SIGNS;
    if (!merged.has(name)) merged.set(name, { source: from, target: to, shapes: new Set(), skips });
    merged.get(name).shapes.add(shape);
  }
  return { boxes: seen, clusters, links: [...merged.values()], standsFor };
}

// Places: middle and size of each box and cluster, points of each link, size of all of it.
function layOut(seen) {
  const graph = new dagre.graphlib.Graph({ compound: true });
  graph.setGraph({
    rankdir: "TB",
    ranksep: SPACE.ranks,
    nodesep: SPACE.between,
    edgesep: SPACE.edges,
    marginx: 20,
    marginy: 20,
  });
  for (const key of seen.clusters.keys()) graph.setNode(key, {});
  for (const [key, box] of seen.boxes) {
    const [width, height] = findSize(box);
    graph.setNode(key, { width, height });
  }
  for (const [key, box] of [...seen.clusters, ...seen.boxes]) {
    if (seen.clusters.has(box.parent)) graph.setParent(key, box.parent);
  }
  // What is a chain stays straight, what skips goes around.
  for (const link of seen.links) graph.setEdge(link.source, link.target, { weight: link.skips ? 1 : 6 });
  dagre.layout(graph);
  return makeRoom(graph, seen);
}

// dagre knows no titles: where open groups begin, all that is below moves down by the height of one.
function makeRoom(graph, seen) {
  const top = ({ y, height }) => y - height / 2;
  const tops = [...seen.clusters.keys()].map((key) => top(graph.node(key))).sort((a, b) => a - b);
  const begins = tops.filter((each, i) => !i || each - tops[i - 1] > 1);
  const move = (y) => y + SPACE.head * begins.filter((each) => each < y - 0.5).length;
  const stretch = (place) => {
    const [above, below] = [move(top(place)), move(top(place) + place.height)];
    return { ...place, y: (above + below) / 2, height: below - above };
  };
  const shift = (place) => ({ ...place, y: move(top(place)) + place.height / 2 });
  const places = new Map();
  for (const key of seen.clusters.keys()) places.set(key, stretch(graph.node(key)));
  for (const key of seen.boxes.keys()) places.set(key, shift(graph.node(key)));
  const { width, height } = graph.graph();
  return {
    width,
    height: height + SPACE.head * begins.length,
    places,
    points: seen.links.map(({ source, target }) =>
      graph.edge(source, target).points.map(({ x, y }) => ({ x, y: move(y) })),
    ),
  };
}
