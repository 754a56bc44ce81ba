"""HTML as a browser sees it."""
import html.parser


class _Dangers(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.words = ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in ("i", "iframe", "object", "style") or (tag == "script" and given.get("src") != "static/devupdate.js"):
            self.found.append(tag)
        self.found += [name for name in given if name.startswith("on") or name == "style"]
        self.found += [value for name, value in attrs if name in ("href", "src", "action") and ":" in value.partition("?")[0]]


    def handle_data(self, data):
        self.words += data


def words(text):
    """What stands between the tags."""
    parser = _Dangers()
    parser.feed(text)
    return parser.words


def dangers(text):
    """Elements, attributes and addresses of a page that only a hostile text can have brought."""
    parser = _Dangers()
    parser.feed(text)
    return parser.found
