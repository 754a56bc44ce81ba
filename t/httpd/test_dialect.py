"""Phones of other dialects: names of the request, templates of the reply, both by configuration."""
import os
import pathlib
import re
import subprocess
import textwrap
import urllib.parse
import xml.etree.ElementTree as ElementTree

import capture
import phone
import place
import upload
from phone import Reply, request_xml
from store import AASTRA, APPROVED, CX600, image_path

INTERNAL = "http://updates.contoso.com/RequestHandler/Files"
NAMES = """
DevUpdateRequestName Model product hardware
DevUpdateRequestName Vendor Type
DevUpdateRequestName DeviceType class
DevUpdateRequestName Module Teil
DevUpdateRequestName Version v
"""


class TestRequestNames:
    config = NAMES

    def test_names_of_ours(self, site):
        body = b'<r product="CX600" Type="POLYCOM" class="UCPhone" Rev="A" Locale="ENU"><Teil Name="CPE.nbt" v="1"/></r>'
        audit = site.audit()
        assert site.offered(body) == APPROVED
        assert audit.one()["Request Modules"] == "CPE.nbt;1;"

    def test_the_shipped_ones_stay(self, site):
        assert site.offered(request_xml()) == APPROVED

    def test_ours_go_first_and_the_earlier_before_the_later(self, site):
        assert site.offered(request_xml(product="CX600", Model="none", hardware="none")) == APPROVED
        assert site.offered(request_xml(product="none", Model="CX600")) is None

    def test_the_installed_version_is_recognised(self, site):
        body = f'<r product="CX600" Type="POLYCOM" class="UCPhone" Rev="A" Locale="ENU"><Teil Name="CPE.nbt" v="{APPROVED}"/></r>'
        audit = site.audit()
        assert site.offered(body.encode()) is None
        assert audit.one()["Reason"] == "current"


class TestUploadNames:
    """The logs of an invented phone: what it calls things stands in query string, headers, form fields and XML part."""
    config = """
DevUpdateRequestName MacAddress hw
DevUpdateRequestName DeviceType class
DevUpdateRequestName LogType trace-kind
DevUpdateRequestName LogFileName label
"""
    TEXT = {"hw": "0004f2000176", "class": "UCPhone", "trace-kind": "CELog", "label": "ce.clg"}

    @staticmethod
    def stored(watch):
        record = watch.stored()
        assert [record[name] for name in ("Type", "Mac Address", "Device File Name")] == ["CELog", "00-04-F2-00-01-76", "ce.clg"]
        assert "/UCPhone_00-04-F2-00-01-76-" in record["Stored File"]

    def test_query(self, site):
        watch = upload.Watch(site)
        upload.raw(site, target=f"{phone.CHECK}?{urllib.parse.urlencode(self.TEXT)}")
        self.stored(watch)

    def test_headers(self, site):
        watch = upload.Watch(site)
        upload.raw(site, target=phone.CHECK, headers={f"X-{name.title()}": value for name, value in self.TEXT.items()})
        self.stored(watch)

    def test_form_fields(self, site):
        watch = upload.Watch(site)
        upload.form(site, *(upload.field(name, value) for name, value in self.TEXT.items() if name != "label"), upload.file_part())
        self.stored(watch)

    def test_xml_part(self, site):
        watch = upload.Watch(site)
        text = '<q:log xmlns:q="urn:example:phone" hw="0004f2000176" trace-kind="CELog"><q:class>UCPhone</q:class></q:log>'
        upload.form(site, upload.part(text.encode(), b'Content-Disposition: form-data; name="about"', b"Content-Type: text/xml"),
                    upload.file_part())
        self.stored(watch)

    def test_checks_have_the_shared_names(self, site):
        audit = site.audit()
        body = b'<r hw="0004f2000176" class="UCPhone" Vendor="POLYCOM" Model="CX600" Rev="A" Locale="ENU"/>'
        assert site.offered(body) == APPROVED
        assert audit.one()["Mac Address"] == "00-04-F2-00-01-76"

    def test_the_shipped_names_stay(self, site):
        watch = upload.Watch(site)
        upload.raw(site)
        assert watch.stored()["Serial Number"] == "07823-A345"


