"""Reverse proxies from conf/examples in front of a site: httpd, nginx, haproxy. Each has a port for HTTP and one for TLS."""
import examples
import place
from peer import Peer, need
from server import Httpd

NAME = "updates.example.com"   # in the certificates, as the examples have it


class Edge:
    """site is what is behind: 8080 is its port, 4443 its TLS port. tls is the authority with the certificates."""

    def __init__(self, root, site, tls):
        self.root, self.site, self.tls = root, site, tls


class HttpdEdge(Edge):
    httpd = None

    def start(self):
        server = self.site.httpd
        config = examples.defines(
            SERVER="127.0.0.1", SERVER_CA=self.tls.certificate, EDGE_CERTIFICATE=self.tls.path(NAME),
            EDGE_KEY=self.tls.path(NAME, "key"), EDGE_HTTP="{port}", EDGE_HTTPS="{tls_port}",
            SERVER_HTTP=server.port, SERVER_HTTPS=server.tls_port)
        config += f'''
            Listen 127.0.0.1:{{tls_port}}
            SSLSessionCache "shmcb:{{root}}/logs/tls(51200)"
            Include "{examples.EXAMPLES}/proxy-httpd.conf"
        '''
        self.httpd = Httpd(self.root, config, ("proxy", "proxy_http", "headers", *examples.TLS_MODULES))
        self.httpd.start()
        self.http, self.https = self.httpd.port, self.httpd.tls_port
        return self

    def stop(self):
        if not self.httpd:
            return
        self.httpd.stop()
        undeclared = self.httpd.ledger.settle()
        assert not undeclared, f"in the proxy's log:\n{undeclared}"


class PeerEdge(Edge, Peer):
    port_count = 2

    def __init__(self, root, site, tls):
        Edge.__init__(self, root, site, tls)
        Peer.__init__(self, root)

    http = property(lambda self: self.ports[0])
    https = property(lambda self: self.ports[1])


class NginxEdge(PeerEdge):
    MAIN = """daemon off;
pid {root}/pid;
worker_processes 1;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    include {root}/proxy-nginx.conf;
}}
"""

    def __init__(self, root, site, tls):
        self.nginx = need("nginx")
        super().__init__(root, site, tls)

    def command(self):
        """What the example says to change is changed; the rest is loaded as it stands."""
        changes = {
            "server devupdate.example.com:8080;": f"server 127.0.0.1:{self.site.httpd.port};",
            "server devupdate.example.com:4443;": f"server 127.0.0.1:{self.site.httpd.tls_port};",
            "listen 80 ": f"listen 127.0.0.1:{self.http} ",
            "listen 443 ": f"listen 127.0.0.1:{self.https} ",
            "/etc/ssl/certs/updates.example.com.pem": str(self.tls.path(NAME)),
            "/etc/ssl/private/updates.example.com.key": str(self.tls.path(NAME, "key")),
            "/etc/ssl/certs/example-ca.pem": str(self.tls.certificate),
        }
        text = (examples.EXAMPLES / "proxy-nginx.conf").read_text()
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (self.root / "proxy-nginx.conf").write_text(text)
        user = f"user {place.ACCOUNT};" if place.AS_ROOT else ""
        (self.root / "nginx.conf").write_text(self.MAIN.format(root=self.root, user=user))
        return [self.nginx, "-p", str(self.root), "-c", str(self.root / "nginx.conf"), "-e", str(self.root / "error_log")]


class HaproxyEdge(PeerEdge):
    def __init__(self, root, site, tls):
        self.haproxy = need("haproxy")
        super().__init__(root, site, tls)

    def command(self):
        (self.root / "global.cfg").write_text("global\n    maxconn 100\n")
        return [self.haproxy, "-db", "-f", str(self.root / "global.cfg"), "-f", f"{examples.EXAMPLES}/proxy-haproxy.cfg"]

    def environment(self):
        server = self.site.httpd
        settings = {"EDGE_HTTP": f"127.0.0.1:{self.http}", "EDGE_HTTPS": f"127.0.0.1:{self.https}",
                    "EDGE_CERTIFICATE": self.tls.path(NAME, "both"), "SERVER_HTTP": f"127.0.0.1:{server.port}",
                    "SERVER_HTTPS": f"127.0.0.1:{server.tls_port}", "SERVER_CA": self.tls.certificate}
        return {**super().environment(), **{f"DEVUPDATE_{name}": str(value) for name, value in settings.items()}}


EDGES = {"httpd": HttpdEdge, "nginx": NginxEdge, "haproxy": HaproxyEdge}
