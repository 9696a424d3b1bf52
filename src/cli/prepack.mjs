/** Stops `npm pack` and `npm publish` of the repository itself. */
console.error("Run npm run package, and publish the tarball that it writes.");
process.exit(1);
