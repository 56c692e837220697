"""arXiv's search API: queries of any size from a server with all of arXiv's habits."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from arxiv_server import API_HABITS, HABITS, Article, ArxivServer, articles
from quick import QuickEmbedder, build_index, contents, update_index

from rag.errors import SourceProblem, UsageError
from rag.papers import Paper
from rag.settings import Settings
from rag.sources import ReadReport, Selection, arxiv_api, fetcher, open_source, papers

QUERY = "arxiv:cat:astro-ph.EP"


@pytest.fixture
def arxiv() -> Iterator[ArxivServer]:
    """A server with a thousand papers."""
    with ArxivServer(articles(1000), retry_after="0") as server:
        yield server


@pytest.fixture
def settings(arxiv: ArxivServer, tmp_path: Path) -> Settings:
    """Settings that lead to that server."""
    return Settings(home=tmp_path, arxiv_url=arxiv.api, oai_url=arxiv.oai, arxiv_pause=0.01)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arxiv_api, "PAGE", 160)


def read(settings: Settings, spec: str = QUERY, wanted: Selection = Selection()) -> tuple[list[Paper], ReadReport]:
    """The papers that a query finds."""
    report = ReadReport()
    return list(papers(open_source(spec, settings, wanted), report)), report


def ids(some: list[Paper] | list[Article]) -> list[str]:
    """Their identifiers."""
    return [one.id for one in some]


def test_a_query_gives_its_papers_newest_first(arxiv: ArxivServer, settings: Settings) -> None:
    arxiv.change(arxiv.articles[-1].id, version=4)
    found, report = read(settings, "arxiv:cat:astro-ph.SR")
    assert ids(found) == ids([a for a in arxiv.articles if "astro-ph.SR" in a.categories][::-1])
    assert report.skipped == 0
    paper = read(settings)[0][0]
    assert (paper.version, paper.year) == (4, arxiv.articles[-1].submitted.year)
    assert paper.authors == ("Ada Example", "Björn Muster")
    assert paper.abstract == arxiv.articles[-1].abstract


@pytest.mark.parametrize("habit", [*HABITS, *API_HABITS])
@pytest.mark.parametrize("at", [0, 3])
def test_whatever_happens_to_a_page_exactly_the_right_papers_come(
    arxiv: ArxivServer, settings: Settings, habit: str, at: int
) -> None:
    arxiv.habits = deque([*[""] * at, habit])
    found, report = read(settings)
    missing = set(ids(arxiv.articles)) - set(ids(found))
    assert len(missing) == report.skipped == (habit == "nameless")
    assert len(found) == len(set(ids(found)))
    assert habit in [asked.habit for asked in arxiv.log]


def test_an_empty_first_page_is_believed_only_when_there_is_nothing(arxiv: ArxivServer, settings: Settings) -> None:
    assert read(settings, "arxiv:cat:q-bio")[0] == []
    assert len(arxiv.log) == 1
    arxiv.habits = deque(["empty", "rate", "empty"])
    assert len(read(settings)[0]) == 1000


def test_a_total_that_shrinks_for_good_ends_the_reading(arxiv: ArxivServer, settings: Settings) -> None:
    arxiv.habits = deque(["more"])
    assert len(read(settings)[0]) == 1000
    assert len(arxiv.log) == 7 + arxiv_api.BELIEVED


def test_more_results_than_the_api_gives_are_asked_in_windows(
    arxiv: ArxivServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arxiv_api, "CEILING", 360)
    arxiv.ceiling = 360
    found, _ = read(settings)
    assert set(ids(found)) == set(ids(arxiv.articles))
    assert max(int(asked.fields["start"]) for asked in arxiv.log) < 360


@pytest.mark.parametrize("query", ["cat:(", "ti:a AND ((b)"])
def test_a_malformed_query_is_one_sentence(settings: Settings, query: str) -> None:
    with pytest.raises(UsageError, match=r"can't read the query \(Incorrect query"):
        read(settings, f"arxiv:{query}")


def test_years_are_asked_for_and_not_sorted_out_later(arxiv: ArxivServer, settings: Settings) -> None:
    found, _ = read(settings, wanted=Selection(since=2016, until=2016))
    assert {paper.year for paper in found} == {2016}
    assert len(arxiv.log) <= len(found) / 160 + 1


def test_a_bomb_or_a_flood_is_refused(arxiv: ArxivServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "TRIES", 2)
    arxiv.habits = deque(["xml bomb"] * 2)
    with pytest.raises(SourceProblem, match="entity nesting"):
        read(settings)
    arxiv.habits = deque(["gzip bomb"])
    with pytest.raises(SourceProblem, match="longer than 64 MiB"):
        read(settings)


def test_reading_goes_on_from_any_page_with_what_is_left(
    arxiv: ArxivServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arxiv_api, "CEILING", 360)
    pages = list(open_source(QUERY, settings).pages(ReadReport()))
    for number in range(0, len(pages) - 1, 3):
        rest = list(open_source(QUERY, settings).pages(ReadReport(), pages[number].cursor))
        assert [one.entries for one in rest] == [one.entries for one in pages[number + 1 :]]


def test_an_update_takes_what_is_new_or_replaced_and_asks_for_little(arxiv: ArxivServer, settings: Settings) -> None:
    build_index(settings, "mine", QUERY)
    arxiv.log.clear()
    now = datetime.now(UTC)
    arxiv.articles += articles(3, now)
    arxiv.change(arxiv.articles[10].id, version=2, title="Replaced", updated=now)
    embedder = QuickEmbedder()
    run = update_index(settings, "mine", embedder).runs[-1]
    assert (run.added, run.changed, len(embedder.embedded)) == (3, 1, 4)
    assert contents(settings, "mine")[arxiv.articles[10].id].title == "Replaced"
    assert len(arxiv.log) == 1


def test_an_update_that_is_too_much_for_the_api_reads_everything_anew(
    arxiv: ArxivServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(settings, "mine", QUERY)
    monkeypatch.setattr(arxiv_api, "CEILING", 320)
    arxiv.ceiling = 320
    now = datetime.now(UTC)
    for article in arxiv.articles[:480]:
        arxiv.change(article.id, version=2, updated=now)
    assert update_index(settings, "mine").runs[-1].changed == 480


def test_a_limit_takes_the_newest_and_the_next_time_the_ones_before(arxiv: ArxivServer, settings: Settings) -> None:
    build_index(settings, "few", QUERY, wanted=Selection(limit=10))
    assert set(contents(settings, "few")) == set(ids(arxiv.articles[-10:]))
    update_index(settings, "few")
    assert set(contents(settings, "few")) == set(ids(arxiv.articles[-20:]))


def test_a_reading_of_5000_with_every_fault_has_exactly_the_right_papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arxiv_api, "PAGE", 200)
    with ArxivServer(articles(5000), retry_after="1", seconds=0.005) as arxiv:
        habits = [*HABITS, "more", "fewer", "short"]
        arxiv.habits = deque(habit for name in habits for habit in (name, ""))
        settings = Settings(home=tmp_path, arxiv_url=arxiv.api, oai_url=arxiv.oai, arxiv_pause=0.02)
        embedder = QuickEmbedder()
        run = build_index(settings, "all", QUERY, embedder=embedder).runs[-1]
        assert len([asked for asked in arxiv.log if asked.habit]) == len(habits)
        assert contents(settings, "all").keys() == set(ids(arxiv.articles))
        assert (run.added, run.skipped, len(embedder.embedded)) == (5000, 0, 5000)
        assert min(arxiv.starts()) >= 0.02
