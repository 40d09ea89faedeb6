// Lists what a keyboard must reach, in the order of the page, and notes from now on where the focus goes.
const reachable = "a[href], button, summary, input, select, textarea, [tabindex]";
const seen = (element) => element.checkVisibility({ checkVisibilityCSS: true }) && !element.disabled;
const name = (element) => {
  const words = (element.getAttribute("aria-label") || element.textContent).trim().replace(/\s+/g, " ").slice(0, 40);
  return `${element.tagName.toLowerCase()}${element.id && "#" + element.id} "${words}"`;
};
const stops = [...document.querySelectorAll(reachable)].filter((element) => seen(element) && element.tabIndex >= 0);
window.focused = [];
addEventListener("focusin", ({ target }) => {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(target);
  const marked = (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
  focused.push({ name: name(target), marked });
});
document.activeElement.blur();
return stops.map(name);
