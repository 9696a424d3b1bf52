import { Link } from "wouter-preact";
import { plural } from "../format.ts";
import { hrefOf } from "../location.ts";
import { session } from "../session.ts";
import { usePolling } from "../parts/polling.ts";
import { activeFaults, countFaults } from "./active.ts";

/** Warns in the header that responses are altered. It has a fixed place, so that the page does not move. */
export function Banner() {
  const { current } = session.value;
  usePolling(() => void countFaults(), [current?.key]);
  if (activeFaults.value === 0 || !current) return null;
  return (
    <span role="status">
      <Link class="banner" href={hrefOf("faults")}>
        {plural(activeFaults.value, "active fault")}
      </Link>
    </span>
  );
}
