"""The Library view: the indexes, adding papers to them, the models, and whether everything is well."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from rag.additions import add_papers
from rag.doctor import examine
from rag.errors import SidereusError, UsageError, of_system
from rag.index.folders import existing, folder, fresh_name, manifests, size
from rag.index.manifest import Manifest
from rag.index.undo import take_back
from rag.models import choice, store
from rag.sources import Source, open_source
from rag.sources.preview import preview
from rag.work import Work
from ui.web.shared import Shared, told
from ui.web.shown import plain
from ui.web.uploads import keep
from ui.web.views import IN_TURN, message, problem_html, text, wire
from ui.web.views.library_markup import (
    findings_html,
    indexes_html,
    models_html,
    preview_html,
    progress_html,
    report_html,
    taken_back_html,
)

ENDINGS = [".json", ".jsonl", ".gz", ".zst", ".bib", ".bibtex", ".ris", ".csv", ".tsv", ".parquet"]
STARTER = "starter"

Update = dict[Any, Any]


@dataclass(frozen=True)
class Parts:
    """The components of the view that change."""

    indexes: gr.Markdown
    facts: gr.Markdown
    name: gr.Dropdown
    file: gr.File
    progress: gr.Markdown
    models: gr.Markdown
    findings: gr.Markdown


def build(shared: Shared) -> None:
    """Make the view's components and connect them."""
    with gr.Column(elem_id="library-view"):
        plain('<h1>Library</h1><p class="lead">What can be asked and searched, and what it runs on.</p>')
        indexes = plain(elem_id="library-indexes")
        plain(
            '<div class="years"><div class="bars" id="library-bars"></div><p class="ends"></p></div>',
            sanitize_html=False,
        )
        plain("<h2>Add papers</h2>")
        with gr.Row(elem_id="library-add"):
            name = gr.Dropdown(
                [], label="Into this index: a new one unless you choose another", allow_custom_value=True
            )
            file = gr.File(label=f"From a file ({', '.join(ENDINGS)})", height=110, elem_id="library-drop")
        with gr.Row(elem_id="library-go"):
            add = gr.Button("Add the file", elem_id="library-file", elem_classes="main")
            starter = gr.Button("Add the starter collection", elem_id="library-starter", elem_classes="quiet")
        progress = plain(elem_id="library-progress")
        plain("<h2>Models</h2>")
        models = plain(elem_id="library-models")
        plain("<h2>Is everything well?</h2>")
        look = gr.Button("Check the installation", elem_id="library-look", elem_classes="quiet")
        findings = plain(elem_id="library-findings")
        opened, said = wire("library-opened"), wire("library-said")
        facts = plain(elem_id="library-facts", visible="hidden")
    parts = Parts(indexes, facts, name, file, progress, models, findings)
    view = LibraryView(shared, parts)
    outputs = [indexes, facts, name, models, progress, shared.news]
    opened.change(view.open, [opened, shared.index], outputs, **IN_TURN)
    shared.index.change(view.open, [opened, shared.index], outputs, **IN_TURN)
    said.change(view.do, [said, shared.index], [shared.index, *outputs], **IN_TURN)
    file.upload(view.look_at, [file, name], [progress, name], **IN_TURN)
    file.clear(lambda: "", outputs=[progress], **IN_TURN)
    add.click(view.add_file, [name, file, shared.index], [*outputs, file], **IN_TURN)
    starter.click(view.add_starter, [name, shared.index], [*outputs, file], **IN_TURN)
    look.click(view.examine, outputs=[findings], **IN_TURN)


