// Whose a key is: components leave alone what is typed, and the shortcuts of browser and system.
const WRITING = "input:not([type=range]), textarea, select, [contenteditable], [role=dialog]";

export const isWriting = (target: EventTarget | null) => target instanceof Element && target.closest(WRITING) !== null;

export const isShortcut = ({ ctrlKey, metaKey, altKey }: KeyboardEvent) => ctrlKey || metaKey || altKey;

/** The arrows as directions on the screen. */
export const ARROWS: Record<string, [number, number]> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** How far a key goes along a row: one place, or to an end. */
export const STRIDES: Record<string, number> = {
  ArrowLeft: -1,
  ArrowUp: -1,
  ArrowRight: 1,
  ArrowDown: 1,
  Home: -Infinity,
  End: Infinity,
};
