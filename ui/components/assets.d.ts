/** Styles that go into the component's bundle. */
declare module "*.css";

/** A file's content as text. */
declare module "*?text" {
  const text: string;
  export default text;
}
