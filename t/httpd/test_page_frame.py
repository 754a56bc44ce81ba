"""What every page has: the frame, its headers, its languages, and what it says when something is wrong."""
import pytest

from pages import Pages, PagesClass, without_store


class TestFrame(PagesClass):
    def test_html(self, site):
        answer = Pages(site).get("")
        assert (answer.status, answer.headers["Location"]) == (302, f"http://127.0.0.1:{site.port}/devupdate/index")
        answer = Pages(site).get("index")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.text.startswith("<!DOCTYPE html>\n<html")
        assert '<a href="index" aria-current="page">Overview</a>' in answer.text
        assert "Rules with a pending version: 2" in answer.text

    def test_headers(self, site):
        headers = Pages(site).get("index").headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"

    def test_nothing_inline(self, site):
        text = Pages(site).get("index").text
        assert "<style" not in text and " style=" not in text and " onclick" not in text
        assert text.count("<script") == text.count('<script src="static/')

    @pytest.mark.parametrize("accept", ["application/json", "application/json, text/html", "text/plain, application/json;q=0.5"])
    def test_json(self, site, accept):
        answer = Pages(site).ask("GET", "index", headers={"Accept": accept})
        assert answer.headers["Content-Type"] == "application/json"
        assert Pages(site).json("index")["rules"] == 3

    @pytest.mark.parametrize("header, language", [("ja", "ja"), ("ja-JP, en;q=0.5", "ja"), ("de, fr", "en"), ("en, ja", "en"),
                                                  ("en;q=0.3, ja;q=0.8", "ja"), ("", "en"), ("ja;q=0", "en")])
    def test_language(self, site, header, language):
        answer = Pages(site).get("index", headers={"Accept": "text/html", "Accept-Language": header})
        assert f' lang="{language}"' in answer.text[15:].partition(">")[0]
        assert answer.headers["Content-Language"] == language
        assert ("概要" in answer.text) == (language == "ja")

    def test_language_is_kept(self, site):
        pages = Pages(site)
        chosen = pages.get("index?language=ja")
        cookie = chosen.headers["Set-Cookie"].partition(";")[0]
        assert "概要" in chosen.text
        assert "概要" in pages.get("index", headers={"Accept": "text/html", "Cookie": f"a=b; {cookie}"}).text
        assert "Overview" in pages.get("index", headers={"Accept": "text/html", "Cookie": "devupdate_language=xx"}).text

    @pytest.mark.parametrize("target, status", [("index?unknown=1", 400), ("index/more", 404), ("nothing", 404), ("index?language=%FF", 400),
                                                ("index?language=%zz", 400), ("index?language=LONG", 413)])
    def test_bad_targets(self, site, ledger, target, status):
        ledger.declare("AH01264")   # httpd's own words for a program that is not there
        answer = Pages(site).get(target.replace("LONG", "x" * 5000))
        assert answer.status == status
        assert "Traceback" not in answer.text

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "POST"])
    def test_methods(self, site, method):
        answer = Pages(site).ask(method, "index", b"")
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"

    def test_nobody(self, site):
        assert Pages(site, user=None).get("index").status == 401

    def test_no_role(self, site):
        answer = Pages(site, user="stranger").get("index")
        assert answer.status == 403
        assert "stranger has no role here" in answer.text
        assert "<nav" not in answer.text and "pending" not in answer.text

    def test_head(self, site):
        answer = Pages(site).ask("HEAD", "index")
        assert answer.status == 200 and answer.text == ""


class TestWithoutAccount(PagesClass):
    """Somebody forgot to ask for a name: the page refuses by itself."""
    config = PagesClass.config.replace("    Require valid-user\n", "    Require all granted\n")

    def test_refused(self, site):
        answer = Pages(site, user=None).get("index")
        assert answer.status == 403
        assert "nobody has signed in" in answer.text and "pending" not in answer.text


class TestWithoutAdmin(PagesClass):
    config = PagesClass.config.replace("    DevUpdateAdmin On\n", "")

    def test_says_what_is_missing(self, site, ledger):
        ledger.declare("DU0899")
        answer = Pages(site).get("index")
        assert answer.status == 500
        assert "DevUpdateAdmin On" in answer.text


class TestStoreAway(PagesClass):
    def test_says_so_and_comes_back(self, site):
        pages = Pages(site)
        with without_store(site):
            answer = pages.get("index")
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "10"
        assert 'http-equiv="refresh" content="10"' in answer.text
        assert pages.get("index").status == 200
