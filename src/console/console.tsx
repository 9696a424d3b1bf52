import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Environments } from "./environments.tsx";
import { Banner, Faults } from "./faults.tsx";
import { Start } from "./first-step.tsx";
import { KEYS, onHelpKey } from "./keyboard.ts";
import { Orders } from "./orders.tsx";
import { Asked, Dialog, Notice } from "./parts.tsx";
import { Requests } from "./requests.tsx";
import { Link, pathOf, usePlace, type Place } from "./route.tsx";
import { localKey, refuseKey, session, useKey } from "./session.ts";
import { useStore } from "./store.ts";

const SCREENS: [
  screen: string,
  title: string,
  Screen: (props: { place: Place }) => preact.JSX.Element,
][] = [
  ["requests", "Requests", Requests],
  ["orders", "Orders", Orders],
  ["faults", "Faults", Faults],
  ["environments", "Environments", Environments],
  ["start", "First step", Start],
];

function Console() {
  const place = usePlace();
  const { current } = useStore(session);
  const [showsKeys, setShowsKeys] = useState(false);
  useEffect(() => onHelpKey(() => setShowsKeys(true)), []);
  const shown = SCREENS.find(([screen]) => screen === place.screen);
  const title = shown?.[1] ?? "Nothing here";
  useEffect(() => {
    document.querySelector('nav [aria-current="page"]')?.scrollIntoView({ inline: "nearest" });
    document.title = `${place.id ? `${place.id} · ` : ""}${title} · Orders Sandbox`;
  }, [title, place.id]);
  return (
    <>
      <header>
        <Link class="name" to={pathOf("requests")}>
          Orders Sandbox
        </Link>
        <nav aria-label="Console">
          {SCREENS.map(([screen, label]) => (
            <Link
              key={screen}
              to={pathOf(screen)}
              aria-current={screen === place.screen ? "page" : undefined}
            >
              {label}
            </Link>
          ))}
          <a href="/docs">Reference</a>
        </nav>
        {current && (
          <div class="row who">
            <span class="quiet" title="The environment that is shown">
              {current.name ?? `key …${current.key.slice(-4)}`}
            </span>
            <button type="button" onClick={() => refuseKey(current.key, "")}>
              Other key
            </button>
            <button
              type="button"
              aria-label="Keys of the keyboard"
              onClick={() => setShowsKeys(true)}
            >
              ?
            </button>
          </div>
        )}
      </header>
      <Banner />
      <main>
        {!current ? (
          <KeyForm />
        ) : shown ? (
          // Another key is another dataset: nothing of the one before stays on the screen.
          <Content key={current.key} place={place} screen={shown} />
        ) : (
          <section class="page">
            <h1>Nothing here</h1>
            <p>
              The console has no page at this address. <Link to={pathOf("requests")}>Requests</Link>
            </p>
          </section>
        )}
      </main>
      <Notice />
      <Asked />
      {showsKeys && (
        <Dialog title="Keys" onClose={() => setShowsKeys(false)}>
          <dl class="keys">
            {KEYS.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <div class="row end">
            <button type="button" onClick={() => setShowsKeys(false)}>
              Done
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

interface ContentProps {
  place: Place;
  screen: (typeof SCREENS)[number];
}

function Content({ place, screen: [name, , Screen] }: ContentProps) {
  return <Screen key={name} place={place} />;
}

function KeyForm() {
  const { refusal } = useStore(session);
  const [key, setKey] = useState(localKey);
  const enter = (event: Event) => {
    event.preventDefault();
    if (key.trim()) useKey({ key: key.trim() });
  };
  return (
    <section class="page" aria-label="Key">
      <h1>Your key</h1>
      {refusal && (
        <div class="failure" role="alert">
          <strong>The key was refused</strong>
          <span>{refusal}</span>
        </div>
      )}
      <p>
        The console shows what was sent with a key, and needs that key. It is kept in this tab
        alone, and is gone with it.
      </p>
      <form class="sentence" onSubmit={enter}>
        <label>
          <span>API key</span>
          <input
            type="password"
            name="key"
            placeholder="test_…"
            value={key}
            required
            autocomplete="off"
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Show
        </button>
      </form>
      <p class="quiet">Whoever runs the sandbox has a key for you.</p>
    </section>
  );
}

render(<Console />, document.getElementById("console")!);
