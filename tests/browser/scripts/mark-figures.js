// Writes a word at the top left and the bottom right of each figure, so that a print tells where both have come out.
const figures = [...document.querySelectorAll("figure")].filter((figure) => figure.checkVisibility());
figures.forEach((figure, i) => {
  figure.style.position = "relative";
  for (const [word, corner] of [["HEAD", "top: 0; left: 0"], ["FOOT", "bottom: 0; right: 0"]]) {
    const mark = document.createElement("span");
    mark.textContent = `${word}${i}END`;
    mark.style.cssText = `position: absolute; ${corner}; font: 6px monospace; line-height: 1`;
    figure.append(mark);
  }
});
return figures.length;
