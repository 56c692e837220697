"""Libraries, tables and queries damaged at random: a sentence at worst, soon, and in little memory.

``pytest tests/test_fuzzed_input.py --fuzz 20000`` tries more of them.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import SidereusError
from rag.index.index import Index, open_index
from rag.retrieval.query.understand import understand
from rag.sources import ReadReport, open_source
from rag.sources import papers as read

SOON = 1.0
MEGABYTES = 64
WHOLE = {
    ".bib": """@string{apj = "ApJ"}
@article{quill2015, author = {O'Learyson, C. and {Quill Team} and Jenkinsen, Bosse, Jr.}, title = {Quills of {\\"u}ber
$\\alpha$ \\href{http://x.org}{clouds}}, journal = apj # " Letters", volume = 9, pages = {1--4}, year = 2015,
doi = {10.1088/0004-637X/990/1/734}, eprint = {1501.91001}, abstract = {Seen {\\it twice} at 5\\% and $x_2^3$.}}
@misc{other, author = {A and others}, title = "No {braces", note = {arXiv:astro-ph/9501001}}
@comment{nothing} @inproceedings(paren, title = {Round}, crossref = {quill2015})
""",
    ".ris": """TY  - JOUR
AU  - Learyson, C.
TI  - Quills
PY  - 2015/02/01
DO  - 10.1088/0004-637X/990/1/734
AB  - Seen twice
  and once more.
ER  -
TY  - RPRT
A1  - Other, B.
T1  - More
UR  - https://arxiv.org/abs/1501.91001
ER  -
""",
    ".csv": (
        'Title,Authors,Year,Abstract,DOI,arXiv\n"Quills, ""two""","Learyson, C.; Jenkinsen, B.",2015,"Seen\ntwice",'
        "10.1088/0004-637X/990/1/734,1501.91001\nOthers,\"['A B', 'C D']\",2016-01-02,nothing,,astro-ph/9501001\n"
    ),
    ".jsonl": "\n".join(
        json.dumps(
            {
                "id": f"1501.9100{n}", "title": "Quills", "authors": "C. Learyson", "abstract": "Seen $x_2$.",
                "categories": "astro-ph.GA", "versions": [{"version": "v1", "created": "Thu, 1 Jan 2015 00:00:00 GMT"}],
                "authors_parsed": [["Learyson", "C.", ""]], "update_date": "2015-01-01",
            }
        )
        for n in range(3)
    ),
}  # fmt: skip
QUERIES = [
    'author:"^Learyson, C" year:2005-2010 abs:"dark quills" -axions',
    "papers by Learyson & Jenkinsen in 2015 on CO$_2$ at 21cm without dust",
    "ApJ 690, 734 10.1088/0004-637X/990/1/734 arXiv:1501.91001v2",
    "Learyson, C. et al. 2015, ApJ, 990, 734 (MOND OR quills) NOT HD 189733b",
]
SIGNS = st.sampled_from(
    [*"{}\"'\\$^_@,=#%\n\r\t\0()[]:;\ufeff\u202eé09-", "  - ", "\\frac", "\\begin{", "<SUB>", "&#1;", "and ", "null"]
)


@st.composite
def damaged(draw: st.DrawFn, whole: str) -> str:
    """A text with pieces cut, doubled, moved or repeated, and signs put in."""
    text = whole
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 60)))
        sign, piece = draw(SIGNS), text[start:end]
        kind = draw(st.sampled_from(["cut", "double", "put in", "run", "move"]))
        put = {"cut": "", "double": piece * 2, "put in": sign + piece, "run": sign * 3000, "move": piece[::-1]}[kind]
        text = text[:start] + put + text[end:]
    return text


@pytest.fixture(scope="module")
def examples(request: pytest.FixtureRequest) -> int:
    """How many texts of each kind are damaged."""
    return int(request.config.getoption("--fuzz"))


@pytest.fixture(scope="module")
def index(library: Path) -> Index:
    """An index to ask damaged queries."""
    return open_index(library / "indexes", "invented")


@pytest.mark.parametrize("suffix", WHOLE)
def test_a_damaged_library_is_read_or_refused_with_a_sentence(suffix: str, tmp_path: Path, examples: int) -> None:
    file = tmp_path / f"damaged{suffix}"

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(damaged(WHOLE[suffix]))
    def try_one(text: str) -> None:
        file.write_text(text, encoding="utf-8", errors="surrogatepass")
        started = time.thread_time()
        try:
            for paper in read(open_source(str(file)), ReadReport()):
                assert paper.title
                paper.as_record()
        except SidereusError as error:
            assert str(error)
        assert time.thread_time() - started < SOON

    tracemalloc.start()
    try_one()
    assert tracemalloc.get_traced_memory()[1] < MEGABYTES * 2**20
    tracemalloc.stop()


def test_a_damaged_query_is_understood_somehow(index: Index, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(QUERIES).flatmap(damaged))
    def try_one(query: str) -> None:
        started = time.thread_time()
        assert isinstance(understand(query, index).text, str)
        assert time.thread_time() - started < SOON

    understand("warm up", index)
    try_one()
