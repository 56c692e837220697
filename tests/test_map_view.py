"""The map of an index: its layout, its file, and the view of it in a real browser."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import bibtexparser
import numpy as np
import pytest
from browser import Visit, browser
from playwright.sync_api import Browser, TimeoutError, expect
from viewing import PATIENCE, STARTER, Observatory, look, observatory, serious

from rag.index import map as maps
from rag.index.index import open_index

__all__ = ["browser", "observatory"]  # fixtures, used by name

DOTS = "() => document.querySelector('#map-lit pre') && document.querySelector('#map-legend button')"


@pytest.fixture
def tab(browser: Browser, observatory: Observatory) -> Visit:
    return opened(look(browser, observatory, "Map"))


def opened(tab: Visit) -> Visit:
    """Wait until the map is drawn."""
    tab.page.wait_for_function(DOTS)
    return tab


def light(tab: Visit, words: str) -> int:
    """Light up the papers about something; how many that are."""
    tab.page.locator("#light-words").fill(words)
    tab.page.locator("#light-words").press("Enter")
    expect(tab.page.locator("#map-caption")).to_contain_text(words)
    match = re.match(r"(\d+) of", tab.page.locator("#map-state").inner_text())
    return int(match[1]) if match else 0


def plane(tab: Visit) -> dict[str, float]:
    box = tab.page.locator("#map-canvas").bounding_box()
    assert box
    return dict(box)


def around(tab: Visit) -> None:
    """Draw a lasso around the whole plane."""
    box = plane(tab)
    x, y, right, bottom = box["x"] + 4, box["y"] + 4, box["x"] + box["width"] - 4, box["y"] + box["height"] - 4
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    for corner in ((right, y), (right, bottom), (x, bottom), (x, y)):
        tab.page.mouse.move(*corner, steps=4)
    tab.page.mouse.up()


def find_a_paper(tab: Visit) -> tuple[float, float]:
    """Move over the plane to a paper, and stay until its title is shown; where that was."""
    box, over = plane(tab), tab.page.locator("#map-canvas.over")
    for down in range(8):
        for across in range(40):
            x, y = box["x"] + box["width"] * (0.2 + 0.015 * across), box["y"] + box["height"] * (0.3 + 0.05 * down)
            tab.page.mouse.move(x, y)
            for step in range(PATIENCE // 500):
                if not over.count():
                    break
                with contextlib.suppress(TimeoutError):
                    tab.page.wait_for_selector("#map-point.shown", timeout=500)
                    return x, y
                # A page that has only just come up may have moved below the pointer, which notices when it moves.
                tab.page.mouse.move(x + step % 2, y)
    raise AssertionError("no paper lies under the pointer anywhere")


def test_pointing_at_a_paper_shows_its_title_and_a_click_selects_it(tab: Visit) -> None:
    place = find_a_paper(tab)
    shown = tab.page.locator("#map-point.shown .title")
    expect(shown).to_have_text(re.compile(".{11}"))
    title = shown.inner_text()
    tab.page.mouse.click(*place)
    expect(tab.page.locator("#map-picked li a")).to_have_text(title)
    expect(tab.page.locator("#map-view .actions")).to_contain_text("1 paper selected")
    assert tab.errors == []
    assert tab.outside == []


def test_the_papers_about_a_query_light_up_and_a_lasso_selects_them(tab: Visit) -> None:
    count = light(tab, "gravitational waves")
    assert 5 < count < STARTER / 2
    tab.page.locator("#map-lasso").click()
    around(tab)
    expect(tab.page.locator("#map-picked h2")).to_have_text(f"{count} papers selected")
    with tab.page.expect_download() as download:
        tab.page.locator("#map-view .actions button", has_text="BibTeX").click()
    assert len(bibtexparser.parse_file(str(download.value.path())).entries) == count
    tab.page.locator("#map-view .actions button", has_text="Chat about these").click()
    expect(tab.page.locator("#scope")).to_contain_text(f"{count} papers")


def test_a_small_lasso_selects_a_few_and_shift_draws_one_too(tab: Visit) -> None:
    x, y = find_a_paper(tab)
    tab.page.keyboard.down("Shift")
    tab.page.mouse.move(x - 15, y - 15)
    tab.page.mouse.down()
    for corner in ((x + 15, y - 15), (x + 15, y + 15), (x - 15, y + 15)):
        tab.page.mouse.move(*corner, steps=3)
    tab.page.mouse.up()
    tab.page.keyboard.up("Shift")
    expect(tab.page.locator("#map-picked li").first).to_be_visible()
    assert 1 <= tab.page.locator("#map-picked li").count() < STARTER / 6


def test_keys_and_buttons_do_what_the_lasso_does(tab: Visit) -> None:
    tab.page.locator("#map-pick-view").focus()
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#map-picked h2")).to_have_text(f"{STARTER} papers selected")
    tab.page.locator("#map-canvas").focus()
    for key in ("+", "+", "+", "ArrowLeft", "ArrowUp"):
        tab.page.keyboard.press(key)
    tab.page.locator("#map-pick-view").click()
    expect(tab.page.locator("#map-picked h2")).not_to_have_text(f"{STARTER} papers selected")
    near = int(tab.page.locator("#map-picked h2").inner_text().split()[0])
    assert 0 < near < STARTER / 2
    tab.page.locator("#map-canvas").press("0")
    tab.page.locator("#map-pick-view").click()
    expect(tab.page.locator("#map-picked h2")).to_have_text(f"{STARTER} papers selected")


def test_colours_stand_for_categories_or_years_and_a_category_can_be_alone(tab: Visit) -> None:
    first = tab.page.locator("#map-legend button").first
    name = first.inner_text()
    first.click()
    expect(tab.page.locator("#map-legend button", has_text=name).first).to_have_attribute("aria-pressed", "true")
    expect(tab.page.locator("#map-legend button").nth(1)).to_have_attribute("aria-pressed", "false")
    tab.page.locator("#map-pick-view").click()
    expect(tab.page.locator("#map-picked h2")).not_to_have_text(f"{STARTER} papers selected")
    assert all(name in line for line in tab.page.locator("#map-picked .byline").all_inner_texts()[:5])
    tab.page.locator("#map-colours").select_option("year")
    expect(tab.page.locator("#map-legend")).to_contain_text("1992")


def test_the_timeline_counts_papers_per_year_and_selects_a_year(tab: Visit) -> None:
    light(tab, "gravitational waves")
    bar = tab.page.locator("#map-bars button[data-year='2016']")
    count = int((bar.get_attribute("title") or "").split(": ")[1].split()[0])
    bar.click()
    expect(tab.page.locator("#map-picked li")).to_have_count(count)
    assert all("2016" in line for line in tab.page.locator("#map-picked .byline").all_inner_texts())


def test_the_map_lights_up_its_own_words_and_not_those_of_a_search(browser: Browser, observatory: Observatory) -> None:
    tab = look(browser, observatory, "Search")
    tab.page.locator("#find-words").fill("dark matter")
    tab.page.locator("#find-words").press("Enter")
    tab.page.wait_for_selector("#search-results article")
    tab.page.get_by_role("tab", name="Map", exact=True).click()
    opened(tab)
    expect(tab.page.locator("#map-caption")).not_to_contain_text("dark matter")
    light(tab, "gravitational waves")
    expect(tab.page.locator("#map-caption")).to_contain_text("gravitational waves")
    tab.page.get_by_role("tab", name="Search", exact=True).click()
    expect(tab.page.locator("#find-words")).to_have_value("dark matter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(browser: Browser, observatory: Observatory, scheme: str) -> None:
    tab = opened(look(browser, observatory, "Map", scheme=scheme))
    light(tab, "gravitational waves")
    tab.page.locator("#map-pick-hits").click()
    expect(tab.page.locator("#map-picked li").first).to_be_visible()
    assert serious(tab, "#map-view") == []


def test_a_phone_shows_the_map_without_scrolling_sideways(browser: Browser, observatory: Observatory) -> None:
    tab = opened(look(browser, observatory, "Map", width=390))
    assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    tab.page.locator("#map-pick-view").click()
    expect(tab.page.locator("#map-picked h2")).to_have_text(f"{STARTER} papers selected")
    assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def clusters(count: int) -> np.ndarray:
    """Three clusters of so many unit vectors each, in 64 dimensions."""
    random = np.random.default_rng(7)
    centres = random.normal(size=(3, 64))
    points = np.repeat(centres, count, axis=0) + 0.3 * random.normal(size=(3 * count, 64))
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), dtype=np.float32)


def apart(places: np.ndarray, count: int) -> float:
    """How far the nearest two of three clusters are from each other, in units of the widest one's radius."""
    groups = places.reshape(3, count, 2)
    centres = groups.mean(axis=1)
    radius = max(np.linalg.norm(group - centre, axis=1).mean() for group, centre in zip(groups, centres, strict=True))
    return float(min(np.linalg.norm(centres[a] - centres[b]) for a, b in ((0, 1), (0, 2), (1, 2))) / radius)


