"""What nbgrader shows of a student in the instructor's browser: in feedback, and in formgrader's pages.

formgrader's pages come from the instructor's Jupyter, which runs programs for whoever can make such a page run one.
nbgrader_config.py names the two functions here; formgrader, which loads them at its start, is then mended below.
"""

import re
from datetime import datetime
from html import escape
from typing import Any

import bleach
from jinja2 import pass_context
from nbconvert.filters import markdown2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbgrader.apps.api import NbGraderAPI
from nbgrader.server_extensions.formgrader.base import BaseHandler
from nbgrader.server_extensions.formgrader.handlers import SubmissionFilesHandler

from grader.notebook import has
from grader.selfcheck.words import visible

_BLOCKS = {"br", "div", "h1", "h2", "h3", "h4", "hr", "p", "pre", "span", "sub", "sup"}
_TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
_FORMATTING = {*bleach.ALLOWED_TAGS, *_BLOCKS, *_TABLES}
_LINK = re.compile(r'<a(?: href="([^"]*)")?(?: title="[^"]*")?>(.*?)</a>', re.DOTALL)  # as bleach writes it
_WRAPPED = "overflow-wrap: anywhere"  # even words without an end
_FRAMED = "contain: paint; overflow: auto"  # nothing in it reaches beyond it, no formula either

MAX_MARKDOWN = 10_000  # characters; for longer texts some Markdown takes minutes, and they are shown as they are

Resources = dict[str, Any]


@pass_context
def harmless_markdown(context: Any, text: str) -> str:
    """For HTMLExporter.filters: Markdown to HTML, where a student's may format text, and do nothing else.

    Their links show the address and lead nowhere: one click on the wrong page of this Jupyter would be enough.
    """
    if has(context.get("cell") or {}, "solution"):
        return f'<div style="{_WRAPPED}; {_FRAMED}">{_LINK.sub(_in_words, _formatted(text))}</div>'
    return f'<div style="{_WRAPPED}">{markdown2html(text)}</div>'  # our words; in a comment, theirs stand as inert code


class _WithoutPictures(IPythonRenderer):
    """Of a picture the text stays: nbconvert gives up on a whole notebook if an attachment is missing."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"{escape(text)} ({escape(url)})"


def _formatted(text: str) -> str:
    if len(text) > MAX_MARKDOWN:
        return f'<pre style="white-space: pre-wrap">{escape(text)}</pre>'
    renderer = _WithoutPictures(escape=False, exclude_anchor_links=True)
    html = MarkdownWithMath(renderer=renderer).render(text)
    clean: str = bleach.clean(html, tags=_FORMATTING, attributes={"a": ["href", "title"]})
    return clean


def _in_words(link: re.Match[str]) -> str:
    address, text = link[1] or "", link[2]
    return text if address in ("", text) else f"{text} (<code>{address}</code>)"


def escape_names(notebook: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
    """For HTMLExporter.preprocessors: what formgrader's page on a submission says of the student, as text."""
    shown = {name: visible(resources[name]) for name in ("student", "last_name", "first_name") if resources.get(name)}
    path = {"notebook_path": resources["notebook_path"]} if "notebook_path" in resources else {}
    return notebook, resources | {name: escape(text) for name, text in (shown | path).items()}


_render = BaseHandler.render


def _render_escaped(handler: BaseHandler, name: str, **values: object) -> str:
    """formgrader's other pages, where nbgrader puts in a name, or what an address has for one, as it is."""
    handler.settings["nbgrader_jinja2_env"].autoescape = True
    page: str = _render(handler, name, **values)
    return page


_submitted_timestamp = NbGraderAPI.get_submitted_timestamp


def _timestamp_if_any(api: NbGraderAPI, assignment: str, student: str) -> datetime | None:
    """When it was handed in; nbgrader would show nobody's submission while one student's file of it is broken."""
    try:
        time: datetime | None = _submitted_timestamp(api, assignment, student)
    except (ValueError, OverflowError):
        return None
    return time


NbGraderAPI.get_submitted_timestamp = _timestamp_if_any
BaseHandler.render = _render_escaped
SubmissionFilesHandler.content_security_policy = "sandbox"  # a page that was handed in is shown, and runs nothing
