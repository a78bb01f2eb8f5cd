// The board's entry: the frame around every page, and which page it is.
import { Component, render, type ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { KNOWN_BOARD } from "./model/board";
import { path, useAnswer } from "./board/api";
import { ComparePage } from "./board/compare";
import { Keys } from "./board/keys";
import { useLink } from "./board/live";
import { href, scrollBack, start, useRoute, wasFollowed, type Route } from "./board/route";
import { RunPage } from "./board/run";
import { Studies } from "./board/studies";
import { StudyPage } from "./board/study";
import type { Theme } from "./charts/palette";
import { ColourChoice, useColours } from "./views/theme";
import "./style.css";
import "./board.css";

interface StoreAnswer { ordo_board: number; program: string; folder: string }

const LINK = { connecting: "connecting", live: "live", lost: "connection lost, trying again" };

function Connection() {
  const link = useLink();
  return (
    <span class={`link ${link}`} role="status">
      <svg width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true">
        {link === "live" ? <circle r="4.5" /> : <path d="M-4-4 4 4M4-4-4 4" />}
      </svg>
      {LINK[link]}
    </span>
  );
}

function Page({ route, theme }: { route: Route; theme: Theme }) {
  if (route.page === "") return <Studies />;
  if (route.page === "study" && route.name) return <StudyPage key={route.name} name={route.name} theme={theme} />;
  if (route.page === "run" && route.name) return <RunPage key={route.name} id={route.name} theme={theme} />;
  if (route.page === "compare") return <ComparePage theme={theme} />;
  return <><h1 tabIndex={-1}>No such page</h1><p>The address names no page of the board. <a href={href("")}>All studies</a></p></>;
}

/** A fault in one page leaves the frame, and with it the way out. */
class Guard extends Component<{ children: ComponentChildren }, { error: Error | null }> {
  override state = { error: null };
  override componentDidCatch(error: Error) { this.setState({ error }); }
  override render() {
    const error: Error | null = this.state.error;
    if (!error) return this.props.children;
    return <div class="notice" role="alert"><h1 tabIndex={-1}>This page can't be shown</h1><p>{(error as Error).message}</p></div>;
  }
}

/** A new page begins at its top, with its title in focus; going back ends where one was. */
function useArrival(route: Route) {
  const first = useRef(true);
  useEffect(() => {
    const followed = wasFollowed();
    if (first.current) {
      first.current = false;
      return;
    }
    if (route.section) return;
    if (followed) {
      scrollTo({ top: 0, behavior: "instant" });
      document.getElementById("main")?.focus({ preventScroll: true });
    } else {
      scrollBack();
    }
  }, [route]);
}

function Board() {
  const route = useRoute();
  const colours = useColours("ordo:colours");
  const store = useAnswer<StoreAnswer>(path("store"));
  useArrival(route);
  const newer = (store.data?.ordo_board ?? 0) > KNOWN_BOARD;
  const here = (page: string) => (route.page === page ? "page" : undefined);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to the content</a>
      <header class="frame">
        <nav aria-label="Board">
          <a class="brand" href={href("")} aria-current={here("")}>Ordo</a>
          <a href={href("")} aria-current={here("")}>Studies</a>
          <a href={href("compare")} aria-current={here("compare")}>Compare</a>
        </nav>
        <div class="tools"><Connection /><Keys /><ColourChoice colours={colours} /></div>
      </header>
      <main id="main" tabIndex={-1}>
        {newer ? <p class="notice" role="alert">The server is newer than this page. Reload it.</p>
          : <Guard key={`${route.page}/${route.name}`}><Page route={route} theme={colours.theme} /></Guard>}
      </main>
      <footer class="faint">{store.data && <>{store.data.program} · <code>{store.data.folder}</code></>}</footer>
    </>
  );
}

start();
render(<Board />, document.getElementById("app")!);
