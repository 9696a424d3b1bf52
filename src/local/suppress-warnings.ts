/** Runs `work` without printing Node's warnings, such as those about experimental features. */
export function suppressWarnings<Result>(work: () => Result): Result {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
