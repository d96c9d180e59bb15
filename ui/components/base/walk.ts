// Lists and rows of buttons: Tab enters them once, arrows walk.
import { clamp } from "./elements";
import { isShortcut, STRIDES } from "./keys";

/** How far a key goes along a list, in which nothing stands side by side. */
export const LIST: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };

/** Moves the focus from one of some elements to another, which is returned, where the key is one that does. */
export function walk<Stop extends HTMLElement>(event: KeyboardEvent, stops: Stop[], strides = STRIDES) {
  const at = stops.indexOf(event.target as Stop);
  if (at < 0 || !(event.key in strides) || isShortcut(event)) return undefined;
  event.preventDefault();
  event.stopPropagation(); // Streamlit has keys of its own
  const next = stops[clamp(0, at + strides[event.key], stops.length - 1)];
  next.focus();
  return next;
}
