"""arXiv over OAI-PMH: full and incremental harvests from a server with all of arXiv's habits."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from arxiv_server import BILLION_LAUGHS, HABITS, OAI_HABITS, ArxivServer, Asked, articles
from quick import QuickEmbedder, build_index, contents, update_index

from rag.errors import SourceProblem, UsageError
from rag.papers import Paper
from rag.settings import Settings
from rag.sources import Gone, ReadReport, fetcher, open_source, papers
from rag.sources.oai import OaiSet, fault, set_spec

PAUSE = 0.01


@pytest.fixture
def arxiv() -> Iterator[ArxivServer]:
    """A server with a few hundred papers."""
    with ArxivServer(articles(600), page=100, retry_after="0") as server:
        yield server


@pytest.fixture
def settings(arxiv: ArxivServer, tmp_path: Path) -> Settings:
    """Settings that lead to that server."""
    return settings_for(arxiv, tmp_path)


def settings_for(arxiv: ArxivServer, home: Path, pause: float = PAUSE) -> Settings:
    """Settings that lead to a server."""
    return Settings(home=home, arxiv_url=arxiv.api, oai_url=arxiv.oai, arxiv_pause=pause)


def read(settings: Settings, spec: str = "oai:astro-ph.EP") -> tuple[list[Paper], ReadReport]:
    """The papers of a full harvest."""
    report = ReadReport()
    return list(papers(open_source(spec, settings), report)), report


def tokens(asked: list[Asked]) -> list[str]:
    """The tokens of the answered requests."""
    return [one.fields.get("resumptionToken", "") for one in asked]


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("astro-ph", "physics:astro-ph"),
        ("astro-ph.EP", "physics:astro-ph:EP"),
        ("gr-qc", "physics:gr-qc"),
        ("cs", "cs"),
        ("cs.LG", "cs:cs:LG"),
        ("math:math:NT", "math:math:NT"),
    ],
)
def test_a_set_is_named_as_people_name_it(name: str, spec: str) -> None:
    assert set_spec(name) == spec


def test_a_full_harvest_gives_every_paper_with_what_arxiv_knows_of_it(arxiv: ArxivServer, settings: Settings) -> None:
    arxiv.change(arxiv.articles[7].id, version=3)
    found, report = read(settings)
    assert {paper.id for paper in found} == {article.id for article in arxiv.articles}
    assert (len(found), report.skipped) == (600, 0)
    paper = next(paper for paper in found if paper.id == arxiv.articles[7].id)
    assert (paper.version, paper.year, paper.categories) == (3, 2015, ("astro-ph.EP",))
    assert paper.authors == ("Ada Example", "Björn Muster")
    assert paper.abstract == arxiv.articles[7].abstract


@pytest.mark.parametrize("habit", [*HABITS, *OAI_HABITS])
@pytest.mark.parametrize("at", [0, 2])
def test_whatever_happens_to_a_page_the_harvest_ends_with_exactly_the_right_papers(
    arxiv: ArxivServer, settings: Settings, habit: str, at: int
) -> None:
    arxiv.habits = deque([*[""] * at, habit])
    found, report = read(settings)
    assert {paper.id: paper.abstract for paper in found}.keys() == {article.id for article in arxiv.articles}
    assert report.skipped == (habit == "broken")
    assert habit in [asked.habit for asked in arxiv.log]


def test_requests_are_paced_one_at_a_time_and_say_who_asks(arxiv: ArxivServer, tmp_path: Path) -> None:
    arxiv.seconds, arxiv.habits = 0.05, deque(["", "429", "", "503"])
    read(settings_for(arxiv, tmp_path, pause=0.2))
    read(settings_for(arxiv, tmp_path, pause=0.2), "oai:physics:astro-ph")  # another source keeps the pause too
    assert len(arxiv.log) == 14
    assert min(arxiv.starts()) >= 0.2
    assert {asked.agent.split("/")[0] for asked in arxiv.log} == {"Sidereus"}


def test_the_pause_asked_for_is_kept(arxiv: ArxivServer, settings: Settings) -> None:
    arxiv.habits, arxiv.retry_after = deque(["503"]), "1"
    read(settings)
    assert arxiv.starts()[0] >= 1


def test_one_that_asks_for_hours_is_obeyed_by_leaving(arxiv: ArxivServer, settings: Settings) -> None:
    arxiv.habits, arxiv.retry_after = deque(["503"]), "7200"
    with pytest.raises(SourceProblem, match=r"come back in 2:00:00"):
        read(settings)
    assert len(arxiv.log) == 1


def test_a_fault_that_stays_ends_the_harvest_with_a_sentence(arxiv: ArxivServer, settings: Settings) -> None:
    arxiv.habits = deque(["", *["rate"] * 50])
    with pytest.raises(SourceProblem, match=r"'Rate exceeded\.'.*goes on from where it is"):
        read(settings)
    assert len(arxiv.log) == 1 + fetcher.TRIES


def test_waits_grow_and_are_told(arxiv: ArxivServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "TOLD_FROM_SECONDS", 0.0)
    arxiv.habits = deque(["429"] * 4)
    told: list[str] = []
    list(open_source("oai:astro-ph", settings, notice=told.append).pages(ReadReport()))
    assert len(told) == 4
    assert "429" in told[0]
    assert arxiv.starts()[3] >= 8 * PAUSE * 0.75


def test_without_a_server_there_is_a_sentence_soon(settings: Settings) -> None:
    gone = settings.model_copy(update={"oai_url": "http://127.0.0.1:9/oai"})
    with pytest.raises(SourceProblem, match="no connection"):
        read(gone)


def test_a_server_that_says_nothing_is_given_up(
    arxiv: ArxivServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(fetcher, "TRIES", 2)
    arxiv.habits = deque(["hang", "hang"])
    with pytest.raises(SourceProblem, match="did not answer in time"):
        read(settings)


def test_bombs_are_never_unpacked(arxiv: ArxivServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "TRIES", 2)
    arxiv.habits = deque(["xml bomb", "xml bomb"])
    with pytest.raises(SourceProblem, match="entity nesting"):
        read(settings)
    arxiv.habits = deque(["gzip bomb"])
    with pytest.raises(SourceProblem, match="longer than 64 MiB"):
        read(settings)


def test_what_is_no_page_is_told_from_one() -> None:
    assert "entity nesting" in str(fault(BILLION_LAUGHS.encode()))
    assert "document type" in str(fault(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'))
    assert "no OAI-PMH" in str(fault(b"<feed/>"))
    assert "no XML" in str(fault(b""))


@pytest.mark.parametrize("spec", ["oai:astro-phi", "oai:nonsense", "oai:physics:astro-ph:XX"])
def test_an_unknown_set_is_one_sentence(settings: Settings, spec: str) -> None:
    with pytest.raises(UsageError, match="name one such as 'oai:astro-ph'"):
        read(settings, spec)


@pytest.mark.parametrize("spec", ["oai:", "arxiv:", "arxiv:  "])
def test_a_source_without_a_name_is_refused(settings: Settings, spec: str) -> None:
    with pytest.raises(UsageError, match="names nothing"):
        open_source(spec, settings)


@pytest.mark.parametrize("spec", ["oai:astro-ph", "arxiv:cat:astro-ph"])
def test_offline_means_no_request(arxiv: ArxivServer, settings: Settings, spec: str) -> None:
    with pytest.raises(UsageError, match="--offline"):
        open_source(spec, settings.model_copy(update={"offline": True}))
    assert arxiv.log == []


# Cursors


def test_a_harvest_goes_on_from_any_page_with_what_is_left(arxiv: ArxivServer, settings: Settings) -> None:
    pages = list(open_source("oai:astro-ph", settings).pages(ReadReport()))
    assert len(pages) == 6
    for number, page in enumerate(pages[:-1]):
        rest = list(open_source("oai:astro-ph", settings).pages(ReadReport(), page.cursor))
        assert [one.entries for one in rest] == [one.entries for one in pages[number + 1 :]]


def test_an_expired_token_is_renewed_without_reading_all_again(arxiv: ArxivServer, settings: Settings) -> None:
    pages = list(open_source("oai:astro-ph", settings).pages(ReadReport()))
    arxiv.log.clear()
    arxiv.generation += 1
    rest = list(open_source("oai:astro-ph", settings).pages(ReadReport(), pages[3].cursor))
    assert len(arxiv.log) <= 4
    assert {entry.id for page in [*pages[:4], *rest] for entry in page.entries} == {a.id for a in arxiv.articles}
    assert rest[-1].cursor == {"from": arxiv.today}


def test_after_the_last_page_only_what_changed_since_is_asked_for(arxiv: ArxivServer, settings: Settings) -> None:
    *_, last = open_source("oai:astro-ph", settings).pages(ReadReport())
    arxiv.log.clear()
    assert list(open_source("oai:astro-ph", settings).pages(ReadReport(), last.cursor)) == []
    new, gone = arxiv.articles[5], arxiv.articles[9]
    arxiv.change(new.id, datestamp="2026-11-21", version=2)
    arxiv.change(gone.id, datestamp="2026-11-22", deleted=True)
    arxiv.today = "2026-11-23"
    (page,) = open_source("oai:astro-ph", settings).pages(ReadReport(), last.cursor)
    paper, deleted = page.entries
    assert isinstance(paper, Paper)
    assert (paper.id, paper.version, deleted) == (new.id, 2, Gone(gone.id))
    assert page.cursor == {"from": "2026-11-23"}
    assert [asked.fields.get("from") for asked in arxiv.log] == ["2026-11-20"] * 2


def test_how_many_there_are_is_known_after_one_request(arxiv: ArxivServer, settings: Settings) -> None:
    assert open_source("oai:astro-ph", settings).count() == 600
    assert len(arxiv.log) == 1
    arxiv.tells_size = False
    assert open_source("oai:astro-ph", settings).count() is None


# Indexes of a harvest


def test_an_index_follows_its_set(arxiv: ArxivServer, settings: Settings) -> None:
    build_index(settings, "mine", "oai:astro-ph")
    replaced, deleted, edited = arxiv.articles[3], arxiv.articles[4], arxiv.articles[5]
    arxiv.change(replaced.id, version=2, title="Better light curve", datestamp="2026-11-21")
    arxiv.change(deleted.id, deleted=True, datestamp="2026-11-21")
    arxiv.change(edited.id, authors=("Cara New",), datestamp="2026-11-21")
    fresh = articles(610)[600:]
    arxiv.articles += fresh
    for article in fresh:
        arxiv.change(article.id, datestamp="2026-11-21")
    embedder = QuickEmbedder()
    run = update_index(settings, "mine", embedder).runs[-1]
    assert (run.what, run.added, run.changed, run.removed) == ("update", 10, 2, 1)
    assert len(embedder.embedded) == 12
    found = contents(settings, "mine")
    assert found.keys() == {article.id for article in arxiv.articles} - {deleted.id}
    assert found[replaced.id].title == "Better light curve"
    assert found[edited.id].authors == ("Cara New",)

    again = update_index(settings, "mine", embedder).runs[-1]
    assert (again.added, again.changed, again.removed) == (0, 0, 0)
    assert len(embedder.embedded) == 12


def test_a_harvest_of_5000_with_every_fault_has_exactly_the_right_papers(tmp_path: Path) -> None:
    with ArxivServer(articles(5000), page=250, retry_after="1", seconds=0.005) as arxiv:
        arxiv.change(arxiv.articles[77].id, deleted=True)
        habits = [*HABITS, *OAI_HABITS]
        arxiv.habits = deque(habit for name in habits for habit in (name, ""))
        settings = settings_for(arxiv, tmp_path, pause=0.02)
        embedder = QuickEmbedder()
        run = build_index(settings, "all", "oai:astro-ph", embedder=embedder).runs[-1]
        assert not arxiv.habits
        assert contents(settings, "all").keys() == {a.id for a in arxiv.articles if not a.deleted}
        assert len(embedder.embedded) == len(set(embedder.embedded)) == 4999
        assert (run.added, run.skipped) == (4999, 1)
        assert min(arxiv.starts()) >= 0.02
        # A token is asked for again only when its page did not come.
        answered = [asked for asked in arxiv.log if asked.habit in ("", "gzip", "control", "broken")]
        assert len(tokens(answered)) - len(set(tokens(answered))) <= 1


def test_a_failed_update_leaves_the_index_and_is_on_record(arxiv: ArxivServer, settings: Settings) -> None:
    build_index(settings, "mine", "oai:astro-ph")
    arxiv.habits = deque(["teapot"])
    with pytest.raises(SourceProblem, match="418"):
        update_index(settings, "mine")
    assert len(contents(settings, "mine")) == 600
    runs = update_index(settings, "mine").runs
    assert [run.what for run in runs] == ["build", "update", "update"]
    assert "418" in str(runs[1].failure)
    assert runs[2].failure is None


def listed(first: int, token: str, size: int = 6) -> bytes:
    """A page of two records, with the token of the next."""
    records = "".join(
        f"<record><header><identifier>oai:arXiv.org:2201.9{n:04}</identifier><datestamp>2022-01-0{n}</datestamp></header>"
        f'<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2201.9{n:04}</id><title>Quill {n}</title>'
        "<authors>A. Roe</authors><categories>astro-ph.GA</categories><abstract>Text.</abstract></arXivRaw></metadata>"
        "</record>"
        for n in (first, first + 1)
    )
    return (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2022-02-01T00:00:00Z</responseDate>'
        f'<ListRecords>{records}<resumptionToken completeListSize="{size}">{token}</resumptionToken></ListRecords>'
        "</OAI-PMH>"
    ).encode()


class Archive:
    """Hands out pages in their order, and then the last one again and again."""

    def __init__(self, *pages: bytes) -> None:
        self.pages, self.asked = list(pages), 0

    def fetch(self, url: str, check: object) -> bytes:
        """The next page."""
        self.asked += 1
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]


def test_a_list_that_goes_in_a_circle_ends_with_a_sentence() -> None:
    archive = Archive(listed(1, "t1"), listed(3, "t2"))
    source = OaiSet("astro-ph", "http://127.0.0.1:9/oai", archive)  # type: ignore[arg-type]
    with pytest.raises(SourceProblem, match="repeats its own resumption tokens"):
        list(source.pages(ReadReport()))
    assert archive.asked < 30


def test_a_list_that_ends_too_soon_is_told_and_asked_for_again() -> None:
    archive = Archive(listed(1, "t1"), listed(3, ""))
    report = ReadReport()
    *_, last = OaiSet("astro-ph", "http://127.0.0.1:9/oai", archive).pages(report)  # type: ignore[arg-type]
    assert (last.cursor, len(last.entries)) == ({}, 2)
    assert "announced 6 records and sent 4" in report.notes[0]
    whole = Archive(listed(1, "t1", 4), listed(3, "", 4))
    *_, last = OaiSet("astro-ph", "http://127.0.0.1:9/oai", whole).pages(ReadReport())  # type: ignore[arg-type]
    assert last.cursor == {"from": "2022-02-01"}
