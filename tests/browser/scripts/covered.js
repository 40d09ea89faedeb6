// Gives the focus to stops in turn and names those that then lie outside the window or under something else.
// Of the hundreds on a page, forty evenly apart are enough.
const stops = [...document.querySelectorAll("a[href], button, summary, input, select, textarea, [tabindex='0']")];
const frame = () => new Promise(requestAnimationFrame);
const hidden = (element) => {
  const box = [...element.getClientRects()].find(({ width, height }) => width && height);
  if (!box) return true;
  const x = Math.min(box.left + box.width / 2, innerWidth - 1);
  const y = Math.min(Math.max(box.top, 0) + Math.min(box.height, innerHeight - Math.max(box.top, 0)) / 2, innerHeight - 1);
  const above = document.elementFromPoint(x, y);
  return !(above && (element.contains(above) || above.contains(element)));
};
return (async () => {
  const faults = [];
  const seen = stops.filter((element) => element.checkVisibility({ checkVisibilityCSS: true }));
  const step = Math.ceil(seen.length / 40);
  for (const stop of seen.filter((_, i) => i % step === 0)) {
    stop.focus({ focusVisible: true });
    await frame();
    await frame();
    if (hidden(stop)) faults.push(stop.outerHTML.slice(0, 120));
  }
  return faults;
})();
