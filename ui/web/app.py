"""The page: its views in one frame, and serving it."""

from __future__ import annotations

import logging
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from anyio import CapacityLimiter

from rag.sessions import Sessions
from ui.web import chat
from ui.web.door import LARGEST, Door
from ui.web.handlers import Handlers
from ui.web.origins import Names
from ui.web.server import App, Guarded, listen
from ui.web.shared import Handed, Shared
from ui.web.shown import plain
from ui.web.uploads import DAY, arrivals, forget_unused
from ui.web.views import library, lists, map, search
from ui.web.warming import Warmings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rag.session import Session

STATIC = Path(__file__).parent / "static"
MOST_STATES = 100  # tabs whose state Gradio keeps, some 300 kB each; a conversation does not depend on it


def build(session: Session, warmings: Warmings | None = None) -> gr.Blocks:
    """The page for a session; the first visit warms it unless that was begun before."""
    sessions = Sessions(session)
    with gr.Blocks(title="Sidereus", fill_width=True, analytics_enabled=False, delete_cache=(DAY // 24, DAY)) as page:
        with gr.Column(elem_id="page"):
            frame = chat.frame(session.describe())
            index, about, like = gr.State(""), gr.State(Handed()), gr.State(Handed())
            outbox, news = plain(visible="hidden", elem_id="outbox"), gr.State(0.0)
            with gr.Tabs(selected="chat", elem_id="views") as tabs:
                shared = Shared(sessions, tabs, index, about, like, outbox, news)
                with gr.Tab("Chat", id="chat"):
                    parts = chat.build(session, frame, shared)
                with gr.Tab("Search", id="search"):
                    search.build(shared)
                with gr.Tab("Map", id="map"):
                    map.build(shared)
                with gr.Tab("Lists", id="lists"):
                    lists.build(shared)
                with gr.Tab("Library", id="library"):
                    library.build(shared)
        chat.connect(page, parts, Handlers(shared, warmings or Warmings(), parts))
    page.queue(api_open=False, default_concurrency_limit=chat.TOGETHER)
    # Gradio looks where a file comes from only on a page that was launched, which one that is mounted never is.
    page.has_launched = True
    page.state_session_capacity = MOST_STATES
    page.limiter = CapacityLimiter(chat.THREADS)
    return page


def serve(session: Session, host: str, port: int, auth: tuple[str, str] | None, open_browser: bool) -> None:
    """Serve the page until the process is interrupted. SidereusError when the port is taken."""
    import uvicorn

    listening = listen(host, port)
    warmings = Warmings()
    app = application(session, warmings, host, auth)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    print(f"Sidereus is at {address} (Ctrl-C ends it).", flush=True)
    warmings.of(session).start()
    if open_browser:
        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    # What breaks off because the page ends, in tabs that are still open, is no fault to tell of.
    logging.getLogger("uvicorn.error").addFilter(lambda record: not server.should_exit)
    server.run(sockets=[listening])


def application(session: Session, warmings: Warmings, host: str, auth: tuple[str, str] | None) -> App:
    """The page as a web application, behind its door."""
    uploads = arrivals(session.settings.state)
    forget_unused(session.settings)
    app = mounted(session, warmings, auth)
    return Guarded(Door(app, Names(host, session.settings.names), uploads))


def mounted(session: Session, warmings: Warmings, auth: tuple[str, str] | None) -> FastAPI:
    """The page as Gradio serves it, with nothing before it."""
    from fastapi import FastAPI

    app: FastAPI = gr.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        build(session, warmings),
        path="/",
        auth=auth,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        show_error=False,
        max_file_size=LARGEST,
        enable_monitoring=False,
        favicon_path=str(STATIC / "star.svg"),
        theme=_theme(),
        head=_head(),
    )
    return app


def _head() -> str:
    """The page's own looks and behaviour. Given to Gradio as CSS, every rule would be rewritten."""
    styles, scripts = ("\n".join(path.read_text(encoding="utf-8") for path in _own(ending)) for ending in ("css", "js"))
    return f"<style>{styles}</style><script>{scripts}</script>"


def _own(ending: str) -> list[Path]:
    """The page's own files of a kind: first those that the others build on, then each view's."""
    return sorted(STATIC.glob(f"*.{ending}"), key=lambda path: (path.stem != "page", path.stem))


def _theme() -> gr.themes.Base:
    """Gradio's plainest theme with fonts that it brings along; the colours are in page.css."""
    sans, mono = gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), gr.themes.Font("monospace")
    return gr.themes.Base(font=(sans, gr.themes.Font("sans-serif")), font_mono=(mono,))
