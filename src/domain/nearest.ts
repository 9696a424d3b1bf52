import { distance } from "fastest-levenshtein";

/**
 * The closest name to a misspelt one, if at most a third of its characters differ. `normalize` maps both to the form
 * that is compared.
 */
export function nearestOf(
  given: string,
  names: Iterable<string>,
  normalize = (name: string) => name,
): string | undefined {
  const wanted = normalize(given);
  let nearest: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const target = normalize(name);
    const changes = distance(wanted, target);
    if (changes >= least || changes > Math.max(1, target.length / 3)) continue;
    nearest = name;
    least = changes;
  }
  return nearest;
}
