// Parts of a page that are made, and found, by scripts.

/** An element with a class and a text. */
export function make<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, name = "", text: string | number = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = String(text);
  return element;
}

/** An element of a drawing, with its attributes and a text. */
export function draw<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | number> = {},
  text?: string,
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The element of a component's own HTML that a selector finds; an error where there is none. */
export function find<Found extends Element = HTMLElement>(root: ParentNode, selector: string): Found {
  const found = root.querySelector<Found>(selector);
  if (!found) throw new Error(`no element ${selector}`);
  return found;
}

/** What a canvas is drawn with. */
export function inkOf(canvas: HTMLCanvasElement, options?: CanvasRenderingContext2DSettings): CanvasRenderingContext2D {
  const ink = canvas.getContext("2d", options);
  if (!ink) throw new Error("no canvas to draw on");
  return ink;
}

export const clamp = (low: number, value: number, high: number) => Math.min(high, Math.max(low, value));
