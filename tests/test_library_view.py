"""The Library view in a real browser: opening an index, adding papers, models, and the doctor."""

from __future__ import annotations

import re
from pathlib import Path

import papers
import pytest
from browser import Visit, browser
from playwright.sync_api import Browser, expect
from stand_in import BAIT
from viewing import STARTER, Observatory, look, observatory, serious
from workbench import run

from rag.errors import SidereusError
from rag.work import Work

__all__ = ["browser", "observatory"]  # fixtures, used by name


@pytest.fixture
def tab(browser: Browser, observatory: Observatory) -> Visit:
    tab = look(browser, observatory, "Library")
    tab.page.wait_for_selector("#library-indexes .used")
    return tab


def add(tab: Visit, name: str, file: Path) -> None:
    """Upload a file and add it to an index, once it is said what was understood of it."""
    box = tab.page.get_by_label("Into this index")
    box.fill(name)
    box.press("Enter")
    tab.page.locator("#library-drop input[type=file]").set_input_files(file)
    understood = re.compile(f"Nothing is added yet.*{name}|could be used")
    expect(tab.page.locator("#library-progress")).to_contain_text(understood)
    tab.page.locator("#library-file").click()


def use(tab: Visit, name: str) -> None:
    """Switch to another index."""
    tab.page.locator(f"#library-indexes .open[value={name}]").click()
    expect(tab.page.locator("#library-indexes li", has_text=name).locator(".used")).to_be_visible()


def test_it_says_what_there_is(tab: Visit) -> None:
    lists = tab.page.locator("#library-indexes")
    expect(lists).to_contain_text(f"{STARTER} digests · 1992–2025 · astro-minilm")
    expect(lists.locator(".counts li")).not_to_have_count(0)
    expect(tab.page.locator("#library-bars [data-year]")).to_have_count(2025 - 1992 + 1)
    models = tab.page.locator("#library-models")
    for words in ("SmolLM2", "98 MB", "Apache-2.0", "in use"):
        expect(models).to_contain_text(words)
    assert tab.errors == []
    assert tab.outside == []


def test_another_index_is_used_without_a_restart_and_only_in_this_tab(
    tab: Visit, browser: Browser, observatory: Observatory
) -> None:
    use(tab, "invented")
    tab.page.wait_for_url("**index=invented*")
    tab.page.get_by_role("tab", name="Search", exact=True).click()
    tab.page.locator("#find-words").fill("water-rich super-Earth")
    tab.page.locator("#find-words").press("Enter")
    expect(tab.page.locator("#search-results h3").first).to_contain_text("Velamen-4")
    tab.page.get_by_role("tab", name="Map", exact=True).click()
    expect(tab.page.locator("#map-state")).to_contain_text("papers")
    other = look(browser, observatory, "Library")
    expect(other.page.locator("#library-indexes li", has_text="starter").locator(".used")).to_be_visible()


def test_papers_are_added_with_a_report_and_hostile_ones_do_nothing(tab: Visit, tmp_path: Path) -> None:
    hostile = papers.record(
        "2402.00009", f"Hostile quasars {BAIT}", "Mallory Example", "astro-ph.HE", f"Quasars. {BAIT}"
    )
    file = papers.write(tmp_path / "mine.jsonl", [hostile, *papers.many(9), "{broken"])
    add(tab, "mine", file)
    report = tab.page.locator("#library-progress .report")
    expect(report).to_contain_text("mine now holds 10 papers: 10 added")
    expect(report).to_contain_text("1 that can't be used")
    use(tab, "mine")
    tab.page.get_by_role("tab", name="Search", exact=True).click()
    tab.page.locator("#find-words").fill("hostile quasars")
    tab.page.locator("#find-words").press("Enter")
    expect(tab.page.locator("#search-results h3").first).to_contain_text("Hostile quasars")
    tab.page.locator("#search-results .unfold").first.click()
    tab.page.locator("#search-results [name=like]").first.click()
    tab.page.get_by_role("tab", name="Map", exact=True).click()
    tab.page.wait_for_selector("#map-legend button")
    tab.page.locator("#map-pick-view").click()
    expect(tab.page.locator("#map-picked")).to_contain_text("Hostile quasars")
    tab.page.wait_for_timeout(500)
    assert tab.page.evaluate("window.fired") is None
    for place in ("#search-results", "#map-picked"):
        assert tab.page.locator(f"{place} :is(img, script, iframe, object)").count() == 0
        links = tab.page.eval_on_selector_all(f"{place} a", "all => all.map(a => a.getAttribute('href'))")
        assert all(link.startswith(("https://arxiv.org/", "https://ui.adsabs.harvard.edu/")) for link in links)
    assert tab.outside == []
    assert tab.errors == []


