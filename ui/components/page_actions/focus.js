// Keeps the Tab key among some parts of the page, those inside components included: driver.js has such a
// trap too, but it does not see into shadow roots.

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex]";

function* listFocusable(part) {
  for (const element of [part, ...walk(part)]) {
    if (element.matches(FOCUSABLE) && element.tabIndex >= 0 && !element.disabled && element.checkVisibility()) yield element;
  }
}

function focusNext(parts, backwards) {
  const stops = parts.flatMap((part) => [...listFocusable(part)]);
  const now = stops.indexOf(findFocus());
  const next = backwards ? (now < 0 ? stops.length : now) - 1 : now + 1;
  stops.at(next < stops.length ? next : 0)?.focus();
}

function findFocus() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}
