// Lists that are one stop of the Tab key; the arrow keys move within.

/**
 * @param {HTMLElement} list
 * @param {string} items a selector
 * @param {{ across?: number, fromEnd?: boolean }} [shape] how many stand side by side in a grid, and whether one comes
 * in from the end
 */
export function rove(list, items, { across = 1, fromEnd = false } = {}) {
  const all = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll(items)]);
  const steps = /** @type {Record<string, number>} */ ({ ArrowDown: across, ArrowUp: -across, ...(across > 1 && { ArrowRight: 1, ArrowLeft: -1 }) });
  list.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.target instanceof Element)) return;
    const found = all();
    const at = found.indexOf(/** @type {HTMLElement} */ (event.target.closest(items)));
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? found.length - 1 : at + (steps[event.key] ?? NaN);
    if (at < 0 || !found[to]) return;
    event.preventDefault();
    found[to].focus();
  });
  list.addEventListener('focusin', (event) => {
    const item = event.target instanceof Element ? event.target.closest(items) : null;
    if (item) stop(all(), /** @type {HTMLElement} */ (item));
  });
  /** To be called when the items have changed. */
  return () => {
    const found = all();
    const current = found.find((item) => item.tabIndex === 0) ?? found.find((item) => item.ariaCurrent === 'page') ?? found.at(fromEnd ? -1 : 0);
    if (current) stop(found, current);
  };
}

/** @param {HTMLElement[]} items @param {HTMLElement} current */
function stop(items, current) {
  for (const item of items) {
    const index = item === current ? 0 : -1;
    if (item.tabIndex !== index) item.tabIndex = index;
  }
}
