// Elements of the page and their focus, also within components, which have shadow roots of their own.

const INTO = /\s*>>>\s*/;
const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex]";

/**
 * The first element that a selector finds, through open shadow roots; each ">>>" goes on inside of what was found
 * before it. Null where there is none.
 */
export function findDeep(selector: string, root: Document | Element = document): HTMLElement | null {
  const [first, ...rest] = selector.split(INTO);
  const found = findInside(first, root);
  return found && rest.length ? findDeep(rest.join(" >>> "), found) : found;
}

function findInside(selector: string, root: Document | Element): HTMLElement | null {
  const here = root.querySelector<HTMLElement>(selector);
  if (here) return here;
  if (root instanceof Element) {
    const inside = root.shadowRoot?.querySelector<HTMLElement>(selector);
    if (inside) return inside;
  }
  for (const element of walk(root)) {
    const inside = element.shadowRoot?.querySelector<HTMLElement>(selector);
    if (inside) return inside;
  }
  return null;
}

/** Everything below a root in the order of the page, the content of shadow roots included. */
function* walk(root: Document | ShadowRoot | Element): Generator<Element> {
  if (root instanceof Element && root.shadowRoot) yield* walk(root.shadowRoot);
  for (const element of root.children) {
    yield element;
    yield* walk(element);
  }
}

/** The element and the hosts of the shadow roots around it, from the inside out. */
export function listHosts(element: Element): Element[] {
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? [element, ...listHosts(root.host)] : [element];
}

/** What has the focus, within shadow roots too. */
export function findFocus(): HTMLElement | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element as HTMLElement | null;
}

/** Moves the focus on among some parts of the page, round at the ends: keeps the Tab key there. */
export function focusNext(parts: Element[], backwards: boolean) {
  const stops = parts.flatMap((part) => [...listFocusable(part)]);
  const now = stops.indexOf(findFocus()!);
  const next = backwards ? (now < 0 ? stops.length : now) - 1 : now + 1;
  stops.at(next < stops.length ? next : 0)?.focus();
}

function* listFocusable(part: Element): Generator<HTMLElement> {
  for (const element of [part, ...walk(part)] as (HTMLElement & { disabled?: boolean })[]) {
    if (!element.matches(FOCUSABLE) || element.tabIndex < 0 || element.disabled) continue;
    if (element.checkVisibility()) yield element;
  }
}
