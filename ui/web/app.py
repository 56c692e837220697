"""The chat page: its components, and serving it."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from ui.web.handlers import Handlers, Parts
from ui.web.server import Guarded, listen
from ui.web.text import MATH_DELIMITERS
from ui.web.turns import Tab
from ui.web.warming import Warming
from ui.web.welcome import header_html, welcome_html

if TYPE_CHECKING:
    from rag.session import Session

STATIC = Path(__file__).parent / "static"
TOGETHER = 20  # questions that may be under way at once; the session lets one at a time write


def build(session: Session, warming: Warming | None = None) -> gr.Blocks:
    """The page for a session; the first visit warms it unless that was begun before."""
    loaded = session.describe()
    examples = session.examples()
    with gr.Blocks(title="Sidereus", fill_width=True, analytics_enabled=False) as page:
        tab = gr.State(Tab())
        with gr.Column(elem_id="page"):
            with gr.Row(elem_id="header"):
                gr.Markdown(header_html(loaded), elem_id="masthead")
                clear = gr.Button("New conversation", elem_id="clear", size="sm", visible=False)
            with gr.Column(elem_id="welcome") as welcome:
                gr.Markdown(welcome_html(loaded))
                with gr.Column(elem_id="examples"):
                    buttons = [gr.Button(example, elem_classes="example") for example in examples]
            with gr.Column(elem_id="conversation", visible=False) as conversation:
                past = _rendered("past")
                with gr.Row(elem_id="now"):
                    exchange = _rendered("exchange")
                    sources = _rendered("sources")
            with gr.Column(elem_id="composer"):
                status = gr.Markdown(elem_id="status")
                box = gr.Textbox(
                    label="Your question",
                    show_label=False,
                    placeholder="Ask the literature",
                    lines=1,
                    max_lines=6,
                    max_length=2000,
                    submit_btn="Ask",
                    autofocus=True,
                    elem_id="box",
                )
                again = gr.Button("Try again", elem_id="again", visible="hidden")
        parts = Parts(tab, welcome, conversation, past, exchange, sources, box, again, clear, status)
        handlers = Handlers(session, warming or Warming(session), parts)
        _connect(page, parts, handlers)
        for button in buttons:
            _answers(button.click, handlers.ask, [button, tab], parts)
    page.queue(api_open=False, default_concurrency_limit=TOGETHER)
    return page


def serve(session: Session, host: str, port: int, auth: tuple[str, str] | None, open_browser: bool) -> None:
    """Serve the page until the process is interrupted. SidereusError when the port is taken."""
    import uvicorn
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    listening = listen(host, port)
    warming = Warming(session)
    app = gr.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        build(session, warming),
        path="/",
        auth=auth,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        show_error=False,
        enable_monitoring=False,
        favicon_path=str(STATIC / "star.svg"),
        theme=_theme(),
        head=_head(),
    )
    if auth is None and ":" not in host:  # a web page elsewhere may not reach in under a name of its own
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[host, "localhost", "127.0.0.1"])
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    print(f"Sidereus is at {address} (Ctrl-C ends it).", flush=True)
    warming.start()
    if open_browser:
        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
    config = uvicorn.Config(Guarded(app), log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listening])


def _connect(page: gr.Blocks, parts: Parts, handlers: Handlers) -> None:
    """Tell each control what it does."""
    _answers(parts.box.submit, handlers.ask, [parts.box, parts.tab], parts)
    _answers(parts.again.click, handlers.again, [parts.tab], parts)
    parts.box.stop(handlers.stop, show_progress="hidden", queue=False, api_visibility="private")
    parts.clear.click(
        handlers.clear, outputs=parts.outputs, show_progress="hidden", queue=False, api_visibility="private"
    )
    page.load(
        handlers.loading,
        outputs=[parts.status],
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )
    page.unload(handlers.stop)


def _answers(event: Callable[..., Any], handler: Callable[..., Any], inputs: list[Any], parts: Parts) -> None:
    """Let an event of a control ask a question."""
    event(
        handler,
        inputs=inputs,
        outputs=parts.outputs,
        show_progress="hidden",
        concurrency_limit=TOGETHER,
        api_visibility="private",
    )


def _rendered(name: str) -> gr.Markdown:
    return gr.Markdown(elem_id=name, latex_delimiters=MATH_DELIMITERS)


def _head() -> str:
    """The page's own look and behaviour. Given to Gradio as CSS, every rule would be rewritten."""
    style, script = ((STATIC / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return f"<style>{style}</style><script>{script}</script>"


def _theme() -> gr.themes.Base:
    """Gradio's plainest theme with fonts that it brings along; the colours are in page.css."""
    sans, mono = gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), gr.themes.Font("monospace")
    return gr.themes.Base(font=(sans, gr.themes.Font("sans-serif")), font_mono=(mono,))
