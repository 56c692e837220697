"""How scientific text comes out on the page: every abstract of a file drawn in Chromium, and what is wrong there.

Run from the checkout: ``python benchmarks/formulas.py FILE [--limit N] [--picture FOLDER]``. FILE is any source of
papers. Printed are formulas that swallow prose, formulas with an error in red, and abstracts in which TeX's commands
can be read; then the 40 worst, which ``--picture`` also shows as they are drawn. Needs the test extra and a Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from machine import Row, describe, table
from playwright.sync_api import Page, sync_playwright

from rag.papers import Paper
from rag.sources import ReadReport, Selection, open_source, select
from ui.web.app import STATIC
from ui.web.shown import formulas
from ui.web.text import escaped, rich

AT_ONCE = 200  # abstracts on one page
WORST = 40
PATIENCE = 120_000  # milliseconds
# Letters of a formula stand in italics side by side; so many in a row are words that lost their blanks.
LOOK = r"""() => [...document.querySelectorAll("article")].map((article) => {
    const words = article.cloneNode(true);
    words.querySelectorAll(".katex").forEach((formula) => formula.remove());
    const drawn = [...article.querySelectorAll(".katex")];
    const runs = drawn.flatMap((formula) => [...formula.querySelectorAll(".katex-html .mord.mathnormal")]
        .map((letter) => [letter.textContent, letter.previousElementSibling?.matches(".mathnormal") ?? false])
        .reduce((all, [letter, goesOn]) => {
            if (goesOn && all.length) all[all.length - 1] += letter;
            else all.push(letter);
            return all;
        }, []));
    return {
        id: article.id,
        formulas: drawn.length,
        red: article.querySelectorAll(".katex-error, [style*='rgb(204, 0, 0)'], [style*='#cc0000']").length,
        swallowed: runs.filter((run) => run.length >= 12).join(" "),
        macros: (words.textContent.match(/\\[A-Za-z]+|[{}]|\$(?!\s?\d)|[\ue000-\ue003]/g) ?? []).join(" "),
    };
})"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a browser shows of one abstract."""

    id: str
    formulas: int
    red: int
    swallowed: str
    macros: str

    @property
    def badness(self) -> int:
        """How bad it looks; the number of its formulas decides between equals."""
        return 1000 * (100 * self.red + 10 * len(self.swallowed.split()) + len(self.macros.split())) + self.formulas


def main() -> None:
    """Draw all, print a markdown table and the worst."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--picture", type=Path, help="write a picture of the worst into this folder")
    chosen = parser.parse_args()
    papers = list(select(open_source(chosen.file), Selection(category="", limit=chosen.limit), ReadReport()))
    shown: list[Paper] = []
    with sync_playwright() as playwright:
        address = _served(shown)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 800})
        groups = (papers[start : start + AT_ONCE] for start in range(0, len(papers), AT_ONCE))
        seen = [one for group in groups for one in _seen(page, address, shown, group)]
        worst = sorted(seen, key=lambda one: -one.badness)[:WORST]
        if chosen.picture:
            by_id = {paper.id: paper for paper in papers}
            _seen(page, address, shown, [by_id[one.id] for one in worst])
            chosen.picture.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=chosen.picture / "worst.png", full_page=True)
        browser.close()
    print(describe(f"{len(papers):,} abstracts of {Path(chosen.file).name} as the page draws them"))
    print(table(_rows(seen)))
    for one in worst:
        print(f"- {one.id}: {one.formulas} formulas, red {one.red}, swallowed [{one.swallowed}], macros [{one.macros}]")


def _rows(seen: list[Seen]) -> list[Row]:
    macros = sum(bool(one.macros) for one in seen)
    return [
        Row("formulas drawn", f"{sum(one.formulas for one in seen):,}", ""),
        Row("formulas that swallow prose", str(sum(len(one.swallowed.split()) for one in seen)), "0"),
        Row("errors in red", str(sum(one.red for one in seen)), "0"),
        Row("abstracts with visible macros", f"{macros} ({macros / max(len(seen), 1):.3%})", "0.1 %"),
    ]


def _seen(page: Page, address: str, shown: list[Paper], papers: Sequence[Paper]) -> list[Seen]:
    shown[:] = papers
    page.goto(address)
    page.wait_for_selector(f"[id='{papers[-1].id}']", timeout=PATIENCE)
    page.wait_for_timeout(300)
    return [Seen(**one) for one in page.evaluate(LOOK)]


def _served(shown: list[Paper]) -> str:
    """The address of a page of these papers, drawn by the component that draws them in the chat."""
    with gr.Blocks() as blocks, gr.Column(elem_id="page"):
        text = formulas()
        blocks.load(lambda: "".join(map(_article, shown)), outputs=text)
    app = gr.mount_gradio_app(FastAPI(), blocks, path="/", head=f"<style>{(STATIC / 'page.css').read_text()}</style>")
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def _article(paper: Paper) -> str:
    return f'<article id="{escaped(paper.id)}"><h3>{rich(paper.title)}</h3><p>{rich(paper.abstract)}</p></article>'


if __name__ == "__main__":
    main()
