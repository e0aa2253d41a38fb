/** The page's few ways with elements. */

/**
 * @param {string} name Tag, and classes after dots: "p.detail".
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function element(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag);
  made.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Put `children` into `parent` only if what they say has changed: a button half pressed stays the same button. */
export function refresh(parent, children) {
  const fresh = element("div", {}, ...children);
  if (parent.innerHTML !== fresh.innerHTML) parent.replaceChildren(...fresh.childNodes);
}
