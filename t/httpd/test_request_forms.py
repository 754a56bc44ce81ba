"""The same request in every form that the parser accepts (protocol.md 11.1): nobody has published the real one."""
import codecs

import pytest

from phone import request_xml
from store import APPROVED

PLAIN = request_xml().decode().partition("\n")[2]   # without the declaration


def encoded(encoding, bom=b"", declaration=None):
    text = f'<?xml version="1.0" encoding="{declaration}"?>' if declaration else ""
    return bom + (text + PLAIN).encode(encoding)


ENCODINGS = [
    ("no declaration", encoded("utf-8")),
    ("declaration without encoding", b'<?xml version="1.0"?>' + PLAIN.encode()),
    ("UTF-8 with BOM", encoded("utf-8", codecs.BOM_UTF8, "utf-8")),
    ("UTF-8 with BOM, no declaration", encoded("utf-8", codecs.BOM_UTF8)),
    ("UTF-16LE with BOM", encoded("utf-16-le", codecs.BOM_UTF16_LE, "utf-16")),
    ("UTF-16LE with BOM, no declaration", encoded("utf-16-le", codecs.BOM_UTF16_LE)),
    ("UTF-16BE with BOM", encoded("utf-16-be", codecs.BOM_UTF16_BE, "utf-16")),
    ("UTF-16BE with BOM, no declaration", encoded("utf-16-be", codecs.BOM_UTF16_BE)),
    ("UTF-16LE without BOM", encoded("utf-16-le", declaration="utf-16")),
    ("UTF-16BE without BOM", encoded("utf-16-be", declaration="utf-16")),
]

ATTRIBUTES = """<Request DeviceType="UCPhone" MacAddress="00-04-F2-00-01-76" SerialNumber="07823-A345" Vendor="POLYCOM"
 Model="CX600" Revision="A" Locale="ENU">
<Modules><Module Filename="CPE.nbt" Version="{v}" Timestamp=""/></Modules></Request>"""
SHORT_NAMES = """<r><Type>UCPhone</Type><Mac>0004f2000176</Mac><Serial>1</Serial><Brand>POLYCOM</Brand>
<Model>CX600</Model><Rev>A</Rev><Locale>ENU</Locale><User>bob</User>
<File><Name>CPE.nbt</Name><Version>{v}</Version><TimeStamp/></File></r>"""
NAMESPACE = """<p:Request xmlns:p="urn:any"><p:DeviceType>UCPhone</p:DeviceType><p:Vendor>POLYCOM</p:Vendor>
<p:Model>CX600</p:Model><p:Revision>A</p:Revision><p:Locale>ENU</p:Locale>
<p:Image><p:FileName>CPE.nbt</p:FileName><p:Version>{v}</p:Version></p:Image></p:Request>"""
DEFAULT_NAMESPACE = ATTRIBUTES.replace("<Request ", '<Request xmlns="http://schemas.example/2007" ', 1)
LEVELS = """<soap><envelope><body Model="CX600"><device><DeviceType>UCPhone</DeviceType><a><Vendor>POLYCOM</Vendor></a>
<Revision>A</Revision></device><l Locale="ENU"/><Modules><m><Module><Filename>CPE.nbt</Filename>
<Version>{v}</Version></Module></m></Modules></body></envelope></soap>"""
ODD_CASE = """<REQUEST devicetype="UCPhone" VENDOR="POLYCOM" mOdEl="CX600" revision="A" LOCALE="ENU">
<MODULE FILENAME="CPE.nbt" VERSION="{v}"/></REQUEST>"""
SPACE = """<Request> <!-- a comment --> <DeviceType> UCPhone </DeviceType><Vendor>
 POLYCOM
</Vendor><?pi ?><Model><![CDATA[CX600]]></Model><Revision>&#65;</Revision><Locale>E<!-- -->NU</Locale>
<Module><Filename> CPE.nbt</Filename><Version>{v} </Version></Module></Request>"""
FORMS = {name.lower(): text for name, text in globals().items()
         if name in ("ATTRIBUTES", "SHORT_NAMES", "NAMESPACE", "DEFAULT_NAMESPACE", "LEVELS", "ODD_CASE", "SPACE")}


class TestForms:
    @pytest.mark.parametrize("body", [body for _, body in ENCODINGS], ids=[name for name, _ in ENCODINGS])
    def test_encodings(self, site, body):
        audit = site.audit()
        assert site.offered(body) == APPROVED
        record = audit.one()
        assert (record["Serial Number"], record["Request Modules"]) == ("07823-A345", "CPE.nbt;4.0.7577.4387;")

    @pytest.mark.parametrize("form", FORMS)
    def test_shapes(self, site, form):
        assert site.offered(FORMS[form].format(v="1.0.0.1").encode()) == APPROVED
        assert site.offered(FORMS[form].format(v=APPROVED).encode()) is None, "the installed version was read, too"

    def test_letters_beyond_ascii(self, site):
        body = request_xml(UserID="Jürgen Ωmega 電話").decode()
        for encoding in ("utf-8", "utf-16"):
            audit = site.audit()
            site.check(body.replace('encoding="utf-8"', f'encoding="{encoding}"').encode(encoding))
            assert audit.one()["User ID"] == "Jürgen Ωmega 電話"
