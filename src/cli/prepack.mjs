/** Comes before `npm pack` and `npm publish` of the repository, which isn't what is to be packed. */
console.error(
  "The package is packed from its build: run npm run package, and publish the tarball.",
);
process.exit(1);
