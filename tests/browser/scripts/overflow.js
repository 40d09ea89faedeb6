// What sticks out of the window, or is cut off where nobody can scroll to it. On paper nothing can be scrolled to.
const paper = matchMedia("print").matches;
const edge = document.documentElement.clientWidth;
const faults = [];
const place = (element) =>
  `${element.tagName.toLowerCase()}${element.id && "#" + element.id}${[...element.classList].map((c) => "." + c).join("")}`;

if (document.documentElement.scrollWidth > edge) faults.push(`the page is ${document.documentElement.scrollWidth} px wide`);

const unseen = (box) => box.width <= 1 || box.height <= 1; // kept for screen readers alone
const cutBy = (element, box) => {
  for (let outer = element; outer && outer !== document.documentElement; outer = outer.parentElement) {
    const { overflowX, overflowY, position } = getComputedStyle(outer);
    const frame = outer.getBoundingClientRect();
    if (unseen(frame) && overflowX !== "visible") return null;
    const scrolls = /auto|scroll/.test(overflowX);
    const cuts = (axis) => (paper ? axis !== "visible" : /hidden|clip/.test(axis));
    if (cuts(overflowX) && (box.left < frame.left - 1 || box.right > frame.right + 1)) return outer;
    if (cuts(overflowY) && (box.top < frame.top - 1 || box.bottom > frame.bottom + 1)) return outer;
    if (scrolls || position === "fixed") return null;
  }
  return box.right > edge + 1 || (box.left < -1 && box.right > 0) ? document.body : null;
};

const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const { currentNode: text } = texts;
  const element = text.parentElement;
  if (!text.data.trim() || !element.checkVisibility({ checkVisibilityCSS: true })) continue;
  const range = document.createRange();
  range.selectNodeContents(text);
  for (const box of range.getClientRects()) {
    const outer = cutBy(element, box);
    if (!outer) continue;
    faults.push(`${place(element)} "${text.data.trim().slice(0, 40)}" is cut off by ${place(outer)}`);
    break;
  }
}
for (const picture of document.querySelectorAll("img, svg, table, pre, input")) {
  if (!picture.checkVisibility({ checkVisibilityCSS: true })) continue;
  const box = picture.getBoundingClientRect();
  const outer = cutBy(picture.parentElement, box);
  if (outer) faults.push(`${place(picture)}, ${Math.round(box.width)} px wide, is cut off by ${place(outer)}`);
}
return faults;
