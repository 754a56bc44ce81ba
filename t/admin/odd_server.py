"""A web server for `devupdatectl phone` that answers what a test tells it to, right or wrong."""
import base64
import hashlib
import http.server
import threading

REPLY = """<?xml version="1.0" encoding="utf-8"?>
<Response><NumOfFiles>{count}</NumOfFiles><BaseURL>{base}</BaseURL><ExternalBaseURL>{external}</ExternalBaseURL>
<Files>{files}</Files></Response>"""
FILE = """<File><Filename>{}</Filename><SignatureFilename>{}</SignatureFilename><Version>{}</Version><Timestamp/></File>"""


def reply(base, *files, count=None, external=""):
    """The body of a reply; files are (name, signature, version)."""
    return REPLY.format(count=len(files) if count is None else count, base=base, external=external,
                        files="".join(FILE.format(*file) for file in files)).encode()


def repr_digest(content):
    """The field as RFC 9530 shows it."""
    return {"Repr-Digest": "sha-256=:" + base64.b64encode(hashlib.sha256(content).digest()).decode() + ":"}


class Answer:
    """An answer with exactly these headers; length is announced, which need not be true (None: it is not)."""

    def __init__(self, body=b"", status=200, headers=None, length=...):
        self.body, self.status, self.headers = body, status, headers or {}
        self.length = len(body) if length is ... else length

    def send(self, handler):
        handler.send_response_only(self.status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        if self.length is not None:
            handler.send_header("Content-Length", self.length)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(self.body)


class Chunked(Answer):
    """A correct answer that does not say its length beforehand."""

    def __init__(self, body, **options):
        super().__init__(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), length=None, **options)
        self.headers["Transfer-Encoding"] = "chunked"


class Silence:
    """No answer, or not all of it, until the client gives up."""

    def __init__(self, beginning=b""):
        self.beginning = beginning

    def send(self, handler):
        handler.wfile.write(self.beginning)
        handler.connection.settimeout(30)
        handler.rfile.read(1)


class Account:
    """The answer for those who name themselves."""

    def __init__(self, user, password, answer):
        self.wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.answer = answer

    def send(self, handler):
        if handler.headers.get("Authorization") == self.wanted:
            self.answer.send(handler)
        else:
            refusal = b"who are you?"
            headers = {"WWW-Authenticate": 'Basic realm="phones"', **repr_digest(refusal)}
            Answer(refusal, 401, headers).send(handler)


class OddServer:
    """Answers /check to POST and everything else to GET from a dictionary; remembers what was asked."""

    def __init__(self, tls=None):
        self.check, self.files, self.seen = Answer(), {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.seen.append(("POST", self.path, self.headers, body))
                self.answer(outer.check)

            def do_GET(self):
                outer.seen.append(("GET", self.path, self.headers, b""))
                self.answer(outer.files.get(self.path, Answer(b"no", 404)))

            def answer(self, answer):
                self.close_connection = True
                try:
                    answer.send(self)
                except OSError:
                    pass  # the client had enough

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def asked(self, method):
        """The paths that were asked for with that method."""
        return [path for verb, path, *_ in self.seen if verb == method]

    def offer(self, *files, **options):
        """Answers checks with an offer of (name, signature, version)."""
        self.check = Answer(reply(self.url + "/base", *files, **options))

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
