"""Real model runtimes and real SDKs, end to end: nothing they invent is shown as supported.

Not part of the default run. They need packages of hundreds of megabytes:

    pip install "footnote-rag[huggingface,llamacpp,openai,anthropic,google,mistral,ollama]" \
        "llama-cpp-python[server]" gguf
    python -m pytest -m models tests/llm
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import rag
from rag.answer.calls import Caller
from rag.answer.prompt import Message
from rag.errors import LlmError
from rag.llm_errors import LlmCallError
from rag.llms import resolve_llm
from rag.pipeline import Pipeline
from rag.settings import RagSettings
from rag.types import Answer
from tests.llm import server as play
from tests.llm.helpers import BRIDGE, HARBOUR, MUSEUM
from tests.llm.random_models import write_gguf_model, write_transformers_model

pytestmark = [
    pytest.mark.models,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore"),  # of other people's packages
]
QUESTION = "When did the harbour of Velm open?"
ASKED = [Message("system", "Be brief."), Message("user", QUESTION)]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, text in (("harbour", HARBOUR), ("bridge", BRIDGE), ("museum", MUSEUM)):
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf_model(tmp_path_factory.mktemp("gguf") / "random.gguf")


@pytest.fixture(scope="module")
def llama_server(gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of llama.cpp's own server with the random model."""
    port = _free_port()
    log = (tmp_path_factory.mktemp("server") / "log").open("w")
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(gguf)]
    options = ["--n_ctx", "2048", "--n_threads", "1", "--port", str(port)]
    process = subprocess.Popen([*command, *options], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/v1"
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait()
        log.close()


def settings_in(folder: Path, **llm: Any) -> RagSettings:
    chosen = {"max_output_tokens": 64, "deadline_seconds": 60, "timeout_seconds": 60, **llm}
    return RagSettings().override(storage={"path": folder / "store"}, llm=chosen)


def assert_nonsense_is_kept_back(answer: Answer, corpus: Path) -> None:
    """What is shown stands in the files, and the notice says why the model's words do not."""
    assert "1998" in answer.text
    assert answer.metadata.answerer == "extractive"
    assert any("language model" in notice for notice in answer.metadata.notices)
    for citation in answer.citations:
        text = (corpus / citation.document).read_text(encoding="utf-8")
        assert text[citation.start : citation.end] == citation.quote


def said_by(settings: RagSettings) -> tuple[str, bool]:
    """What the model says, and whether it was cut."""
    llm = resolve_llm(settings.llm)
    assert llm is not None
    reply = Caller(llm).start(ASKED, deadline=time.monotonic() + 60)
    return "".join(reply), reply.is_cut


@pytest.mark.parametrize("has_template", [True, False])
def test_a_random_transformers_model_end_to_end(corpus, tmp_path, has_template):
    folder = tmp_path / "model"
    write_transformers_model(folder, **({} if has_template else {"template": None}))
    settings = settings_in(tmp_path, model=f"huggingface:{folder}")
    said, is_cut = said_by(settings)
    assert said.strip()
    assert is_cut
    assert_nonsense_is_kept_back(rag.query(QUESTION, corpus=corpus, settings=settings), corpus)


def test_a_random_gguf_model_end_to_end(corpus, tmp_path, gguf):
    settings = settings_in(tmp_path, model=f"llamacpp:{gguf}")
    assert said_by(settings)[0].strip()
    assert_nonsense_is_kept_back(rag.query(QUESTION, corpus=corpus, settings=settings), corpus)


def test_a_real_llama_cpp_server_end_to_end(corpus, tmp_path, llama_server):
    settings = settings_in(tmp_path, model="openai-like:random", base_url=llama_server)
    assert said_by(settings)[0].strip()
    assert_nonsense_is_kept_back(rag.query(QUESTION, corpus=corpus, settings=settings), corpus)


def test_the_window_and_the_counts_are_the_model_s_own(tmp_path, gguf):
    folder = write_transformers_model(tmp_path / "model")
    for model in (f"huggingface:{folder}", f"llamacpp:{gguf}"):
        llm = resolve_llm(settings_in(tmp_path, model=model, context_tokens=100_000).llm)
        assert Caller(llm).context_tokens == 2048
        assert Caller(llm).count_tokens("Zürich") >= 3


@pytest.mark.parametrize("kind", ["huggingface", "llamacpp"])
def test_a_local_model_stops_at_the_deadline_and_is_free_again(tmp_path, gguf, kind):
    model = str(gguf) if kind == "llamacpp" else str(write_transformers_model(tmp_path / "model"))
    settings = settings_in(tmp_path, model=f"{kind}:{model}", max_output_tokens=1900)
    llm = resolve_llm(settings.llm)
    with pytest.raises(LlmCallError, match="deadline"):
        for _ in Caller(llm).start(ASKED, deadline=time.monotonic() + 0.5):
            pass
    left = Caller(llm).start(ASKED, deadline=time.monotonic() + 600)
    left.close()
    llm.max_new_tokens = 8
    assert "".join(Caller(llm).start(ASKED, deadline=time.monotonic() + 60)).strip()


@pytest.mark.parametrize("kind", ["huggingface", "llamacpp"])
def test_questions_at_the_same_time_take_turns(tmp_path, gguf, kind):
    model = str(gguf) if kind == "llamacpp" else str(write_transformers_model(tmp_path / "model"))
    settings = settings_in(tmp_path, model=f"{kind}:{model}", max_output_tokens=16)
    caller = Caller(resolve_llm(settings.llm))
    alone = "".join(caller.start(ASKED, deadline=time.monotonic() + 60))

    def ask(_: int) -> str:
        return "".join(caller.start(ASKED, deadline=time.monotonic() + 60))

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(8))) == {alone}


