"""The HTTP interface on a real server: questions, OpenAI's format, MCP, health."""

from __future__ import annotations

import asyncio
import json

import httpx
import openai
import pytest
from articles import ARTICLES

QUESTION = "When does the ferry to Gull Island leave?"


@pytest.fixture
def client(address):
    with httpx.Client(base_url=address, timeout=20) as opened:
        yield opened


def test_query_answers_with_exact_citations(client):
    answer = client.post("/api/query", json={"question": QUESTION}).json()
    cited = answer["citations"][0]
    assert answer["abstained"] is False
    assert ARTICLES[cited["document"]][cited["start"] : cited["end"]] == cited["quote"]


def test_query_obeys_its_filters(client):
    body = {"question": QUESTION, "filters": {"documents": ["honey.txt"]}}
    answer = client.post("/api/query", json=body).json()
    documents = {each["document"] for each in answer["citations"] + answer["nearest"]}
    assert documents <= {"honey.txt"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [({"stream": True}, {}), ({}, {"accept": "text/event-stream"})],
    ids=["stream field", "accept header"],
)
def test_query_streams_events_that_end_with_the_answer(client, body, headers):
    with client.stream(
        "POST", "/api/query", json={"question": QUESTION, **body}, headers=headers
    ) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in reply.iter_lines() if line]
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert kinds[0] == "status"
    assert "token" in kinds
    assert kinds[-1] == "done"
    last = json.loads(lines[-1].removeprefix("data: "))
    assert "9:15" in last["answer"]["text"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question": ""}, 422),
        ({"question": "x" * 4001}, 422),
        ({"question": "   "}, 422),
        ({"question": QUESTION, "unknown": 1}, 422),
        ({"question": QUESTION, "collection": "nowhere"}, 404),
    ],
)
def test_query_refuses_what_it_cannot_answer(client, body, status):
    assert client.post("/api/query", json=body).status_code == status


def test_health_and_readiness(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_docs_are_one_page_without_scripts_or_foreign_addresses(client):
    page = client.get("/docs").text
    assert "POST /api/query" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert "/v1/chat/completions" in client.get("/openapi.json").json()["paths"]


def test_article_page_marks_the_span_and_refuses_unknown_paths(client):
    start = ARTICLES["ferry.txt"].index("Dogs travel free.")
    place = {"document": "ferry.txt", "start": start, "end": start + 17}
    page = client.get("/article", params=place).text
    assert '<mark id="cited" tabindex="-1">Dogs travel free.</mark>' in page
    for path in ("../articles/ferry.txt", "/etc/hostname", "nothing.txt", "ferry.txt\x00"):
        assert client.get("/article", params={"document": path}).status_code == 404


@pytest.fixture
def openai_client(address):
    with openai.OpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0) as opened:
        yield opened


def test_openai_client_gets_an_answer_with_footnotes(openai_client):
    done = openai_client.chat.completions.create(
        model="footnote", messages=[{"role": "user", "content": QUESTION}]
    )
    assert "9:15" in done.choices[0].message.content
    assert "[1] “The ferry to Gull Island" in done.choices[0].message.content
    assert done.choices[0].finish_reason == "stop"
    assert done.model_extra["footnote"]["citations"][0]["document"] == "ferry.txt"


def test_openai_client_streams_the_same_text(openai_client):
    messages = [{"role": "user", "content": QUESTION}]
    whole = openai_client.chat.completions.create(model="footnote", messages=messages)
    chunks = list(
        openai_client.chat.completions.create(model="footnote", messages=messages, stream=True)
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_openai_client_lists_the_model_and_hears_of_errors(openai_client):
    assert [model.id for model in openai_client.models.list()] == ["footnote"]
    with pytest.raises(openai.NotFoundError):
        openai_client.models.retrieve("gpt-4")
    with pytest.raises(openai.UnprocessableEntityError, match="End with a user message"):
        openai_client.chat.completions.create(
            model="footnote", messages=[{"role": "assistant", "content": "hello"}]
        )


def test_mcp_client_asks_through_the_tool(address):
    from mcp.client import Client

    async def ask() -> str:
        async with Client(f"{address}/mcp/") as client:
            tools = await client.list_tools()
            assert [tool.name for tool in tools.tools] == ["ask"]
            result = await client.call_tool("ask", {"question": QUESTION})
            return json.dumps(result.structured_content, ensure_ascii=False)

    assert "9:15" in asyncio.run(ask())
