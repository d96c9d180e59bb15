// What is seen of the graph when some groups are open, and where dagre puts it.
import dagre, { type EdgeLabel, type GraphLabel } from "@dagrejs/dagre";

/** An operator, or a group of them. */
export interface Box {
  key: string;
  parent: string | null;
  is_group: boolean;
  label: string;
  detail: string;
  kind: string;
  color: string;
  shape: string;
  field: string;
  parameters: string;
  multiply_adds: string;
  parameter_share: number;
  multiply_add_share: number;
}

/** A tensor between two operators. */
export interface Link {
  source: string;
  target: string;
  shape: string;
}

/** All tensors between two boxes that are seen; `skips` where it goes round others. */
export interface SeenLink {
  source: string;
  target: string;
  shapes: Set<string>;
  skips: boolean;
}

export interface SeenGraph {
  boxes: Map<string, Box>;
  clusters: Map<string, Box>;
  links: SeenLink[];
  /** Operators, and the box that is seen in the place of each. */
  standsFor: Map<string, string>;
}

export interface Point {
  x: number;
  y: number;
}

/** Middle and size. */
export interface Place extends Point {
  width: number;
  height: number;
}

export interface Layout {
  width: number;
  height: number;
  places: Map<string, Place>;
  /** Of each link. */
  points: Point[][];
}

export const SIZES = { group: [334, 58], weighted: [304, 44], plain: [230, 26], sign: [28, 28] } as const;
const SPACE = { between: 26, ranks: 27, edges: 18, head: 15 };
export const SIGNS: Record<string, string> = { sum: "+", product: "×", concat: "‖" };

const findSize = (box: Box) => {
  if (box.is_group) return SIZES.group;
  if (box.kind in SIGNS) return SIZES.sign;
  return box.parameters || box.multiply_adds ? SIZES.weighted : SIZES.plain;
};

/** Boxes that stand for what they hold, open groups around others, and one link for all between two boxes. */
export function collapse(boxes: Box[], links: Link[], opened: Set<string>): SeenGraph {
  const byKey = new Map(boxes.map((box) => [box.key, box]));
  const standsFor = new Map<string, string>();
  const seen = new Map<string, Box>();
  const clusters = new Map<string, Box>();
  for (const box of boxes) {
    if (box.is_group) continue;
    const chain: Box[] = [];
    for (let at: Box | undefined = box; at; at = byKey.get(at.parent ?? "")) chain.unshift(at);
    const shown = chain.find((each) => each.is_group && !opened.has(each.key)) ?? box;
    standsFor.set(box.key, shown.key);
    seen.set(shown.key, shown);
    for (const each of chain) {
      if (each === shown) break;
      clusters.set(each.key, each);
    }
  }
  const order = new Map([...seen.keys()].map((key, i) => [key, i]));
  const merged = new Map<string, SeenLink>();
  for (const { source, target, shape } of links) {
    const [from, to] = [standsFor.get(source)!, standsFor.get(target)!];
    if (from === to) continue;
    const name = `${from}\n${to}`;
    const skips = order.get(to)! - order.get(from)! > 1 && seen.get(to)!.kind in SIGNS;
    const link = merged.get(name) ?? { source: from, target: to, shapes: new Set(), skips };
    merged.set(name, link);
    link.shapes.add(shape);
  }
  return { boxes: seen, clusters, links: [...merged.values()], standsFor };
}

type Graph = InstanceType<typeof dagre.graphlib.Graph<GraphLabel, Partial<Place>, EdgeLabel>>;

/** Places of boxes and clusters, points of links, size of all of it. */
export function layOut(seen: SeenGraph): Layout {
  const graph: Graph = new dagre.graphlib.Graph({ compound: true });
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
    if (box.parent !== null && seen.clusters.has(box.parent)) graph.setParent(key, box.parent);
  }
  // What is a chain stays straight, what skips goes around.
  for (const link of seen.links) graph.setEdge(link.source, link.target, { weight: link.skips ? 1 : 6 });
  dagre.layout(graph);
  return makeRoom(graph, seen);
}

/** dagre knows no titles: where open groups begin, all that is below moves down by the height of one. */
function makeRoom(graph: Graph, seen: SeenGraph): Layout {
  const placeOf = (key: string) => graph.node(key) as Place;
  const top = ({ y, height }: Place) => y - height / 2;
  const tops = [...seen.clusters.keys()].map((key) => top(placeOf(key))).sort((a, b) => a - b);
  const begins = tops.filter((each, i) => !i || each - tops[i - 1] > 1);
  const move = (y: number) => y + SPACE.head * begins.filter((each) => each < y - 0.5).length;
  const stretch = (place: Place) => {
    const [above, below] = [move(top(place)), move(top(place) + place.height)];
    return { ...place, y: (above + below) / 2, height: below - above };
  };
  const shift = (place: Place) => ({ ...place, y: move(top(place)) + place.height / 2 });
  const places = new Map<string, Place>();
  for (const key of seen.clusters.keys()) places.set(key, stretch(placeOf(key)));
  for (const key of seen.boxes.keys()) places.set(key, shift(placeOf(key)));
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height: height + SPACE.head * begins.length,
    places,
    points: seen.links.map(({ source, target }) =>
      graph.edge(source, target).points!.map(({ x, y }) => ({ x, y: move(y) })),
    ),
  };
}
