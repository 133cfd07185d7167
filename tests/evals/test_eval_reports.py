"""Reports parse back, escape what comes from documents, and keep the test part closed."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console
from test_eval_gate import Scripted, run

from evals.gate import baseline_of_report, judge, make_baseline
from evals.report import Report, write_reports
from evals.report.terminal import print_report
from rag.errors import DatasetError
from rag.types import Answer

HOSTILE = "<script>alert(1)</script> | [x](http://evil.example) \x00\x1b"


class Hostile(Scripted):
    """Answers everything with text that would act in HTML, XML or Markdown."""

    def answer(self, question: str) -> Answer:
        return Answer(question, HOSTILE, abstained=False, confidence=0.4)


@pytest.fixture(scope="module")
def report(toy_dataset) -> Report:
    evaluations = (run(Hostile(), toy_dataset), run(Scripted(right=6), toy_dataset))
    baseline = make_baseline(run(Scripted(), toy_dataset), toy_dataset)
    verdict = judge(evaluations[0], baseline)
    return Report(toy_dataset, evaluations, verdict, created=datetime(2024, 2, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def folder(report, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    write_reports(report, folder)
    return folder


@pytest.fixture(scope="module")
def written(folder) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_json_holds_every_result_and_closes_the_test_part(written):
    data = json.loads(written["report.json"])
    results = {each["id"]: each for each in data["systems"][0]["results"]}
    assert len(results) == 16
    assert results["q1"]["answer"]["text"] == HOSTILE
    assert results["q1"]["scores"]["grounded"] == 0
    assert set(results["q8"]) == {"id", "split", "type", "digest", "scores", "seconds"}
    assert data["systems"][1]["summary"]["dev"]["shares"]["grounded"]["count"] == 6
    assert data["gate"]["is_open"] is False


def test_a_baseline_from_the_report_is_the_one_from_the_results(report, folder):
    found = baseline_of_report(folder / "report.json")
    assert found == make_baseline(report.main, report.dataset)


def test_a_baseline_from_something_else_is_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"systems": []}')
    with pytest.raises(DatasetError, match="rag eval --out DIR"):
        baseline_of_report(tmp_path / "x.json")


def test_junit_has_a_case_per_question_and_its_failures(written):
    suite = ElementTree.fromstring(written["junit.xml"]).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert (suite.get("tests"), len(cases)) == ("16", 16)
    assert suite.get("failures") == str(sum(case.find("failure") is not None for case in cases))
    assert "<script>" in (cases[0].find("failure").text or "")
    closed = next(case for case in cases if case.get("name") == "q8")
    assert closed.find("failure").text == "A question of the test part."


def test_html_loads_nothing_and_escapes_everything(written):
    page = written["report.html"]
    loads = re.findall(r"""(?:src|href|action|poster|data)\s*=\s*["']?([^"'\s>]+)""", page)
    assert all(target.startswith("#") for target in loads)
    assert not re.search(r"@import|url\((?!#)|<script|<link|<iframe|javascript:", page)
    assert "&lt;script&gt;" in page
    assert page.count("<svg") == 4
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_html_shows_each_open_failure_and_no_test_question(written):
    assert written["report.html"].count("<details>") == 15  # 7 of q1 to q7, 8 unanswerable
    assert "Question 8?" not in written["report.html"]


def test_markdown_escapes_what_could_act(written):
    text = written["report.md"]
    assert "Grounded accuracy" in text
    assert "<script>" not in text
    assert "Question 8?" not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


def test_show_test_opens_the_test_part(report, tmp_path):
    opened = Report(report.dataset, report.evaluations, shows_test=True)
    write_reports(opened, tmp_path)
    assert "Question 8?" in (tmp_path / "report.html").read_text("utf-8")


def test_terminal_shows_totals_types_and_gate_on_one_screen(report):
    console = Console(file=io.StringIO(), width=160)
    print_report(report, console)
    shown = console.file.getvalue()
    for words in ("Grounded accuracy", "False answers", "False refusals", "who", "Gate closed"):
        assert words in shown
    assert "Question 8?" not in shown


def test_a_run_that_nothing_can_judge_still_reports(tmp_path):
    from evals.dataset import Dataset, Question

    dataset = Dataset("bare", (Question(id="q", question="Question 1?"),), (), "0", {"q": "x"})
    report = Report(dataset, (run(Scripted(), dataset),))
    names = {path.name for path in write_reports(report, tmp_path)}
    assert names == {"report.json", "report.md", "report.html", "junit.xml"}
    assert "skipped" in (tmp_path / "junit.xml").read_text()