TEMPLATE = '<?xml version="1.0" encoding="{encoding}"?>\n<r xmlns:du="urn:devupdate:template" du:attr="v=version" name="{name}"/>'


def write_templates(store, **encodings):
    for name, encoding in encodings.items():
        path = store.directory.parent / f"{name}.xml"
        path.write_bytes(TEMPLATE.format(encoding=encoding, name=name).encode(encoding))


class TestReplyTemplates:
    """The first that fits; the one without conditions for all others, wherever it stands."""
    config = """
DevUpdateReplyTemplate "{root}/rest.xml"
DevUpdateReplyTemplate "{root}/both.xml" vendor=aastra user-agent=Special
DevUpdateReplyTemplate "{root}/vendor.xml" vendor=AASTRA
DevUpdateReplyTemplate "{root}/type.xml" type=roundtable
DevUpdateReplyTemplate "{root}/agent.xml" "user-agent=phone/2."
"""

    @staticmethod
    def prepare_store(store):
        write_templates(store, rest="utf-8", both="utf-8", vendor="iso-8859-1", type="utf-8", agent="utf-16")

    @staticmethod
    def answer(site, body, agent=None):
        """(name of the template, version offered)"""
        response = site.check(body, headers={"User-Agent": agent})
        assert response.status == 200
        root = ElementTree.fromstring(response.body)
        charset = {"vendor": "iso-8859-1", "agent": "utf-16"}.get(root.get("name"), "utf-8")
        assert response.headers["Content-Type"] == f"text/xml; charset={charset}"
        assert int(response.headers["Content-Length"]) == len(response.body)
        return root.get("name"), root.get("v")

    def test_by_vendor(self, site):
        body = request_xml(Vendor="Aastra", Model="6725ip")
        assert self.answer(site, body) == ("vendor", APPROVED)
        assert self.answer(site, request_xml(Vendor="aASTRA", Model="unknown")) == ("vendor", None)

    def test_by_vendor_and_user_agent(self, site):
        assert self.answer(site, request_xml(Vendor="Aastra", Model="6725ip"), "a sPECIAL phone") == ("both", APPROVED)
        assert self.answer(site, request_xml(), "a Special phone") == ("rest", APPROVED)

    def test_by_type(self, site):
        assert self.answer(site, request_xml(DeviceType="RoundTable")) == ("type", None)

    def test_by_user_agent(self, site):
        assert self.answer(site, request_xml(), "ExamplePhone/2.1") == ("agent", APPROVED)
        assert self.answer(site, request_xml(), "ExamplePhone/3.1") == ("rest", APPROVED)
        assert self.answer(site, request_xml(Model="unknown"), "ExamplePhone/2.1") == ("agent", None)

    def test_the_first_that_fits(self, site):
        assert self.answer(site, request_xml(Vendor="Aastra", Model="6725ip"), "phone/2.") == ("vendor", APPROVED)

    def test_the_rest(self, site):
        assert self.answer(site, request_xml()) == ("rest", APPROVED)
        assert self.answer(site, b"<empty/>") == ("rest", None)

    def test_images_are_the_same_for_all(self, site):
        for key in (CX600, AASTRA):
            path = image_path(key, APPROVED)
            assert site.get(f"/RequestHandler/Files/{path}").body == site.store.image(key, APPROVED).read_bytes()


class TestConditionsWithoutADefault:
    config = 'DevUpdateReplyTemplate "{root}/vendor.xml" vendor=Aastra\n'

    @staticmethod
    def prepare_store(store):
        write_templates(store, vendor="utf-8")

    def test_the_built_in_one_is_for_all_others(self, site):
        assert Reply(site.check()).version == APPROVED
        assert b'name="vendor"' in site.check(request_xml(Vendor="Aastra")).body


class TestKeptRuleSet:
    def test_another_set_of_templates_after_a_restart(self, own_site):
        """Replies are bound when the rule set is compiled, so a new configuration compiles anew."""
        write_templates(own_site.store, agent="utf-16")
        own_site.start()
        assert Reply(own_site.check(headers={"User-Agent": "x"})).version == APPROVED
        own_site.httpd.write(own_site.configuration(config='DevUpdateReplyTemplate "{root}/agent.xml" user-agent=x'))
        own_site.httpd.restart_gracefully()
        assert TestReplyTemplates.answer(own_site, None, "x") == ("agent", APPROVED)


BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.M | re.S)


class Page:
    """conf/examples/new-dialect.md, with the paths of a test instead of its own."""

    def __init__(self, site):
        text = (pathlib.Path(os.environ["srcdir"]) / "conf" / "examples" / "new-dialect.md").read_text()
        self.site, self.root = site, site.root / "page"
        self.root.mkdir()
        self.blocks = [(kind, textwrap.dedent(block)) for kind, block in BLOCK.findall(text)]

    def moved(self, text):
        for there, here in (("/var/lib/devupdate", self.root), ("/etc/apache2", self.root),
                            ("http://127.0.0.1", f"http://127.0.0.1:{self.site.port}"),
                            ("devupdatectl", os.environ["CTL"])):
            text = text.replace(there, str(here))
        return text if place.AS_ROOT else text.replace("-o www-data ", "")

    def next(self, kind):
        """The next block of the page, which is of this kind."""
        found, text = self.blocks.pop(0)
        assert found == kind, f"a block of {found}, not {kind}: {text}"
        return text

    def run(self):
        """Runs the next block's commands; their output."""
        done = subprocess.run(["sh", "-euc", self.moved(self.next("sh"))], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def configure(self, before=""):
        """Puts the next block into the configuration behind what there is; answers all of it."""
        config = before + self.moved(self.next("apache"))
        self.site.httpd.write(self.site.configuration(config=config))
        status, said = self.site.httpd.check()
        assert (status, said) == (0, "Syntax OK\n")
        return config


class TestNewDialect:
    """The page, step by step, with nothing but its own lines. Other names, attributes, a namespace, UTF-16."""

    def test_from_a_capture_to_a_working_dialect(self, own_site):
        own_site.start()
        page = Page(own_site)
        page.run()
        config = page.configure()
        own_site.httpd.restart_gracefully()

        head, _, body = page.next("text").partition("\n\n")
        line, *headers = head.splitlines()
        method, target = line.split(" ")
        headers, body = dict(header.split(": ") for header in headers), body.encode("utf-16")
        before = phone.ask(own_site.port, method, target, headers, body)
        assert Reply(before).count == 0
        kept = capture.wait(page.root / "capture", 1)
        assert kept.endswith(b"\n\n" + body) and f"\n{line}\n".encode() in kept

        config = page.configure(config)
        (page.root / "example-phone.txt").write_text(page.next("xml"))
        page.run()
        page.configure(config)
        own_site.httpd.restart_gracefully()

        audit = own_site.audit()
        answer = phone.ask(own_site.port, method, target, headers, body)
        assert answer.headers["Content-Type"] == "text/xml; charset=utf-16" and answer.body.startswith(b"\xff\xfe")
        root = ElementTree.fromstring(answer.body)
        assert (root.tag, root.attrib) == ("{urn:example:phone}Offer",
                                           {"count": "1", "from": f"{INTERNAL}/{CX600}/{APPROVED}/CPE"})
        assert [(part.tag, part.attrib) for part in root] == [
            ("{urn:example:phone}Part", {"n": "CPE.nbt", "seal": "CPE.cat", "v": APPROVED})]
        record = audit.one()
        assert [record[name] for name in ("Device Type", "Mac Address", "Vendor", "Model", "Revision", "Locale")] == [
            "UCPhone", "00-04-F2-00-01-76", "POLYCOM", "CX600", "A", "ENU"]
        assert (record["Request Modules"], record["Result"], record["Reason"]) == (
            f"CPE.nbt;{phone.INSTALLED};", "offered", "approved")

        printed = page.run()
        assert printed.startswith(f"HTTP 200: text/xml; charset=utf-16, {len(answer.body)} bytes\n")
        assert f'n="CPE.nbt" seal="CPE.cat" v="{APPROVED}"' in printed
        assert not page.blocks, "everything on the page was done"

        assert Reply(own_site.check()).version == APPROVED, "all other phones as before"
