// In which order experiments stand.

export interface FigureColumn {
  key: string;
  name: string;
  title: string;
  /** The least and the greatest figure of experiments that differ in nothing but their seeds, and how many they are. */
  noise: [number, number] | null;
  n_repeated: number;
}

export interface ExperimentRow {
  key: string;
  name: string;
  source: string;
  changes: [parameter: string, value: string][];
  /** ISO 8601. */
  created: string;
  /** One a column. */
  figures: (number | null)[];
}

// Numbers in names count as numbers: "umap-5" comes before "umap-50".
const compareTexts = new Intl.Collator("en", { numeric: true }).compare;

/** What an order names, and whether the greatest comes first, which a minus before it says. */
export const splitOrder = (order: string): [key: string, falls: boolean] =>
  order.startsWith("-") ? [order.slice(1), true] : [order, false];

/** By an order as Python lists them (`list_orders`); as they come without one. What has no value comes last. */
export function sortExperiments(experiments: ExperimentRow[], columns: FigureColumn[], order: string) {
  const [key, falls] = splitOrder(order);
  const number = columns.findIndex((column) => column.key === key);
  const read = (experiment: ExperimentRow) => {
    if (number >= 0) return experiment.figures[number];
    if (key === "changes") return experiment.changes.map((each) => each.join(" ")).join();
    return experiment[key as "name" | "created"];
  };
  return key ? experiments.toSorted((a, b) => compare(read(a), read(b), falls)) : experiments;
}

function compare(a: number | string | null, b: number | string | null, falls: boolean) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const rising = typeof a === "number" && typeof b === "number" ? a - b : compareTexts(String(a), String(b));
  return falls ? -rising : rising;
}
