"""Components that show HTML made by the page itself. Formulas are drawn only where papers and answers are shown."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.web.text import MATH_DELIMITERS


def plain(value: str = "", **options: Any) -> gr.Markdown:
    """A component that draws no formula, whatever Gradio would take for one."""
    return gr.Markdown(value, latex_delimiters=[], **options)


def formulas(**options: Any) -> gr.Markdown:
    """A component that draws the formulas that :func:`ui.web.text.rich` marked."""
    return gr.Markdown(latex_delimiters=MATH_DELIMITERS, **options)
