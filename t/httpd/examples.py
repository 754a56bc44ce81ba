"""The files of conf/examples, loaded as they stand."""
import os
import pathlib

EXAMPLES = pathlib.Path(os.environ["srcdir"], "conf/examples")

TLS_MODULES = ("ssl", "socache_shmcb")

# A virtual host for phones outside: TLS, and what the example brings.
OUTSIDE = '''
%(defines)s
SSLSessionCache "shmcb:{root}/logs/tls(51200)"
Listen 127.0.0.1:{tls_port}
<VirtualHost *:{tls_port}>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile "%(tls)s/localhost.pem"
    SSLCertificateKeyFile "%(tls)s/localhost.key"
    Include "%(example)s"
</VirtualHost>
'''


def defines(**values):
    """Settings of an example: PASSWORDS is its DEVUPDATE_PASSWORDS."""
    return "\n".join(f'Define DEVUPDATE_{name} "{value}"' for name, value in values.items())


def outside(name, authority, **values):
    """Configuration with one example in the virtual host for phones outside."""
    return OUTSIDE % {"defines": defines(**values), "tls": authority.directory, "example": EXAMPLES / name}