@pytest.mark.parametrize("laid_out", [10_000, 120])
def test_papers_that_say_similar_things_lie_together(laid_out: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "LAID_OUT", laid_out)
    vectors, told = clusters(100), []
    rows = np.arange(300, dtype=np.int64)
    places = maps.layout(rows, lambda some: vectors[some], lambda done, fraction: told.append(fraction))
    assert apart(places, 100) > 2.5
    assert told == sorted(told)
    assert 0 < told[0] < 0.2
    assert told[-1] == 1


@pytest.mark.parametrize("count", [0, 1, 2, 7, 9])
def test_a_handful_of_papers_has_a_map_too(count: int) -> None:
    vectors = clusters(3)[:count]
    places = maps.scaled(maps.layout(np.arange(count, dtype=np.int64), lambda some: vectors[some]))
    assert places.shape == (count, 2)


def test_a_map_is_kept_read_again_and_drawn_anew_when_it_is_damaged(own_library: Path) -> None:
    indexes = own_library / "indexes"
    index = open_index(indexes, "invented")
    assert maps.read(indexes, index.manifest) is None
    stale = indexes / "invented" / "g0999.map.npz"
    stale.write_bytes(b"old")
    drawn = maps.draw(indexes, index)
    assert not stale.exists()
    again = maps.read(indexes, index.manifest)
    assert again
    assert (again.places == drawn.places).all()
    assert again.names == drawn.names
    assert len(again.rows) == index.manifest.papers
    row = index.row_of("2403.91001")
    place = int(again.numbers(np.array([row]))[0])
    assert again.years[place] == 2024
    assert again.names[again.categories[place]] == "astro-ph.EP"
    assert len(again.numbers(np.array([10**6]))) == 0
    file = next((indexes / "invented").glob("*.map.npz"))
    file.write_bytes(file.read_bytes()[:200])
    assert maps.read(indexes, index.manifest) is None
