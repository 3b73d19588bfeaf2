// The focus stays with the person when what has it goes away.

/** Whether nothing that is there has the focus. */
export function isLost(): boolean {
  const { activeElement, body } = document;
  return !activeElement || activeElement === body || activeElement.closest("[inert]") !== null;
}

const isThere = (element: Element | null | undefined): element is HTMLElement =>
  element instanceof HTMLElement &&
  element.isConnected &&
  element !== document.body &&
  !element.closest("[inert]");

/**
 * When what has the focus in `node` goes, by whatever cause, the focus goes where `to` says. It is told where the focus
 * was before it came to `node`, if that is still there.
 */
export function returnsFocus(
  node: HTMLElement,
  to: (before: HTMLElement | undefined) => HTMLElement | null | undefined,
) {
  let before: Element | null = null;
  let isInside = false;
  const onIn = (event: FocusEvent) => {
    const from = event.relatedTarget as Element | null;
    if (!from || !node.contains(from)) before = from;
    isInside = true;
  };
  const onOut = (event: FocusEvent) => {
    const [from, next] = [event.target as Element, event.relatedTarget as Element | null];
    if (next) isInside = node.contains(next);
    // The person has left, unless it is what had the focus that leaves: then it is gone when this event is over.
    else queueMicrotask(() => (isInside &&= !isThere(from)));
  };
  const observer = new MutationObserver(() => {
    if (!isInside || !isLost()) return;
    isInside = false;
    to(isThere(before) ? before : undefined)?.focus();
  });
  observer.observe(node, { subtree: true, childList: true, attributes: true, attributeFilter: ["inert", "disabled"] });
  node.addEventListener("focusin", onIn);
  node.addEventListener("focusout", onOut);
  return {
    destroy() {
      observer.disconnect();
      node.removeEventListener("focusin", onIn);
      node.removeEventListener("focusout", onOut);
    },
  };
}
