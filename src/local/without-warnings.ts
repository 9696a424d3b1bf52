/** Takes up something of Node's that warns of being experimental, which is not for the user to read. */
export function withoutWarnings<Result>(work: () => Result): Result {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
