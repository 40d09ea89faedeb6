// The identifiers of a page, and the links that stay within the site, as written.
const outside = /^(https?|mailto|data):/;
return {
  ids: [...document.querySelectorAll("[id]")].map((element) => element.id),
  links: [...document.querySelectorAll("[href]")]
    .map((element) => element.getAttribute("href"))
    .filter((address) => !outside.test(address)),
};
