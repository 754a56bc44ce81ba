"""Names and passwords in a file, for phones outside."""
import subprocess

AUTH_MODULES = ("authn_core", "authn_file", "authz_user", "auth_basic")


def make_htpasswd(store, *names, scheme=("-B", "-C4"), root=None):
    """Every one of them has the password "secret"; the file is {root}/htpasswd. The cost of -C4 suits tests."""
    path = (root or store.directory.parent) / "htpasswd"
    for name in names or ("phone",):
        create = [] if path.exists() else ["-c"]
        subprocess.run(["htpasswd", "-b", *scheme, *create, path, name, "secret"], check=True, capture_output=True)