@dataclass
class LibraryView:
    """Does what is asked for in the view. Papers are added by one person at a time, and all see how far it is."""

    shared: Shared
    parts: Parts
    _adding: Work[Manifest] | None = None
    _beginning: threading.Lock = field(default_factory=threading.Lock)

    def open(self, opened: str, index: str) -> Iterator[Update]:
        """The whole view, once it has been looked at, and how far papers are being added."""
        if not opened:
            return
        yield self._overview(index)
        if self._adding and self._adding.running:
            yield from self._watched(self._adding, index)

    def do(self, said: str, index: str) -> Update:
        """Another index for this browser tab, or an addition taken back."""
        wanted = message(said)
        if name := text(wanted, "undo", 64):
            return self._take_back(name, index)
        name = text(wanted, "open", 64)
        return {self.shared.index: name} if name in self.shared.sessions.names() else {self.parts.facts: gr.skip()}

    def _take_back(self, name: str, index: str) -> Update:
        sessions = self.shared.sessions
        if self._adding and self._adding.running:
            return {self.parts.progress: problem_html("Papers are being added: wait until that is done.")}
        try:
            if name == sessions.default and len(sessions.of(name).manifest.runs) == 1:
                raise UsageError(f"{name} is the index in use and would be gone: start with another one first.")
            before = take_back(sessions.first.settings.indexes, name)
        except SidereusError as error:
            return {self.parts.progress: problem_html(str(error))}
        gone = before is None and name == index
        here = "" if gone else index
        told = taken_back_html(name, before)
        news = {self.parts.progress: told, self.shared.news: time.monotonic()}
        return {**({self.shared.index: sessions.default} if gone else {}), **self._overview(here), **news}

    def add_file(self, name: str | None, file: str | None, index: str) -> Iterator[Update]:
        """Add the papers of an uploaded file, which is kept so that the index can be brought up to date with it."""
        try:
            if not file:
                raise UsageError("There is no file yet: choose one, or drop it into the box.")
            into = self._into(name, Path(file))
            folder(self.shared.sessions.first.settings.indexes, into)
            preview(open_source(file))  # what holds nothing is told before anything is made
            source = open_source(str(keep(self.shared.sessions.first.settings.state, Path(file))))
        except SidereusError as error:
            yield {self.parts.progress: problem_html(str(error))}
            return
        except OSError as error:
            yield {self.parts.progress: problem_html(str(of_system(error)))}
            return
        yield {self.parts.file: None}
        yield from self._added(into, source, index)

    def look_at(self, file: str, name: str | None) -> Update:
        """What was understood of an uploaded file, and a new index for it unless another was named."""
        try:
            seen = preview(open_source(file))
        except SidereusError as error:
            return {self.parts.progress: problem_html(str(error))}
        except OSError as error:
            return {self.parts.progress: problem_html(str(of_system(error)))}
        into = self._into(name, Path(file))
        there = into in existing(self.shared.sessions.first.settings.indexes)
        return {self.parts.progress: preview_html(seen, into, there), self.parts.name: into}

    def add_starter(self, name: str | None, index: str) -> Iterator[Update]:
        """Add the papers that come with Sidereus."""
        yield from self._added((name or "").strip() or STARTER, open_source(STARTER), index)

    def examine(self) -> Iterator[str]:
        """What the doctor finds, as it finds it."""
        found = []
        for finding in examine(self.shared.sessions.first.settings):
            found.append(finding)
            yield findings_html(found, ended=False)
        yield findings_html(found, ended=True)

    def _added(self, into: str, source: Source, index: str) -> Iterator[Update]:
        try:
            folder(self.shared.sessions.first.settings.indexes, into)
        except SidereusError as error:
            yield {self.parts.progress: problem_html(str(error))}
            return
        with self._beginning:
            if self._adding and self._adding.running:
                yield {self.parts.progress: problem_html("Papers are being added already: wait until that is done.")}
                return
            self._adding = Work(lambda progress: add_papers(self.shared.sessions, into, source, progress))
        yield from self._watched(self._adding, index)

    def _into(self, name: str | None, file: Path) -> str:
        """The name of the index to add to, a new one unless it was named."""
        return (name or "").strip() or fresh_name(file, existing(self.shared.sessions.first.settings.indexes))

    def _watched(self, adding: Work[Manifest], index: str) -> Iterator[Update]:
        yield {self.parts.progress: progress_html(adding)}
        for _ in adding.watch():
            yield {self.parts.progress: progress_html(adding)}
        try:
            report = report_html(adding.result())
        except SidereusError as error:
            yield {self.parts.progress: problem_html(str(error))}
            return
        yield {**self._overview(index), self.parts.progress: report, self.shared.news: time.monotonic()}

    def _overview(self, index: str) -> Update:
        settings = self.shared.sessions.first.settings
        try:
            session = self.shared.session(index)
            session.refresh()
            years, categories = session.index.content.counts()
        except SidereusError as error:
            return {self.parts.indexes: problem_html(str(error))}
        found = manifests(settings.indexes)
        sizes = {m.name: size(folder(settings.indexes, m.name)) for m in found if isinstance(m, Manifest)}
        used = {*choice.in_use(settings), session.manifest.model, session.llm_model.name}
        known = choice.known(settings)
        here = {model.name for model in known if store.present(settings.models, model)}
        current = session.manifest.name
        return {
            self.parts.indexes: indexes_html(found, sizes, current, categories),
            self.parts.facts: told({"index": current, "years": years, "span": [min(years), max(years)]}),
            self.parts.name: gr.update(choices=list(sizes), value=""),
            self.parts.models: models_html(known, here, used),
        }
