// The line above the drawing, the names of kinds, and the name at the node under the pointer.
import { clamp, make } from "../base/elements";
import type { Rectangle } from "./curves";
import type { Node, Place } from "./layout";

function makeKind(tag: "span" | "li", name: string, color: string) {
  const element = make(tag, "node-kind", name);
  element.style.setProperty("--kind", color);
  return element;
}

export function fillCaption(element: HTMLElement, { key, label, kind, color, facts }: Node, hovered: boolean) {
  const parts: HTMLElement[] = [make("b", "node-key", key)];
  if (label !== key) parts.push(make("span", "node-label", label));
  parts.push(makeKind("span", kind, color), ...facts.map((fact) => make("span", "node-fact", fact)));
  if (hovered) parts.push(make("span", "node-hint", "click to open"));
  element.replaceChildren(...parts);
  element.classList.toggle("hovered", hovered);
}

export const fillKinds = (element: HTMLElement, kinds: [color: string, name: string][]) =>
  element.replaceChildren(...kinds.map(([color, name]) => makeKind("li", name, color)));

/** Above the node, or beneath one that is too tall for that, unless it would hide a figure there. */
export function placeName(
  element: HTMLElement,
  node: Node | undefined,
  place: Place,
  width: number,
  hides: (box: Rectangle) => boolean,
) {
  element.hidden = !node;
  if (!node) return;
  element.replaceChildren(make("b", "", node.key));
  if (node.label !== node.key) element.append(make("span", "", node.label));
  const [half, height] = [element.offsetWidth / 2, element.offsetHeight];
  const x = clamp(half, place.middle + place.rx / 2, width - half) - half;
  const above = place.top - place.ry - height - 4;
  const below = place.foot + 5;
  const kept = hides({ left: x, right: x + 2 * half, top: below, bottom: below + height });
  const y = above >= 0 || kept ? Math.max(0, above) : below;
  element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
}