def test_the_same_papers_again_are_said_to_be_there_already(tab: Visit, tmp_path: Path) -> None:
    file = papers.write(tmp_path / "twice.jsonl", [*papers.many(3)])
    add(tab, "twice", file)
    expect(tab.page.locator("#library-progress .report")).to_contain_text("3 added")
    add(tab, "twice", papers.write(tmp_path / "again.jsonl", [*papers.many(4)]))
    expect(tab.page.locator("#library-progress .report")).to_contain_text(
        "1 added, 0 replaced by newer versions, 3 there"
    )


def test_header_and_map_follow_papers_that_are_added_here_or_by_another_program(
    tab: Visit, observatory: Observatory, tmp_path: Path
) -> None:
    header, state = tab.page.locator("#masthead"), tab.page.locator("#map-state")

    def added_elsewhere(count: int) -> None:
        source = papers.write(tmp_path / f"{count}.jsonl", [*papers.many(count)])
        run(observatory.home, "index", "add", "grown", str(source), check=True)

    def view(name: str) -> None:
        tab.page.get_by_role("tab", name=name, exact=True).click()

    for count in (3, 4):
        add(tab, "grown", papers.write(tmp_path / f"{count}.jsonl", [*papers.many(count)]))
        expect(tab.page.locator("#library-progress .report")).to_contain_text(f"now holds {count} papers")
        if count == 3:
            use(tab, "grown")
        expect(header).to_contain_text(f"grown · {count} papers")
    view("Map")
    expect(state).to_have_text("4 papers")

    added_elsewhere(5)
    tab.page.locator("#light-words").fill("entry 5 of the Nightjar survey")
    tab.page.locator("#light-words").press("Enter")
    expect(state).to_contain_text("of 5 papers")
    added_elsewhere(6)
    view("Search")
    expect(header).to_contain_text("6 papers")
    view("Map")
    expect(state).to_contain_text("of 6 papers")
    tab.page.locator("#map-pick-view").click()
    expect(tab.page.locator("#map-picked li", has_text="entry 5 of the Nightjar survey")).to_have_count(1)

    view("Chat")
    added_elsewhere(7)
    tab.ask("What magnitude had source 7?")
    tab.finish()
    expect(header).to_contain_text("7 papers")
    tab.page.goto(f"{observatory.address}/?index=grown")
    expect(header).to_contain_text("grown · 7 papers")
    assert tab.errors == []


def test_a_file_is_looked_at_first_and_goes_into_a_new_index_that_can_be_taken_back(tab: Visit, tmp_path: Path) -> None:
    file = papers.write(tmp_path / "My survey.jsonl", [*papers.many(5), "{broken"])
    tab.page.locator("#library-drop input[type=file]").set_input_files(file)
    seen = tab.page.locator("#library-progress .report")
    expect(seen).to_contain_text("5 papers")
    expect(seen).to_contain_text("1 that can't be used")
    expect(seen).to_contain_text("a new index, my-survey")
    expect(tab.page.locator("#library-indexes")).not_to_contain_text("my-survey")
    tab.page.locator("#library-file").click()
    expect(seen).to_contain_text("my-survey now holds 5 papers")
    expect(tab.page.locator("#library-indexes")).to_contain_text("my-survey")
    tab.page.get_by_role("button", name="Take this back").click()
    expect(seen).to_contain_text("my-survey is gone again")
    expect(tab.page.locator("#library-indexes")).not_to_contain_text("my-survey")
    assert tab.errors == []


@pytest.mark.parametrize(("name", "words"), [("no/name", "is no name for an index"), ("fine", "could be used")])
def test_what_can_not_be_added_is_told_in_a_sentence(tab: Visit, tmp_path: Path, name: str, words: str) -> None:
    add(tab, name, papers.write(tmp_path / "broken.jsonl", ["{broken"]))
    expect(tab.page.locator("#library-progress .problem")).to_contain_text(words)
    assert tab.errors == []


def test_the_doctor_speaks(tab: Visit) -> None:
    tab.page.locator("#library-look").click()
    expect(tab.page.locator("#library-findings")).to_contain_text("All is well.")
    expect(tab.page.locator("#library-findings")).to_contain_text(f"index starter, {STARTER} papers")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(browser: Browser, observatory: Observatory, scheme: str) -> None:
    tab = look(browser, observatory, "Library", scheme=scheme)
    tab.page.wait_for_selector("#library-models table")
    assert serious(tab, "#library-view") == []


def test_a_phone_shows_the_library_without_scrolling_sideways(browser: Browser, observatory: Observatory) -> None:
    tab = look(browser, observatory, "Library", width=390)
    tab.page.wait_for_selector("#library-models table")
    assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_work_tells_how_far_it_is_and_what_went_wrong() -> None:
    work = Work(lambda progress: progress(3, 0.5) or "done")
    assert list(work.watch()) in ([], [0.5])
    assert (work.result(), work.done, work.running) == ("done", 3, False)

    def fail(_: object) -> None:
        raise SidereusError("The disk is full: free some space.")

    with pytest.raises(SidereusError, match="disk is full"):
        Work(fail).result()
    with pytest.raises(SidereusError, match="terminal"):
        Work(lambda _: 1 / 0).result()
