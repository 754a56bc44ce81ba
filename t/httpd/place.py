"""Where private servers live: below the build directory, or in /var/tmp if httpd's user cannot get there."""
import grp
import os
import pathlib
import pwd
import shutil
import stat
import tempfile

ACCOUNT = "www-data"  # whom httpd's children become when it is started by root
AS_ROOT = os.geteuid() == 0


def _reachable(path):
    """True if everybody may pass through every directory above path."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in [path, *path.parents])


def make():
    """A new directory that httpd's children can reach."""
    below = pathlib.Path(os.environ["builddir"]).resolve()
    if AS_ROOT and not _reachable(below):
        below = pathlib.Path("/var/tmp")
    path = pathlib.Path(tempfile.mkdtemp(prefix="httpd-test.", dir=below))
    path.chmod(0o755)
    return path


def remove(path):
    shutil.rmtree(path)


def give(path):
    """Gives a file or a whole directory to httpd's user."""
    if not AS_ROOT:
        return
    uid, gid = pwd.getpwnam(ACCOUNT).pw_uid, grp.getgrnam(ACCOUNT).gr_gid
    os.chown(path, uid, gid)
    for directory, names, files in os.walk(path):
        for name in names + files:
            os.chown(os.path.join(directory, name), uid, gid, follow_symlinks=False)
