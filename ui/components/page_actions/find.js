// Elements of the page, also those inside components. The scripts of this folder are joined to one module.

const INTO = /\s*>>>\s*/;

// The first element that a selector finds, through open shadow roots; each ">>>" goes on inside of what
// was found before it. Null where there is none.
function find(selector, root = document) {
  const [first, ...rest] = selector.split(INTO);
  const found = findDeep(first, root);
  return found && rest.length ? find(rest.join(" >>> "), found) : found;
}

function findDeep(selector, root) {
  const here = root.querySelector(selector) ?? root.shadowRoot?.querySelector(selector);
  if (here) return here;
  for (const element of walk(root)) {
    const inside = element.shadowRoot?.querySelector(selector);
    if (inside) return inside;
  }
  return null;
}

// Everything below a root in the order of the page, the content of shadow roots included.
function* walk(root) {
  if (root.shadowRoot) yield* walk(root.shadowRoot);
  for (const element of root.children) {
    yield element;
    yield* walk(element);
  }
}

// The element and the hosts of the shadow roots around it, from the inside out.
function listHosts(element) {
  const hosts = [element];
  for (let root = element.getRootNode(); root instanceof ShadowRoot; root = root.host.getRootNode()) hosts.push(root.host);
  return hosts;
}

const isShown = (element) => {
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0;
};