def test_a_model_that_is_not_there_is_one_line(tmp_path):
    for model in (f"llamacpp:{tmp_path}/none.gguf", f"huggingface:{tmp_path}/none"):
        with pytest.raises(LlmError, match="could not be opened") as caught:
            Pipeline.open(tmp_path, settings_in(tmp_path, model=model))
        assert "\n" not in str(caught.value)


HOSTED = ["openai:gpt-4o-mini", "anthropic:claude-sonnet-4-0", "google:gemini-2.5-flash",
          "mistral:mistral-small-latest", "ollama:qwen3"]  # fmt: skip


@pytest.mark.parametrize("model", HOSTED)
@pytest.mark.parametrize(
    ("part", "reason", "requests"),
    [
        (play.status(401, '{"error": {"message": "bad key sk-fake-abcdefgh1234"}}'), "401", 1),
        (play.status(500, '{"error": {"message": "boom"}}'), "status 500", 3),
        (play.resets, "could not be reached", 3),
    ],
)
def test_a_hosted_provider_s_failure_is_one_line(tmp_path, model, part, reason, requests):
    with play.serving(part) as server:
        base = server.url if model.startswith("openai") else server.url.removesuffix("/v1")
        settings = settings_in(tmp_path, model=model, base_url=base, api_key="sk-fake-abcdefgh1234")
        with pytest.raises(LlmCallError, match=reason) as caught:
            said_by(settings)
        assert len(server.requests) == requests
    assert "sk-fake" not in str(caught.value)


@pytest.mark.parametrize("model", ["openai:gpt-4o-mini", "mistral:mistral-small-latest"])
def test_a_hosted_provider_streams_and_tells_a_cut_answer(tmp_path, model):
    with play.serving(play.streams("It opened ", "in 1998.", finish="length", done=True)) as server:
        base = server.url if model.startswith("openai") else server.url.removesuffix("/v1")
        settings = settings_in(tmp_path, model=model, base_url=base, api_key="sk-fake-abcdefgh1234")
        assert said_by(settings) == ("It opened in 1998.", True)


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            if httpx.get(f"{url}/models").status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError("llama.cpp's server did not start")
