"""What the Library view shows, as one line of HTML that Gradio's Markdown cleans once more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rag.doctor import Finding
from rag.errors import IndexProblem
from rag.index.manifest import Manifest
from rag.models.catalog import Model
from rag.sources.preview import Preview
from rag.text.latex import plain
from rag.work import Work
from ui.web.text import escaped

MOST_CATEGORIES = 12
PURPOSES = {"embedding": "finds", "reader": "reads", "llm": "writes", "reranker": "re-ranks"}


def indexes_html(
    found: Sequence[Manifest | IndexProblem], sizes: Mapping[str, int], current: str, categories: Mapping[str, int]
) -> str:
    """The indexes, the one in use first by its looks, and how many papers it has of each category."""
    rows = "".join(_index(one, sizes, current) for one in found)
    top = list(categories.items())[:MOST_CATEGORIES]
    most = max((count for _, count in top), default=1)
    bars = "".join(
        f'<li><span>{escaped(name)}</span><i style="width: {100 * count / most:.1f}%"></i><b>{count:,}</b></li>'
        for name, count in top
    )
    return (
        f'<div><h2>Indexes</h2><ul class="indexes">{rows}</ul><h2>What {escaped(current)} holds</h2>'
        f'<ul class="counts">{bars}</ul></div>'
    )


def _index(one: Manifest | IndexProblem, sizes: Mapping[str, int], current: str) -> str:
    if isinstance(one, IndexProblem):
        return f'<li class="problem">{escaped(str(one))}</li>'
    kinds = ", ".join(f"{count:,} {kind}s" for kind, count in one.kinds.items() if count)
    updated = f" · updated {one.runs[-1].finished[:10]}" if one.runs else ""
    facts = f"{kinds} · {one.years[0]}–{one.years[1]} · {one.model} · {_bytes(sizes[one.name])}{updated}"
    use = '<b class="used">in use</b>'
    if one.name != current:
        use = f'<button class="open" value="{escaped(one.name)}">Use this</button>'
    return f'<li><span class="name">{escaped(one.name)}</span>{use}<span class="facts">{escaped(facts)}</span></li>'


def preview_html(seen: Preview, into: str, there: bool) -> str:
    """What was understood of a file, before anything of it is added."""
    count = f"{'The first ' if seen.more else ''}{seen.papers:,} paper{'s' if seen.papers != 1 else ''}"
    facts = [f"{count}, {seen.years[0]}–{seen.years[1]}"]
    facts += [f"{seen.without_text:,} without an abstract"] if seen.without_text else ["all with an abstract"]
    facts += [f"{seen.others:,} of other fields are left out"] if seen.others else []
    facts += [f"{seen.skipped:,} that can't be used"] if seen.skipped else []
    first = "".join(f"<li>{escaped(plain(paper.title))} ({escaped(paper.byline)})</li>" for paper in seen.first)
    why = "".join(f"<li>{escaped(problem)}</li>" for problem in seen.problems)
    index = f"the index {into}, which is there already" if there else f"a new index, {into}"
    return (
        f'<div class="report" role="status"><p>Understood: <b>{escaped("; ".join(facts))}</b>.</p><ul>{first}</ul>'
        f"{f'<p>Left out:</p><ul class=problems>{why}</ul>' if why else ''}"
        f"<p>Nothing is added yet. They will go into {escaped(index)}.</p></div>"
    )


def progress_html(adding: Work[Manifest]) -> str:
    """How far papers are being added."""
    left = f", {adding.left}" if adding.left else ""
    words = f"{adding.done:,} papers, {adding.fraction:.0%}{left}" if adding.fraction else "Reading"
    words = f"{adding.stage}: {words}" if adding.stage else words
    return (
        f'<div class="adding"><progress max="1" value="{adding.fraction:.3f}" title="Adding papers"></progress>'
        f"<p>{escaped(words)}</p></div>"
    )


def report_html(manifest: Manifest) -> str:
    """What came of adding papers."""
    run = manifest.runs[-1]
    problems = "".join(f"<li>{escaped(problem)}</li>" for problem in run.problems)
    why = f'<ul class="problems">{problems}</ul>' if problems else ""
    return (
        f'<div class="report" role="status"><p><b>{escaped(manifest.name)}</b> now holds {manifest.papers:,} papers: '
        f"{run.added:,} added, {run.changed:,} replaced by newer versions, {run.unchanged:,} there already, "
        f"{run.skipped:,} that can't be used, in {run.seconds:,.0f} s. "
        f'<button class="undo" value="{escaped(manifest.name)}">Take this back</button></p>{why}</div>'
    )


def taken_back_html(name: str, before: Manifest | None) -> str:
    """What an index is after an addition was taken back."""
    now = f"holds {before.papers:,} papers, as before" if before else "is gone again"
    return f'<div class="report" role="status"><p><b>{escaped(name)}</b> {now}.</p></div>'


def models_html(models: Sequence[Model], here: Collection[str], used: Collection[str]) -> str:
    """The models on this machine, those in use first, and under a fold those that could be fetched."""
    ordered = sorted(models, key=lambda model: (model.name not in used, model.kind))
    mine = [model for model in ordered if model.name in here or model.name in used]
    others = [model for model in ordered if model not in mine]
    more = f"<details><summary>{len(others)} more that can be fetched</summary>{_table(others, used)}</details>"
    return f"<div>{_table(mine, used)}{more if others else ''}</div>"


def _table(models: Sequence[Model], used: Collection[str]) -> str:
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Model", "What it does", "Size", "Memory", "Licence"))
    rows = "".join(
        f"<tr><td>{escaped(m.title)}{_used(m, used)}</td><td>{PURPOSES[m.kind]}</td>"
        f"<td>{'on a server' if m.servers else _bytes(m.size)}</td><td>{'' if m.servers else f'{m.ram_gb:g} GB'}</td>"
        f"<td>{escaped(m.licence)}</td></tr>"
        for m in models
    )
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def _used(model: Model, used: Collection[str]) -> str:
    return ' <b class="used">in use</b>' if model.name in used else ""


def findings_html(findings: Sequence[Finding], ended: bool) -> str:
    """What was looked at, what is wrong with it, and how to mend it."""
    rows = "".join(_finding(finding) for finding in findings)
    ill = sum(not finding.well for finding in findings)
    verdict = (
        "Looking …" if not ended else "All is well." if not ill else f"{ill} thing{'s' if ill > 1 else ''} to mend."
    )
    return f'<div class="findings"><p role="status"><b>{verdict}</b></p><ul>{rows}</ul></div>'


def _finding(finding: Finding) -> str:
    if finding.well:
        return f'<li><span class="well">✓ <span class="sr">well:</span></span>{escaped(finding.what)}</li>'
    mend = f'<span class="mend">{escaped(finding.mend)}</span>'
    return f'<li class="ill"><span>✗ <span class="sr">not well:</span></span>{escaped(finding.what)}{mend}</li>'


def _bytes(count: int | None) -> str:
    if count is None:
        return "not known"
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
