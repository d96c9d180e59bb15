// Names with values, in the line above a layout.
import { make } from "../base/elements";

export type Figure = [name: string, value: string];

export function fillFigures(element: HTMLElement, figures: Figure[]) {
  const text = JSON.stringify(figures);
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  element.replaceChildren(
    ...figures.map(([name, value]) => {
      const part = make("span", "", `${name} `);
      part.append(make("b", "", value));
      return part;
    }),
  );
}

export const writeDecimals = (value: number) => value.toFixed(2).replace("-", "−");

/** How wide a layout is: each is drawn as large as it fits, be it a speck or as wide as a field. */
export const writeSpread = (side: number) =>
  (side === 0 || side >= 0.1 ? side.toPrecision(2) : side.toExponential(0)).replace("-", "−");
