"""What the server refuses: foreign sites, wrong passwords, too much, too often, its own files."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest
from articles import write_articles
from serving import serving

from rag.errors import SettingsError
from rag.pipeline import Pipeline
from rag.settings import RagSettings, ServerSettings
from ui.exposure import allowed_hosts, check_exposure
from ui.security import CONTENT_SECURITY_POLICY
from ui.server import create_app, serve

ASK = {"question": "When does the ferry to Gull Island leave?"}


@pytest.fixture(scope="module")
def lexical(tmp_path_factory: pytest.TempPathFactory):
    """A pipeline without an embedder, quick to open."""
    place = tmp_path_factory.mktemp("guard")
    settings = RagSettings().override(
        storage={"path": place / "store"}, embedding={"model": "none"},
        server={"feedback": place / "votes.jsonl"},
    )  # fmt: skip
    opened = Pipeline.open(write_articles(place / "articles"), settings)
    yield opened
    opened.close()


@pytest.fixture
def server(lexical):
    """Serves the pipeline with other server settings."""

    def start(**changes: object):
        return serving(create_app(lexical, lexical.settings.override(server=changes)))

    return start


@pytest.fixture(scope="module")
def plain(lexical):
    with serving(create_app(lexical, lexical.settings)) as address:
        yield address


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/article", "/gradio_api/info", "/no"])
def test_every_reply_carries_the_security_headers(plain, path):
    headers = httpx.get(plain + path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_foreign_host_name_is_refused(plain):
    assert httpx.get(plain, headers={"host": "attacker.example"}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://attacker.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_writing_request_of_another_site_is_refused(plain, headers, status):
    assert httpx.post(f"{plain}/api/query", json=ASK, headers=headers).status_code == status


def test_other_sites_may_not_read(plain):
    reply = httpx.get(f"{plain}/api/documents", headers={"origin": "http://attacker.example"})
    assert "access-control-allow-origin" not in reply.headers


def test_large_body_is_refused_whether_or_not_its_length_is_stated(plain):
    large = b'{"question": "' + b"x" * 1_100_000 + b'"}'
    json_type = {"content-type": "application/json"}
    stated = httpx.post(f"{plain}/api/query", content=large, headers=json_type)
    assert stated.status_code == 413
    chunked = httpx.post(f"{plain}/api/query", content=iter([large]), headers=json_type)
    assert chunked.status_code in (400, 413)


def test_too_many_questions_are_told_to_wait(server):
    with server(requests_per_minute=3) as address:
        codes = [httpx.post(f"{address}/api/query", json=ASK).status_code for _ in range(5)]
        last = httpx.post(f"{address}/api/query", json=ASK)
    assert codes == [200, 200, 200, 429, 429]
    assert 1 <= int(last.headers["retry-after"]) <= 20


def test_adding_files_is_refused_unless_enabled(plain):
    reply = httpx.post(f"{plain}/gradio_api/upload", files={"files": ("a.txt", b"text")})
    assert reply.status_code == 403


def basic(pair: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def test_password_guards_everything_but_the_health_checks(server):
    with server(auth="ada:engine") as address:
        for path in ("/", "/config", "/gradio_api/info", "/openapi.json", "/v1/models", "/mcp/"):
            assert httpx.get(address + path).status_code == 401
        assert httpx.get(f"{address}/healthz").status_code == 200
        assert httpx.get(address, headers=basic("ada:engine")).status_code == 200
        assert httpx.get(address, headers=basic("ada:wrong")).status_code == 401
        assert httpx.get(address, headers={"authorization": "Bearer engine"}).status_code == 401


def test_token_opens_the_interface_and_as_a_password_the_page(server):
    with server(token="t0ken") as address:
        bearer = {"authorization": "Bearer t0ken"}
        assert httpx.post(f"{address}/api/query", json=ASK, headers=bearer).status_code == 200
        assert httpx.get(address, headers=basic("anyone:t0ken")).status_code == 200
        assert httpx.post(f"{address}/api/query", json=ASK).status_code == 401


def test_guessing_passwords_is_slowed_down(server):
    with server(auth="ada:engine") as address:
        codes = [httpx.get(address, headers=basic(f"ada:{n}")).status_code for n in range(12)]
    assert codes[:10] == [401] * 10
    assert codes[-1] == 429


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_address_that_others_reach_needs_a_password_or_token(host):
    with pytest.raises(SettingsError, match="RAG_SERVER__AUTH=user:password or RAG_SERVER__TOKEN"):
        check_exposure(ServerSettings(host=host))
    check_exposure(ServerSettings(host=host, token="t0ken"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.53"])
def test_loopback_needs_none(host):
    check_exposure(ServerSettings(host=host))


def test_malformed_password_setting_is_refused():
    with pytest.raises(SettingsError, match="user:password"):
        check_exposure(ServerSettings(auth="nocolon"))


def test_named_host_is_the_only_name_besides_loopback():
    assert "example.org" in allowed_hosts(ServerSettings(host="example.org"))
    assert "attacker.example" not in allowed_hosts(ServerSettings(host="example.org"))


def test_port_in_use_is_said_with_the_remedy(lexical, plain):
    port = int(plain.rpartition(":")[2])
    with pytest.raises(SettingsError, match="Choose another port with --port"):
        serve(lexical, lexical.settings.override(server={"port": port}))


def test_server_files_named_in_a_message_are_not_handed_out(plain, lexical):
    index = httpx.get(f"{plain}/config").json()
    dropdown = next(each for each in index["components"] if each["type"] == "file")
    change = next(each for each in index["dependencies"]
                  if any(target[0] == dropdown["id"] for target in each["targets"]))  # fmt: skip
    secret = str(Path(lexical.corpus) / "ferry.txt")
    file = {"path": secret, "meta": {"_type": "gradio.FileData"}}
    message = {"data": [[file]], "fn_index": change["id"], "session_hash": "s" * 10}
    with httpx.Client(base_url=plain, timeout=15) as client:
        joined = client.post("/gradio_api/queue/join", json=message)
        text = joined.text
        if joined.status_code == 200:
            with client.stream(
                "GET", "/gradio_api/queue/data", params={"session_hash": "s" * 10}
            ) as events:
                for line in events.iter_lines():
                    text += line
                    if "process_completed" in line:
                        break
        assert "Gull Island" not in text
        assert '"success":true' not in text.replace(" ", "")
        for path in (secret, str(Path(__file__)), "/etc/hostname"):
            assert client.get(f"/gradio_api/file={path}").status_code in (403, 404)


def test_uploads_folder_inside_the_corpus_is_refused(lexical):
    settings = lexical.settings.override(
        storage={"path": lexical.corpus / "inside"}, server={"uploads": True}
    )
    with pytest.raises(SettingsError, match="Set RAG_STORAGE__PATH"):
        create_app(lexical, settings)
    assert not (lexical.corpus / "inside").exists()
