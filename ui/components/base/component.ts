// How a component lives in the page: one view for each place that it is mounted in, told of every change of data.

/** A column of an Arrow table. */
interface Column {
  get(row: number): unknown;
}

/** An Arrow table as Streamlit hands it over. */
export interface Table {
  numRows: number;
  getChild(name: string): Column | null;
}

/** Sends a trigger with its value to Python. */
export type Send<Triggers> = <Name extends keyof Triggers & string>(name: Name, value: Triggers[Name]) => void;

/** What Streamlit calls a component with. */
interface Mount<Data> {
  data: Data;
  parentElement: ShadowRoot;
  setTriggerValue(name: string, value: unknown): void;
  setStateValue(name: string, value: unknown): void;
}

/** What stands in one place of the page. */
interface View<Data> {
  show(data: Data): void;
  stop(): void;
}

/**
 * The default export of a component: makes a view where it is mounted, shows it each change of `data`, stops it in
 * the end. Values are sent as triggers, which Python hears once, or as states (`kind`), which it keeps.
 */
export function mount<Data, Triggers>(
  Kind: new (root: ShadowRoot, send: Send<Triggers>) => View<Data>,
  kind: "trigger" | "state" = "trigger",
) {
  const mounted = new WeakMap<ShadowRoot, { view: View<Data>; args: Mount<Data> }>();
  return (args: Mount<Data>) => {
    const root = args.parentElement;
    let here = mounted.get(root);
    if (!here) {
      const send: Send<Triggers> = (name, value) => {
        const { setTriggerValue, setStateValue } = mounted.get(root)?.args ?? args;
        (kind === "state" ? setStateValue : setTriggerValue)(name, value);
      };
      here = { view: new Kind(root, send), args };
      mounted.set(root, here);
    }
    here.args = args; // the functions to send with may be others after a rerun
    const { view } = here;
    view.show(args.data);
    return () => {
      view.stop();
      mounted.delete(root);
    };
  };
}

type Typed = { [Name in keyof Columns]: InstanceType<Columns[Name]> };
interface Columns {
  i1: typeof Int8Array;
  u1: typeof Uint8Array;
  i2: typeof Int16Array;
  i4: typeof Int32Array;
  f4: typeof Float32Array;
  f8: typeof Float64Array;
}
const ARRAYS: Columns = {
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  i4: Int32Array,
  f4: Float32Array,
  f8: Float64Array,
};

/** Bytes of a cell. Arrow hands them out at any offset; a copy is aligned, as typed arrays want it. */
export function readBytes(table: Table, column: string, row = 0): Uint8Array<ArrayBuffer> {
  const bytes = table.getChild(column)?.get(row) as Uint8Array<ArrayBuffer> | undefined;
  if (!bytes) throw new Error(`no column ${column}`);
  return bytes.slice();
}

/** Numbers from the bytes of a cell, in the kind that `pack` (Python) gave them. */
export function decode<Kind extends keyof Columns>(table: Table, column: string, kind: Kind, row = 0): Typed[Kind] {
  return new ARRAYS[kind](readBytes(table, column, row).buffer) as Typed[Kind];
}

/** Several columns at once: `{ labels: "i4" }` gives `{ labels: Int32Array }`. */
export function decodeAll<Kinds extends Record<string, keyof Columns>>(table: Table, kinds: Kinds) {
  const found = Object.entries(kinds).map(([name, kind]) => [name, decode(table, name, kind)]);
  return Object.fromEntries(found) as { [Name in keyof Kinds]: Typed[Kinds[Name]] };
}
