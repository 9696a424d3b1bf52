import { render, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { Environments } from "./environments/environments.tsx";
import { Banner } from "./faults/banner.tsx";
import { Faults } from "./faults/faults.tsx";
import { isChangingKey, KeyForm } from "./key-form.tsx";
import { SHORTCUTS, useShortcut } from "./keyboard.ts";
import { hrefOf, usePlace, type Place } from "./location.ts";
import { Notifications } from "./notifications/notifications.tsx";
import { Orders } from "./orders/orders.tsx";
import { ConfirmDialog, Dialog } from "./parts/dialog.tsx";
import { Toast } from "./parts/feedback.tsx";
import { Readiness } from "./readiness/readiness.tsx";
import { Requests } from "./requests/requests.tsx";
import { session } from "./session.ts";
import { Start } from "./start.tsx";
import { Transactions } from "./transactions/transactions.tsx";

interface Screen {
  title: string;
  Content: (props: { place: Place }) => JSX.Element;
}

const SCREENS = new Map<string, Screen>([
  ["requests", { title: "Requests", Content: Requests }],
  ["orders", { title: "Orders", Content: Orders }],
  ["transactions", { title: "Transactions", Content: Transactions }],
  ["notifications", { title: "Notifications", Content: Notifications }],
  ["faults", { title: "Faults", Content: Faults }],
  ["readiness", { title: "Readiness", Content: Readiness }],
  ["environments", { title: "Environments", Content: Environments }],
  ["start", { title: "First steps", Content: Start }],
]);

function Console() {
  const place = usePlace();
  const { current } = session.value;
  const screen = SCREENS.get(place.screen);
  const title = screen?.title ?? "Not found";
  useEffect(() => {
    document.title = `${place.id ? `${place.id} · ` : ""}${title} · Orders Sandbox`;
  }, [title, place.id]);
  return (
    <>
      <Header place={place} />
      <main>
        {!current || isChangingKey.value ? (
          <KeyForm />
        ) : screen ? (
          // Another key shows another dataset, so no state may survive.
          <screen.Content key={`${place.screen} ${current.key}`} place={place} />
        ) : (
          <NotFound />
        )}
      </main>
      <Toast />
      <ConfirmDialog />
    </>
  );
}

function Header({ place }: { place: Place }) {
  const { current } = session.value;
  return (
    <header>
      <Link class="name" href={hrefOf("requests")}>
        Orders Sandbox
      </Link>
      <nav aria-label="Console">
        {[...SCREENS].map(([screen, { title }]) => (
          <Link
            key={screen}
            href={hrefOf(screen)}
            aria-current={screen === place.screen ? "page" : undefined}
          >
            {title}
          </Link>
        ))}
        <a href="/docs">Reference</a>
      </nav>
      {current && (
        <div class="session">
          {place.screen !== "faults" && <Banner />}
          <span class="quiet" title="The environment that the console shows">
            {current.name ?? `key …${current.key.slice(-4)}`}
          </span>
          <button type="button" onClick={() => (isChangingKey.value = true)}>
            Change key
          </button>
          <Shortcuts />
        </div>
      )}
    </header>
  );
}

function Shortcuts() {
  const [isOpen, setOpen] = useState(false);
  useShortcut("?", () => setOpen(true), []);
  useShortcut("/", () => document.querySelector<HTMLElement>("[data-search]")?.focus(), []);
  return (
    <>
      <button type="button" aria-label="Keyboard shortcuts" onClick={() => setOpen(true)}>
        ?
      </button>
      {isOpen && (
        <Dialog title="Keyboard shortcuts" onClose={() => setOpen(false)}>
          <dl class="shortcuts">
            {SHORTCUTS.map(([key, action]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{action}</dd>
              </div>
            ))}
          </dl>
          <div class="row end">
            <button type="button" onClick={() => setOpen(false)}>
              Close
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function NotFound() {
  return (
    <section class="page">
      <h1>Not found</h1>
      <p>
        The console has no page at this address. Go to{" "}
        <Link href={hrefOf("requests")}>Requests</Link>.
      </p>
    </section>
  );
}

render(<Console />, document.getElementById("console")!);
