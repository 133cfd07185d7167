"""The report as JUnit XML: one test case per question, so that any CI shows what failed.

A wrong response is a failure, a question the system broke on an error, one that nothing can
judge is skipped. Questions of the test part appear by id only.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from evals.report import Report
from evals.results import Evaluation, Result

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(report: Report) -> str:
    """One test suite: the system under test; comparators are no tests."""
    root = Element("testsuites", name=report.dataset.name)
    _suite(root, report, report.main)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, report: Report, evaluation: Evaluation) -> None:
    results = evaluation.results
    suite = SubElement(
        root,
        "testsuite",
        name=evaluation.system,
        tests=str(len(results)),
        failures=str(sum(each.is_wrong and not each.error for each in results)),
        errors=str(sum(bool(each.error) for each in results)),
        skipped=str(sum(_is_unjudged(each) for each in results)),
        time=f"{sum(each.seconds for each in results):.3f}",
        timestamp=report.created.isoformat(timespec="seconds"),
    )
    for each in results:
        is_open = report.shows_test or each.question.split != "test"
        _case(suite, f"{report.dataset.name}.{each.question.type}", each, is_open)


def _case(suite: Element, group: str, result: Result, is_open: bool) -> None:
    name = f"{result.question.id} {result.question.question}" if is_open else result.question.id
    seconds = f"{result.seconds:.3f}"
    case = SubElement(suite, "testcase", classname=_clean(group), name=_clean(name), time=seconds)
    details = _details(result) if is_open else "A question of the test part."
    if result.error:
        SubElement(case, "error", message=_clean(result.error)).text = _clean(details)
    elif result.is_wrong:
        SubElement(case, "failure", message=result.fault).text = _clean(details)
    elif _is_unjudged(result):
        SubElement(case, "skipped", message="nothing says what is right")


def _details(result: Result) -> str:
    quotes = [f"[{c.number}] {c.document}: {c.quote}" for c in result.answer.citations]
    gold = "; ".join(result.question.answers) or "(to be declined)"
    return "\n".join([f"gold: {gold}", f"answer: {result.answer.text}", *quotes])


def _is_unjudged(result: Result) -> bool:
    return result.scores.get("correct") is None and not result.is_wrong


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
