// What components of one page tell each other. Each is a module of its own, so that what they share hangs on the page.

/** A sheet of small pictures, row by row. */
export interface Sheet {
  url: string;
  columns: number;
  count: number;
  family: string;
}

/** The samples of one layer, centred and scaled. */
export interface Cloud {
  d: number;
  n: number;
  scale: number;
  mean: Float64Array;
  /** Standardised samples, (n, d) row by row. */
  readonly X: Float32Array;
}

/** What is told, by topic. */
export interface Topics {
  /** Pictures of the samples of a family are on the page. */
  thumbnails: Sheet;
  /** Clouds of all layers: by family, by the layer's key. */
  clouds: Map<string, Map<string, Cloud>>;
  /** A sample is pointed at; -1 or nothing where none is. */
  sample: { family: string; uid?: number | null };
  /** A class is brought out by a legend; null for none. */
  class: { family: string; group: number | null };
  /** An experiment is pointed at, by the view that says so. */
  experiment: { key: string | null; from: object };
  /** Keys of the experiments that brushes keep; null for all. */
  "experiments-kept": { keys: string[] | null };
}

const kept: Map<string, unknown> = ((globalThis as { [at: symbol]: unknown })[Symbol.for("layerscope")] ??=
  new Map()) as Map<string, unknown>;

/** Tell all components of the page. */
export function tell<Topic extends keyof Topics>(topic: Topic, detail: Topics[Topic]): void {
  dispatchEvent(new CustomEvent(`layerscope:${topic}`, { detail }));
}

/** Be told of a topic; the function that is returned ends it. */
export function hear<Topic extends keyof Topics>(topic: Topic, act: (detail: Topics[Topic]) => void): () => void {
  const listener = (event: Event) => act((event as CustomEvent<Topics[Topic]>).detail);
  addEventListener(`layerscope:${topic}`, listener);
  return () => removeEventListener(`layerscope:${topic}`, listener);
}

/** Tell, and keep it for those who come later. */
export function post<Topic extends keyof Topics>(topic: Topic, detail: Topics[Topic]): void {
  kept.set(topic, detail);
  tell(topic, detail);
}

/** What was posted last on a topic. */
export function latest<Topic extends keyof Topics>(topic: Topic): Topics[Topic] | undefined {
  return kept.get(topic) as Topics[Topic] | undefined;
}

/** What a component remembers under a name while the page lives, also where it is mounted anew. */
export function remember<Value>(name: string, start: Value): Value {
  if (!kept.has(name)) kept.set(name, start);
  return kept.get(name) as Value;
}
