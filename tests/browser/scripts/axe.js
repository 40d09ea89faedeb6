// What axe-core, already loaded, finds against the rules with some tags: rule, place and what to mend.
const options = { runOnly: { type: "tag", values: arguments[0] }, resultTypes: ["violations"] };
return axe.run(document, options).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`)
  )
);
