"""A mistake in the configuration is one clear sentence from `apachectl -t`, which says what and where."""
import os
import re

import pytest

TEMPLATES = {
    "not-well-formed.xml": '<Response xmlns:du="urn:devupdate:template">\n<NumOfFiles>\n</Response>',
    "unknown-name.xml": '<Response xmlns:du="urn:devupdate:template">\n<NumOfFiles du:text="number"/></Response>',
    "unknown-attribute.xml": '<Response xmlns:du="urn:devupdate:template">\n<NumOfFiles du:txt="version"/></Response>',
    "unknown-element.xml": '<Response xmlns:du="urn:devupdate:template">\n<du:text/></Response>',
    "right.xml": "<Response/>",
    "empty.xml": "",
}

# name, changes to the directives, more configuration, what the sentence says
MISTAKES = [
    ("no store", {"DevUpdateStore": None}, "", "DevUpdateStore does not say where the store is"),
    ("empty store", {"DevUpdateStore": '""'}, "", "DevUpdateStore takes one argument"),
    ("store without parameters", {"DevUpdateStore": "sqlite3"}, "", '"DRIVER PARAMS", not "sqlite3"'),
    ("unknown driver", {"DevUpdateStore": '"sqlite9 /x"'}, "", 'no database driver "sqlite9"'),
    ("driver that is a path", {"DevUpdateStore": '"../../x /x"'}, "", 'no database driver "../../x"'),
    ("no files", {"DevUpdateFiles": None}, "", "DevUpdateFiles does not say where the files are"),
    ("files that are not there", {"DevUpdateFiles": "/nonexistent/files"}, "",
     "DevUpdateFiles /nonexistent/files cannot be used"),
    ("files that are a file", {"DevUpdateFiles": "/etc/passwd"}, "", "DevUpdateFiles /etc/passwd is not a directory"),
    ("URL without scheme", {"DevUpdateInternalURL": "updates.example/x"}, "",
     "DevUpdateInternalURL must be an absolute"),
    ("URL with another scheme", {"DevUpdateExternalURL": "ftp://updates.example/x"}, "",
     "DevUpdateExternalURL must be an absolute"),
    ("URL without host", {"DevUpdateInternalURL": "http:///x"}, "", "DevUpdateInternalURL must be an absolute"),
    ("URL with a user", {"DevUpdateInternalURL": "http://a:b@updates.example/x"}, "",
     "DevUpdateInternalURL must be an absolute"),
    ("URL with a query", {"DevUpdateInternalURL": "http://updates.example/x?y"}, "",
     "DevUpdateInternalURL must be an absolute"),
    ("URL with a slash at its end", {"DevUpdateExternalURL": "https://updates.example/x/"}, "",
     "DevUpdateExternalURL must not end with a slash"),
    ("refresh of nothing", {"DevUpdateRefresh": "0"}, "",
     'DevUpdateRefresh must be a whole number from 1 to 3600, not "0"'),
    ("refresh too long", {"DevUpdateRefresh": "3601"}, "", "DevUpdateRefresh must be a whole number from 1 to 3600"),
    ("refresh with a unit", {"DevUpdateRefresh": "2s"}, "", 'DevUpdateRefresh must be a whole number from 1 to 3600, not "2s"'),
    ("refresh far out of range", {"DevUpdateRefresh": "99999999999999999999"}, "", "DevUpdateRefresh must be a whole number"),
    ("body limit too small", {"DevUpdateMaxRequestBody": "1023"}, "", "DevUpdateMaxRequestBody must be a whole number from 1024 to 1048576"),
    ("body limit too large", {"DevUpdateMaxRequestBody": "1048577"}, "", "DevUpdateMaxRequestBody must be a whole number from 1024 to 1048576"),
    ("upload limit too small", {"DevUpdateMaxUpload": "1023"}, "", "DevUpdateMaxUpload must be a whole number from 1024 to 1099511627776"),
    ("quota that is none", {"DevUpdateUploadQuota": "-1"}, "", "DevUpdateUploadQuota must be a whole number from 1024 to 1125899906842624"),
    ("quota of a device with a unit", {"DevUpdateUploadQuotaPerDevice": "5G"}, "", 'DevUpdateUploadQuotaPerDevice must be a whole number from 1024 to 1125899906842624, not "5G"'),
    ("free space far out of range", {"DevUpdateMinFreeSpace": "99999999999999999999"}, "", "DevUpdateMinFreeSpace must be a whole number from 0 to 1125899906842624"),
    ("engine neither on nor off", {"DevUpdateEngine": "Yes"}, "", "DevUpdateEngine must be On or Off"),
    ("two words", {"DevUpdateNode": "a b"}, "", "DevUpdateNode takes one argument"),
    ("node with a slash", {"DevUpdateNode": "a/b"}, "",
     'DevUpdateNode must be usable in a file name (1 to 64 characters, no slash), not "a/b"'),
    ("node that climbs", {"DevUpdateNode": ".."}, "", "DevUpdateNode must be usable in a file name"),
    ("empty node", {"DevUpdateNode": '""'}, "", "DevUpdateNode takes one argument"),
    ("node of 65 characters", {"DevUpdateNode": "n" * 65}, "", "DevUpdateNode must be usable in a file name"),
    ("template that is not there", {"DevUpdateReplyTemplate": "none.xml"}, "", "/none.xml cannot be read"),
    ("template that is a directory", {"DevUpdateReplyTemplate": "logs"}, "", "/logs cannot be read"),
    ("template that is empty", {"DevUpdateReplyTemplate": "empty.xml"}, "", "/empty.xml: the template is not well-formed: line 1"),
    ("template that is not well-formed", {"DevUpdateReplyTemplate": "not-well-formed.xml"}, "", "/not-well-formed.xml: the template is not well-formed: line 3"),
    ("template with an unknown name", {"DevUpdateReplyTemplate": "unknown-name.xml"}, "", '/unknown-name.xml: line 2 of the template: there is no value named "number"'),
    ("template with an unknown attribute", {"DevUpdateReplyTemplate": "unknown-attribute.xml"}, "", "/unknown-attribute.xml: line 2 of the template: no attribute txt"),
    ("template with an unknown element", {"DevUpdateReplyTemplate": "unknown-element.xml vendor=x"}, "", "/unknown-element.xml: line 2 of the template: no element <text>"),
    ("the second of two templates", {"DevUpdateReplyTemplate": "right.xml"}, 'DevUpdateReplyTemplate unknown-name.xml vendor=x', "/unknown-name.xml: line 2"),
    ("template with an unknown condition", {"DevUpdateReplyTemplate": "x.xml brand=Aastra"}, "", 'user-agent= with a value, each once, not "brand=Aastra"'),
    ("template with a condition without value", {"DevUpdateReplyTemplate": "x.xml type="}, "", 'with a value, each once, not "type="'),
    ("template with a condition twice", {"DevUpdateReplyTemplate": "x.xml type=a type=b"}, "", 'each once, not "type=b"'),
    ("two templates without conditions", {"DevUpdateReplyTemplate": "x.xml"}, "DevUpdateReplyTemplate y.xml", "DevUpdateReplyTemplate: there is one template without conditions already"),
    ("template for a vendor that is not there", {"DevUpdateReplyTemplate": "none.xml vendor=x"}, "", "/none.xml cannot be read"),
    ("name for an unknown field", {"DevUpdateRequestName": "Brand maker"}, "", 'DevUpdateRequestName: there is no field "Brand", only DeviceType, MacAddress'),
    ("name that is none", {"DevUpdateRequestName": "Model 2nd"}, "", 'DevUpdateRequestName: "2nd" cannot be the name of an XML element'),
    ("name with a prefix", {"DevUpdateRequestName": "Model q:model"}, "", '"q:model" cannot be the name of an XML element'),
    ("name of two fields", {"DevUpdateRequestName": "Model x"}, "DevUpdateRequestName Vendor X", 'DevUpdateRequestName: "X" stands for another field already'),
    ("name of two fields of an upload", {"DevUpdateRequestName": "LogType x"}, "DevUpdateRequestName MacAddress x", 'DevUpdateRequestName: "x" stands for another field already'),
    ("field without a name", {"DevUpdateRequestName": "Model"}, "", "DevUpdateRequestName takes 2 to 60 words"),
    ("too many names", {"DevUpdateRequestName": "Model " + " ".join(f"a{n}" for n in range(50))}, "DevUpdateRequestName Vendor " + " ".join(f"b{n}" for n in range(15)), '"b14" is one name too many: there can be 64'),
    ("capture to nowhere", {"DevUpdateCapture": "/nonexistent/capture"}, "", "DevUpdateCapture /nonexistent/capture cannot be used"),
    ("capture to a file", {"DevUpdateCapture": "/etc/passwd"}, "", "DevUpdateCapture /etc/passwd is not a directory"),
    ("capture of nothing", {"DevUpdateCapture": "logs count=0"}, "", 'DevUpdateCapture: after the directory come count= (1 to 9999) and size= (1024 to 67108864), not "count=0"'),
    ("capture of too much", {"DevUpdateCapture": "logs size=67108865"}, "", 'not "size=67108865"'),
    ("capture with too small files", {"DevUpdateCapture": "logs count=100 size=1024"}, "", "DevUpdateCapture: size must be at least 1024 times count"),
    ("two captures", {"DevUpdateCapture": "logs"}, "DevUpdateCapture logs", "DevUpdateCapture is there already"),
    ("directive inside of a directory", {}, '<Directory "/x">\nDevUpdateEngine On\n</Directory>', "DevUpdateEngine not allowed in <Directory"),
    ("misspelt", {}, "DevUpdateStores x", "Invalid command 'DevUpdateStores'"),
] + [
    (f"{name} in a virtual host", {}, f"<VirtualHost *:{{port}}>\n{name} {value}\n</VirtualHost>",
     f"{name} belongs outside of <VirtualHost>")
    for name, value in (("DevUpdateStore", '"sqlite3 /x"'), ("DevUpdateFiles", "/x"), ("DevUpdateNode", "x"),
                        ("DevUpdateInternalURL", "http://x/y"), ("DevUpdateExternalURL", "http://x/y"),
                        ("DevUpdateReplyTemplate", "x"), ("DevUpdateRefresh", "2"), ("DevUpdateUploadQuota", "5000"),
                        ("DevUpdateUploadQuotaPerDevice", "5000"), ("DevUpdateMinFreeSpace", "0"), ("DevUpdateRequestName", "Model x"),
                        ("DevUpdateCapture", "x"))
]

