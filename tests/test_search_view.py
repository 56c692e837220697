"""The Search view in a real browser over the starter collection, and the files it exports."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bibtexparser
import pytest
import rispy
from browser import Visit, browser
from playwright.sync_api import Browser, expect
from stand_in import HOSTILE, HUBBLE, PLANCK
from viewing import Observatory, look, observatory, serious
from workbench import new_home

from rag.errors import UsageError
from rag.exports import written
from rag.index.filters import Filters
from rag.index.index import open_index
from rag.papers import Paper
from rag.retrieval.hits import Hit, SearchResult
from rag.retrieval.listing import Listing, Wish, listing
from rag.session import Session
from rag.settings import load_settings
from ui.web.views.search_markup import listing_html

__all__ = ["browser", "observatory"]  # fixtures, used by name

WAVES = "gravitational waves from binary black holes"


@pytest.fixture
def tab(browser: Browser, observatory: Observatory) -> Visit:
    return look(browser, observatory, "Search")


def search(tab: Visit, words: str) -> None:
    tab.page.locator("#find-words").fill(words)
    tab.page.locator("#find-words").press("Enter")
    tab.page.wait_for_selector("#search-results article, #search-results tr")
    tab.page.wait_for_selector("#search-results:not([aria-busy])")


def years(tab: Visit) -> list[int]:
    bylines = tab.page.locator("#search-results .byline").all_inner_texts()
    return [int(match[1]) for line in bylines if (match := re.search(r"· (\d{4})", line))]


def saved(tab: Visit, button: str) -> str:
    with tab.page.expect_download() as download:
        tab.page.locator("#search-view .actions button", has_text=button).click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_a_query_finds_papers_and_its_readings_can_be_taken_back(tab: Visit) -> None:
    search(tab, f"{WAVES} since 2017")
    assert years(tab)
    assert min(years(tab)) >= 2017
    chip = tab.page.locator(".chip", has_text="since 2017")
    chip.click()
    expect(chip).to_have_count(0)
    expect(tab.page.locator("#search-results h3").first).to_be_visible()
    tab.page.wait_for_selector("#search-results:not([aria-busy])")
    assert min(years(tab)) < 2017
    assert tab.errors == []
    assert tab.outside == []


def starter_papers(observatory: Observatory) -> Iterator[tuple[int, Paper]]:
    return open_index(observatory.home / "indexes", "starter").content.all_papers()


def test_filters_narrow_what_is_found_and_stay_in_the_address(tab: Visit, observatory: Observatory) -> None:
    search(tab, "black holes")
    everything = tab.page.locator("#search-results h2").inner_text()
    tab.page.locator("#find-since").focus()
    for _ in range(24):
        tab.page.keyboard.press("ArrowRight")
    expect(tab.page.locator("#find-span")).to_have_text("2016–2025")
    tab.page.wait_for_url("**since=2016*")
    tab.page.wait_for_selector("#search-results:not([aria-busy])")
    expect(tab.page.locator("#search-results h2")).not_to_have_text(everything)
    assert min(years(tab)) >= 2016
    assert tab.page.locator("#find-bars .out").count() == 24
    narrowed = tab.page.locator("#search-results h2").inner_text()
    tab.page.locator("#find-category").select_option("astro-ph.HE")
    tab.page.wait_for_url("**category=astro-ph.HE*")
    tab.page.wait_for_selector("#search-results:not([aria-busy])")
    expect(tab.page.locator("#search-results h2")).not_to_have_text(narrowed)
    of_category = {paper.id for _, paper in starter_papers(observatory) if "astro-ph.HE" in paper.categories}
    assert (
        set(tab.page.locator("#search-results .pick input").evaluate_all("all => all.map(a => a.value)")) <= of_category
    )
    found = tab.page.locator("#search-results h3").all_inner_texts()

    tab.page.reload()
    expect(tab.page.locator("#find-span")).to_have_text("2016–2025")
    expect(tab.page.locator("#search-results h3")).to_have_count(len(found))
    assert tab.page.locator("#search-results h3").all_inner_texts() == found
    tab.page.locator(".reset").click()
    expect(tab.page.locator("#search-results h2")).to_have_text(everything)


def test_an_author_alone_lists_all_papers_newest_first(tab: Visit) -> None:
    tab.page.locator("#find-author").fill("Riess")
    tab.page.locator("#find-author").press("Tab")
    expect(tab.page.locator("#search-results h2")).to_contain_text("newest first")
    assert years(tab) == sorted(years(tab), reverse=True)
    assert any("Riess" in line for line in tab.page.locator("#search-results .byline").all_inner_texts())


def test_a_table_by_date_holds_the_same_papers(tab: Visit) -> None:
    search(tab, WAVES)
    titles = set(tab.page.locator("#search-results h3").all_inner_texts())
    tab.page.locator("#find-shape").select_option("table")
    expect(tab.page.locator("#search-results tbody tr")).to_have_count(len(titles))
    tab.page.locator("#find-sort").select_option("newest")
    tab.page.wait_for_url("**sort=newest*")
    tab.page.wait_for_selector("#search-results:not([aria-busy])")
    column = [int(year) for year in tab.page.locator("#search-results td:nth-child(4)").all_inner_texts()]
    assert column == sorted(column, reverse=True)
    assert len(column) == len(titles)


def test_the_columns_of_the_table_sort_it(tab: Visit) -> None:
    search(tab, WAVES)
    tab.page.locator("#find-shape").select_option("table")
    tab.page.wait_for_selector("#search-results:not([aria-busy]) table")
    head = tab.page.locator("#search-results th")
    tab.page.get_by_role("button", name="Year", exact=True).click()
    column = [int(year) for year in tab.page.locator("#search-results td:nth-child(4)").all_inner_texts()]
    assert column == sorted(column, reverse=True)
    expect(head.nth(3)).to_have_attribute("aria-sort", "descending")
    tab.page.get_by_role("button", name="Year", exact=True).press("Enter")
    assert [int(year) for year in tab.page.locator("#search-results td:nth-child(4)").all_inner_texts()] == sorted(
        column
    )
    tab.page.get_by_role("button", name="Relevance").click()
    shares = tab.page.locator("#search-results .relevance").evaluate_all(
        "all => all.map(one => parseInt(one.title.slice(10)))"
    )
    assert shares == sorted(shares, reverse=True)
    assert head.first.evaluate("one => one.offsetHeight") < 40
    expect(tab.page.locator("#search-results tbody tr").first.get_by_role("button", name="Cite")).to_be_visible()


def test_a_card_gives_its_bibtex_and_is_pinned_for_the_chat(tab: Visit) -> None:
    search(tab, WAVES)
    card = tab.page.locator("#search-results article").first
    title = card.locator("h3").inner_text()
    card.get_by_role("button", name="Cite").click()
    tab.page.locator("#menu button", has_text="BibTeX").click()
    expect(card.get_by_role("button", name="Copied")).to_be_visible()
    card.get_by_role("button", name="Pin").click()
    expect(card.get_by_role("button", name="Pinned")).to_have_attribute("aria-pressed", "true")
    tab.page.get_by_role("tab", name="Chat").click()
    tab.ask("What are gravitational waves?")
    tab.finish()
    expect(tab.page.locator("#pins")).to_contain_text(title)


def test_a_slash_leads_to_the_query(tab: Visit) -> None:
    tab.page.locator("#find-words").fill("dust")
    tab.page.locator("#find-words").blur()
    tab.page.keyboard.press("/")
    expect(tab.page.locator("#find-words")).to_be_focused()
    expect(tab.page.locator("#find-words")).to_have_value("dust")


def test_selected_papers_are_exported_in_three_formats_that_parse(tab: Visit) -> None:
    search(tab, WAVES)
    boxes = tab.page.locator("#search-results .pick input")
    chosen = [boxes.nth(k).get_attribute("value") for k in (0, 2)]
    for k in (0, 2):
        boxes.nth(k).check()
    expect(tab.page.locator("#search-view .actions")).to_contain_text("2 papers selected")
    library = bibtexparser.parse_string(saved(tab, "BibTeX"))
    assert library.failed_blocks == []
    assert [entry["eprint"] for entry in library.entries] == chosen
    assert [entry["id"] for entry in rispy.loads(saved(tab, "RIS"))] == chosen
    assert [row["id"] for row in csv.DictReader(io.StringIO(saved(tab, "CSV")))] == chosen


def test_all_that_is_shown_can_be_selected_and_the_selection_outlives_a_search(tab: Visit) -> None:
    search(tab, WAVES)
    count = tab.page.locator("#search-results .pick input").count()
    tab.page.locator(".pick-all").check()
    expect(tab.page.locator("#search-view .actions")).to_contain_text(f"{count} papers selected")
    search(tab, "exoplanet atmospheres")
    tab.page.locator("#search-results .pick input").first.check()
    expect(tab.page.locator("#search-view .actions")).to_contain_text(f"{count + 1} papers selected")
    tab.page.locator("#search-view .actions button", has_text="Clear").click()
    expect(tab.page.locator("#search-view .actions")).to_be_hidden()


def test_papers_are_handed_to_the_chat(tab: Visit) -> None:
    search(tab, WAVES)
    tab.page.locator("#search-results .pick input").nth(0).check()
    tab.page.locator("#search-results .pick input").nth(1).check()
    tab.page.locator("#search-view .actions button", has_text="Chat about these").click()
    expect(tab.page.locator("#box textarea")).to_be_visible()
    expect(tab.page.locator("#scope")).to_contain_text("2 papers")


def test_more_like_a_paper(tab: Visit) -> None:
    search(tab, WAVES)
    title = tab.page.locator("#search-results h3").first.inner_text()
    tab.page.locator("#search-results [name=like]").first.click()
    expect(tab.page.locator(".chip")).to_contain_text(title[:30])
    expect(tab.page.locator("#search-results h3", has_text=title)).to_have_count(0)
    assert "like=" in tab.page.url


def test_what_nothing_is_about_is_said(tab: Visit) -> None:
    search(tab, "banana bread recipe")
    expect(tab.page.locator("#search-results h2")).to_have_text("No paper is clearly about this; these are the nearest")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(browser: Browser, observatory: Observatory, scheme: str) -> None:
    tab = look(browser, observatory, "Search", scheme=scheme)
    search(tab, f"{WAVES} since 2010")
    assert serious(tab, "#search-view") == []
    tab.page.locator("#search-results .pick input").first.check()
    tab.page.locator("#find-shape").select_option("table")
    tab.page.wait_for_selector("#search-results:not([aria-busy]) table")
    assert serious(tab, "#search-view") == []


def test_a_phone_shows_the_list_without_scrolling_sideways(browser: Browser, observatory: Observatory) -> None:
    tab = look(browser, observatory, "Search", width=390)
    search(tab, WAVES)
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert tab.page.evaluate(wide) <= 0
    expect(tab.page.locator("#find-author")).to_be_hidden()
    tab.page.locator(".filters summary").click()
    expect(tab.page.locator("#find-author")).to_be_visible()
    tab.page.locator("#find-shape").select_option("table")
    tab.page.wait_for_selector("#search-results table")
    assert tab.page.evaluate(wide) <= 0


def test_a_hostile_paper_is_mere_text() -> None:
    result = SearchResult("x", "i", "m", 0.1, Filters(), (), (), Filters(author='<img src=x onerror="1">'))
    found = Listing(result, (Hit(1, 0.9, HOSTILE),), {2020: 1}, True, False)
    for as_table in (False, True):
        shown = listing_html(found, Wish("x"), as_table, 25, HOSTILE)
        assert not re.search(r"<(?:img|script|svg|iframe)", shown)
        assert "javascript:" not in re.sub(r">[^<]*<", "><", shown)


def test_exports_keep_digests_and_formulas_at_home() -> None:
    odd = replace(HUBBLE, id="2401.00001", title="=cmd()", authors=("Ada Example", "et al."))
    rows = list(csv.DictReader(io.StringIO(written([odd, PLANCK], "csv"))))
    assert rows[0]["title"] == "'=cmd()"
    assert rows[1]["abstract"] == ""
    first, second = rispy.loads(written([odd, PLANCK], "ris"))
    assert first["authors"] == ["Example, Ada"]
    assert first["doi"] == odd.doi
    assert second["authors"] == ["Planck Collaboration"]
    assert "abstract" not in second


def test_a_listing_counts_years_without_their_filter(library: Path, tmp_path: Path, models: Path) -> None:
    home = new_home(tmp_path / "home", models)
    (home / "indexes").mkdir()
    (home / "indexes" / "invented").symlink_to(library / "indexes" / "invented")
    session = Session(load_settings(home=home, index="invented", offline=True))
    found = listing(session.search, Wish("planets and stars", Filters(since=2024)))
    assert {hit.paper.year for hit in found.hits} <= {2024, 2025}
    assert min(found.years) < 2024
    newest = listing(session.search, Wish(filters=Filters(category="astro-ph.EP"), sort="newest")).hits
    assert [hit.paper.year for hit in newest] == sorted((hit.paper.year for hit in newest), reverse=True)
    assert all("astro-ph.EP" in hit.paper.categories for hit in newest)
    oldest = listing(session.search, Wish(filters=Filters(category="astro-ph.EP"), sort="oldest")).hits
    assert {hit.paper.id for hit in oldest} == {hit.paper.id for hit in newest}
    assert [hit.paper.year for hit in oldest] == sorted(hit.paper.year for hit in newest)
    assert not Wish("  ")
    with pytest.raises(UsageError, match="swap"):
        listing(session.search, Wish("x", Filters(since=2020, until=2010)))