# what httpd itself puts before a mistake in a directive, and after one that only the whole shows
FRAME = re.compile(r"AH00526: Syntax error on line \d+ of |AH00014: Configuration check failed")


@pytest.fixture
def prepared(own_site):
    """A function that prepares the site with a configuration and answers what `apachectl -t` says of it."""
    def prepare(directives, config=""):
        for name, text in TEMPLATES.items():
            (own_site.root / name).write_text(text)
        return own_site.prepare(directives, config).httpd.check()
    return prepare


class TestMistakes:
    @pytest.mark.parametrize("directives, config, sentence", [case[1:] for case in MISTAKES],
                             ids=[case[0] for case in MISTAKES])
    def test_one_sentence(self, prepared, directives, config, sentence):
        status, text = prepared(directives, config)
        assert status != 0
        assert sentence in text
        said = [line for line in text.splitlines() if not FRAME.match(line)]
        assert len(said) == 1, text

    def test_they_keep_httpd_from_starting(self, own_site):
        own_site.prepare({"DevUpdateStore": None})
        with pytest.raises(AssertionError, match="DU0101"):
            own_site.httpd.start()
        own_site.httpd.process = None
        own_site.ledger.declare("DU0101", "AH00014")


class TestNoMistakes:
    def test_the_usual(self, prepared):
        assert prepared({}) == (0, "Syntax OK\n")

    @pytest.mark.parametrize("directives", [
        {"DevUpdateRefresh": "3600"}, {"DevUpdateRefresh": "1"}, {"DevUpdateMaxRequestBody": "1048576"},
        {"DevUpdateMaxRequestBody": "1024"}, {"DevUpdateMaxUpload": "1099511627776"}, {"DevUpdateUploadQuota": "1125899906842624"},
        {"DevUpdateUploadQuotaPerDevice": "1024"}, {"DevUpdateMinFreeSpace": "0"}, {"DevUpdateNode": "n" * 64}, {"DevUpdateNode": "phones-1.example.com"},
        {"DevUpdateNode": None}, {"DevUpdateInternalURL": "http://10.1.2.3:8080"}, {"DevUpdateInternalURL": "http://[::1]/x"},
        {"DevUpdateCapture": "logs"}, {"DevUpdateCapture": "logs count=9999 size=67108864"},
        {"DevUpdateCapture": "logs size=1024 count=1"}, {"DevUpdateRequestName": "mODEL \u00e4 model-2"},
        {"DevUpdateRequestName": "Filename Model"}, {"DevUpdateRequestName": "Model " + " ".join(f"a{n}" for n in range(59))},
        {"DevUpdateExternalURL": "HTTPS://Updates.Example:443/a/b"}, {"DevUpdateEngine": "Off", "DevUpdateStore": None}],
        ids=str)
    def test_the_ends_of_what_is_allowed(self, prepared, directives):
        assert prepared(directives) == (0, "Syntax OK\n")

    def test_a_store_that_is_not_there_yet(self, own_site, prepared):
        """It may come later, and it may be away for a while: a warning at start, not a mistake."""
        assert prepared({"DevUpdateStore": '"sqlite3 /nonexistent/store.sqlite"'})[0] == 0
        own_site.httpd.start()
        own_site.ledger.declare("DU0520", "DU0506", "DU0502", "DU0515")
        assert own_site.ledger.count("DU0506") == 1
        assert own_site.check().status == 503

    def test_checking_changes_nothing(self, own_site, prepared):
        prepared({})
        assert not own_site.store.kept.parent.exists()
        assert not (own_site.store.files / "DeviceUpdateLogs").exists()


class TestShippedConfiguration:
    def test_the_shipped_template_is_the_built_in_one(self, own_site):
        """conf/reply.xml gives the same bytes as no template at all."""

        own_site.start()
        built_in = own_site.check().body
        own_site.httpd.stop()
        template = os.path.join(os.environ["srcdir"], "conf", "reply.xml")
        own_site.httpd.write(own_site.configuration({"DevUpdateReplyTemplate": f'"{template}"'}))
        own_site.httpd.start()
        assert own_site.check().body == built_in
