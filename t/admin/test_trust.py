"""import: what is verified comes in, what is not stays out unless it is allowed to. Catalogues are made by t/tools/make_catalog and
compared with osslsigncode, which knows the format independently of us."""
import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import time

import pytest

import make_package
from conftest import AASTRA, CX600, NEW, OLD

NOW, DAY = int(time.time()), 86400
TOOL = pathlib.Path(os.environ["builddir"], "t/tools/make_catalog")


class Identities:
    """Test certificates; each is made when it is first asked for."""

    def __init__(self, directory):
        self.directory = directory
        self.made = {
            "root": self.make("root", "Test Root", "--authority", "--until", NOW + 9999 * DAY, "--from", NOW - 9999 * DAY),
            "other-root": self.make("other-root", "Other Root", "--authority", "--from", NOW - 9999 * DAY),
        }
        for name, shown, issuer, *options in [
                ("vendor", "Vendor Firmware", "root", "--use", "codeSigning"),
                ("stranger", "Stranger", "other-root", "--use", "codeSigning"),
                ("mail", "Mail", "root", "--use", "emailProtection"),
                ("old", "Old Vendor", "root", "--use", "codeSigning", "--from", NOW - 900 * DAY, "--until", NOW - 500 * DAY),
                ("new", "New Vendor", "root", "--use", "codeSigning", "--from", NOW + DAY, "--until", NOW + 500 * DAY),
                ("clock", "Clock", "root", "--use", "timeStamping", "--from", NOW - 2000 * DAY)]:
            self.made[name] = self.make(name, shown, "--issuer", self.made[issuer], *options)
        self.made["alone"] = self.make("alone", "Alone", "--use", "codeSigning")

    def make(self, name, shown, *options):
        path = self.directory / f"{name}.pem"
        subprocess.run([TOOL, "identity", path, shown, *map(str, options)], check=True)
        return path

    def __getitem__(self, name):
        return self.made[name]

    def certificate(self, name, path):
        """The certificate alone, as an administrator gets it from a vendor."""
        text = self.made[name].read_text()
        path.write_text(text[:text.index("-----BEGIN PRIVATE KEY")])
        return path

    def catalogue(self, *contents, signer="vendor", options=()):
        """The bytes of a catalogue that lists these contents."""
        names = []
        for number, content in enumerate(contents):
            names.append(self.directory / f"content{number}")
            names[-1].write_bytes(content)
        out = self.directory / "made.cat"
        signers = ["--signer", self[signer]] if signer else []
        subprocess.run([TOOL, "catalogue", out, *signers, *map(str, options), *names], check=True)
        return out.read_bytes()

    def stamped(self, form, days):
        return ["--stamp", form, "--stamper", self["clock"], "--stamped", NOW - days * DAY]


@pytest.fixture(scope="session")
def identities(tmp_path_factory):
    return Identities(tmp_path_factory.mktemp("identities"))


@pytest.fixture
def strict(ctl, identities):
    """A store that trusts the test root and is told nothing about unsigned packages."""
    ctl.allow_unsigned = False
    identities.certificate("root", ctl.files / "DeviceUpdateTrust" / "vendor-root.pem")
    ctl.text("import", signed_package(ctl.directory / "first.cab", identities, "UCPhone/POLYCOM/CX700/A/ENU"))
    return ctl


def signed_members(identities, *devices, version=OLD, signer="vendor", options=(), **how):
    """Members of a package in which every image has a catalogue of its own."""
    members = make_package.members_of(devices or [CX600], version, **how)
    for name, content in list(members.items()):
        if name.endswith(".nbt"):
            members[name.replace(".nbt", ".cat")] = identities.catalogue(content, signer=signer, options=options)
    return members


def signed_package(path, identities, *devices, **how):
    return make_package.pack(path, signed_members(identities, *devices, **how))


# --- what comes in -------------------------------------------------------------------------------------------------


def test_a_verified_package_says_by_whom_and_until_when(strict, identities, tmp_path):
    cab = signed_package(tmp_path / "good.cab", identities, CX600, AASTRA)
    until = time.strftime("%Y-%m-%d", time.gmtime(NOW + 365 * DAY))
    text = strict.text("import", cab)
    assert text.count(f"Signature: verified, signed by Vendor Firmware (valid until {until[:8]}") == 2
    assert "Signatures: verified.\n" in text and "The cabinet itself is not signed.\n" in text
    shown = strict.text("package", "show", "2")
    assert shown.count("Signature: verified, signed by Vendor Firmware (valid until ") == 2
    document = strict.json("package", "show", "2")
    assert (document["trust"], document["signer"]) == ("verified", None)
    assert {image["trust"] for image in document["images"]} == {"verified"}
    assert all(image["signer"].startswith("Vendor Firmware (valid until ") for image in document["images"])
    assert strict.sql("SELECT DISTINCT trust FROM image") == [("verified",)]
    assert strict.sql("SELECT after FROM activity WHERE action = 'import' AND object = 'package 2'") == \
        [("good.cab trust=verified",)]


def test_import_as_json_says_it_too(strict, identities, tmp_path):
    document = strict.json("import", signed_package(tmp_path / "good.cab", identities))
    (image,) = document["images"]
    assert (document["package"]["trust"], image["trust"], image["doubt"]) == ("verified", "verified", None)
    assert image["signer"].startswith("Vendor Firmware (valid until ")


@pytest.mark.parametrize("form", ["attribute", "hex", "raw"])
@pytest.mark.parametrize("digest", ["SHA1", "SHA256"])
def test_digests_of_both_kinds(strict, identities, tmp_path, digest, form):
    options = ["--digest", digest, "--form", form, "--signing", digest]
    strict.text("import", signed_package(tmp_path / "good.cab", identities, options=options, size=600_000))


def test_one_catalogue_for_all_images(strict, identities, tmp_path):
    members = make_package.members_of([CX600, AASTRA], OLD, files=("CPE", "EBOOT"))
    images = [content for name, content in members.items() if name.endswith(".nbt")]
    everything = identities.catalogue(*images)
    for name in members:
        if name.endswith(".cat"):
            members[name] = everything
    assert strict.json("import", make_package.pack(tmp_path / "good.cab", members))["package"]["trust"] == "verified"


def test_trust_for_once(ctl, identities, tmp_path):
    ctl.allow_unsigned = False
    cab = signed_package(tmp_path / "good.cab", identities)
    before = ctl.state()
    assert "Vendor Firmware, whom no trust anchor vouches for" in ctl.refused("import", cab)
    assert ctl.state()[0] == before[0]
    root = identities.certificate("root", tmp_path / "root.pem")
    assert "verified" in ctl.text("import", cab, "--trust", root, "--dry-run")
    assert "Signatures: verified" in ctl.text("import", cab, "--trust", root)
    assert list((ctl.files / "DeviceUpdateTrust").iterdir()) == []


def test_store_init_makes_the_directory(ctl):
    directory = ctl.files / "DeviceUpdateTrust"
    assert directory.stat().st_mode & 0o777 == 0o755 and list(directory.iterdir()) == []


# --- what stays out ------------------------------------------------------------------------------------------------


def flipped(content):
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


def bad_members(identities, kind):
    """Members of a package, one of which is not what it should be: image2/CPE.nbt, or its catalogue."""
    members = signed_members(identities, CX600, AASTRA)
    image, cat = "image2/CPE.nbt", "image2/CPE.cat"
    make = identities.catalogue
    if kind == "swapped":
        members["image1/CPE.cat"], members[cat] = members[cat], members["image1/CPE.cat"]
    elif kind == "of-another-package":
        members[cat] = make(b"another image")
    elif kind == "image-changed":
        members[image] = flipped(members[image])
    elif kind == "digest-off-by-one-bit":
        digest = hashlib.sha256(members[image]).hexdigest()
        members[cat] = make(options=["--list", digest[:-1] + f"{int(digest[-1], 16) ^ 1:x}"])
    elif kind == "unsigned":
        members[cat] = make(members[image], signer=None)
    elif kind == "two-signers":
        members[cat] = make(members[image], options=["--signer", identities["stranger"]])
    elif kind == "signature-changed":
        members[cat] = members[cat][:-40] + flipped(members[cat][-40:])
    elif kind == "truncated":
        members[cat] = members[cat][:-1]
    elif kind == "longer":
        members[cat] += b"\0"
    elif kind == "no-members":
        members[cat] = make()
    elif kind == "no-digest":
        members[cat] = make(members[image], options=["--form", "name"])
    elif kind == "md5":
        members[cat] = make(members[image], options=["--digest", "MD5"])
    elif kind == "text":
        members[cat] = b"not a catalogue"
    elif kind == "too-large":
        members[cat] = b"\x30\x84\x00\x50\x00\x00" + bytes(5 << 20)
    else:
        members[cat] = make(members[image], signer=kind)
    return members


BAD = {
    "swapped": "does not list it", "of-another-package": "does not list it", "image-changed": "does not list it",
    "digest-off-by-one-bit": "does not list it", "unsigned": "is not signed", "two-signers": "has more than one signer",
    "signature-changed": "has a signature that does not fit its content", "truncated": "is not PKCS#7 signed data",
    "longer": "is not PKCS#7 signed data", "no-members": "has no members", "no-digest": "lists no digest that counts",
    "md5": "lists no digest that counts", "text": "is not PKCS#7 signed data", "too-large": "is larger than 4 MiB",
    "stranger": "is signed by Stranger, whom no trust anchor vouches for", "alone": "is signed by Alone, whom no trust anchor",
    "mail": "is signed by Mail, whose certificate is not one for signing code",
    "new": "is signed by New Vendor, whose certificate is not yet valid",
}


@pytest.mark.parametrize("kind", sorted(BAD))
def test_A15_what_is_not_verified_stays_out(strict, identities, tmp_path, kind):
    cab = make_package.pack(tmp_path / "bad.cab", bad_members(identities, kind))
    before = strict.state()
    member = "image1" if kind == "swapped" else "image2"
    line = strict.refused("import", cab)
    assert f"DU0668: member {member}/CPE.nbt: its catalogue {member}/CPE.cat {BAD[kind]}" in line
    assert line == strict.refused("import", cab, "--dry-run")
    assert strict.state() == before


@pytest.mark.parametrize("kind", sorted(BAD))
def test_what_is_not_verified_comes_in_if_it_is_allowed_to_and_is_marked(strict, identities, tmp_path, kind):
    cab = make_package.pack(tmp_path / "bad.cab", bad_members(identities, kind))
    document = strict.json("import", cab, "--allow-unsigned")
    assert document["package"]["trust"] == "unverified"
    first, second = document["images"]
    assert (first["trust"], second["trust"]) == ("unverified" if kind == "swapped" else "verified", "unverified")
    assert BAD[kind] in second["doubt"] and second["signer"] is None
    assert strict.sql("SELECT after FROM activity WHERE action = 'import' AND object = 'package 2'") == \
        [("bad.cab trust=unverified",)]
    shown = strict.text("package", "show", "2")
    assert "NOT VERIFIED, imported with --allow-unsigned" in shown and "Signature: NOT VERIFIED\n" in shown


def test_the_mark_is_for_ever(strict, identities, tmp_path):
    """The same image, now in a package that is verified: the files were there, and so was the mark."""
    stranger = signed_package(tmp_path / "stranger.cab", identities, signer="stranger")
    strict.text("import", stranger, "--allow-unsigned")
    again = strict.json("import", stranger)
    assert again["result"] == "already_imported" and again["package"]["trust"] == "unverified"
    assert strict.sql("SELECT COUNT(*) FROM package") == [(2,)]
    identities.certificate("other-root", strict.files / "DeviceUpdateTrust" / "other.pem")
    with_more = signed_members(identities, CX600, AASTRA, signer="stranger")
    with_more["image1/CPE.cat"] = (strict.files / "DeviceUpdateStore" / CX600 / OLD / "CPE/CPE.cat").read_bytes()
    result = strict("--json", "import", make_package.pack(tmp_path / "more.cab", with_more))
    assert result.code == 0 and "DU0812" in result.err
    assert strict.sql("SELECT trust FROM image ORDER BY id") == [("verified",), ("unverified",), ("verified",)]
    assert strict.json("package", "show", "3")["trust"] == "unverified"


def test_two_packages_of_one_version(strict, identities, tmp_path):
    """Both are verified; the second has other bytes."""
    strict.text("import", signed_package(tmp_path / "one.cab", identities, size=70000))
    before = strict.state()
    line = strict.refused("import", signed_package(tmp_path / "two.cab", identities, size=70001))
    assert "DU0653" in line and OLD in line
    assert strict.state() == before


# --- expiry --------------------------------------------------------------------------------------------------------


def test_an_expired_certificate_is_a_warning(strict, identities, tmp_path):
    cab = signed_package(tmp_path / "old.cab", identities, signer="old")
    result = strict("import", cab)
    assert result.code == 0 and len(result.err.splitlines()) == 1
    assert "DU0669: warning: member image1/CPE.nbt: its catalogue image1/CPE.cat is signed by Old Vendor, in whose chain a " \
        "certificate expired on " in result.err
    assert "verified, but with an expired certificate, signed by Old Vendor (expired " in result.out
    document = strict.json("package", "show", "2")
    assert (document["trust"], document["images"][0]["trust"]) == ("expired", "expired")


def test_expiry_may_be_refused(strict, identities, tmp_path):
    strict.sql("INSERT INTO setting (scope, name, value) VALUES ('', 'catalog-expiry', 'refuse')")
    cab = signed_package(tmp_path / "old.cab", identities, signer="old")
    before = strict.state()
    assert "DU0668: member image1/CPE.nbt" in strict.refused("import", cab)
    assert strict.state() == before
    assert strict.json("import", cab, "--allow-unsigned")["package"]["trust"] == "unverified"


@pytest.mark.parametrize("form", ["pkcs9", "rfc3161"])
def test_a_counter_signature_outlives_the_certificate(strict, identities, tmp_path, form):
    strict.sql("INSERT INTO setting (scope, name, value) VALUES ('', 'catalog-expiry', 'refuse')")
    good = signed_package(tmp_path / "good.cab", identities, signer="old", options=identities.stamped(form, 600))
    assert "verified, signed by Old Vendor (signed " in strict.text("import", good)
    late = signed_package(tmp_path / "late.cab", identities, AASTRA, signer="old", options=identities.stamped(form, 400))
    assert "expired on" in strict.refused("import", late)


# --- trust anchors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content, says", [
    (b"", "DU0661"), (b"\x30\x82\x03\x01\x30\x82", "DU0661"), (b"x" * (1024 * 1024 + 1), "DU0662"),
    (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "DU0661"),
], ids=["empty", "DER", "too-large", "damaged"])
def test_a_trust_anchor_that_is_none(strict, identities, tmp_path, content, says):
    cab = signed_package(tmp_path / "good.cab", identities)
    bad = strict.files / "DeviceUpdateTrust" / "vendor.cer"
    bad.write_bytes(content)
    assert f"{says}: {bad} is " in strict.refused("import", cab)
    bad.rename(bad.with_name(".hidden"))
    strict.text("import", cab, "--dry-run")
    assert says in strict.refused("import", cab, "--trust", bad.with_name(".hidden"))


def test_a_trust_anchor_that_is_not_there(strict, identities, tmp_path):
    cab = signed_package(tmp_path / "good.cab", identities)
    assert "DU0663: cannot read the certificates in " in strict.refused("import", cab, "--trust", tmp_path / "missing.pem")
    assert "DU0663" in strict.refused("import", cab, "--trust", tmp_path)


def test_too_many_trust_anchors(strict, identities, tmp_path):
    cab = signed_package(tmp_path / "good.cab", identities)
    source = strict.files / "DeviceUpdateTrust" / "vendor-root.pem"
    for number in range(256):
        shutil.copy(source, source.with_name(f"{number}.pem"))
    assert "DU0664" in strict.refused("import", cab)


def test_without_the_directory(strict, identities, tmp_path):
    shutil.rmtree(strict.files / "DeviceUpdateTrust")
    assert "no trust anchor" in strict.refused("import", signed_package(tmp_path / "good.cab", identities))


def test_a_file_in_the_place_of_the_directory(strict, identities, tmp_path):
    shutil.rmtree(strict.files / "DeviceUpdateTrust")
    (strict.files / "DeviceUpdateTrust").write_text("x")
    assert "DU0665" in strict.refused("import", signed_package(tmp_path / "good.cab", identities))


# --- the cabinet itself --------------------------------------------------------------------------------------------


def osslsigncode(*arguments):
    return subprocess.run(["osslsigncode", *map(str, arguments)], text=True, capture_output=True, check=False)


def sign(identities, source, target, signer="vendor", *options):
    done = osslsigncode("sign", "-certs", identities[signer], "-key", identities[signer], *options, "-in", source, "-out", target)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.mark.parametrize("digest", ["sha1", "sha2"])
def test_a_signed_cabinet_is_reported(strict, identities, tmp_path, digest):
    plain = signed_package(tmp_path / "plain.cab", identities)
    cab = sign(identities, plain, tmp_path / "signed.cab", "vendor", "-h", digest)
    assert "The cabinet itself is signed: Vendor Firmware (valid until " in strict.text("import", cab)
    assert strict.json("package", "show", "2")["signer"].startswith("Vendor Firmware (valid until ")
    assert "Cabinet signed by Vendor Firmware" in strict.text("package", "show", "2").replace("  ", "")


@pytest.mark.parametrize("signer, says", [
    ("stranger", "not trusted: it is signed by Stranger, whom no trust anchor"),
    ("old", "Old Vendor (expired "), ("mail", "not trusted: it is signed by Mail, whose certificate is not one"),
])
def test_a_cabinet_that_somebody_else_signed(strict, identities, tmp_path, signer, says):
    """It is told, but what counts are the catalogues."""
    cab = sign(identities, signed_package(tmp_path / "plain.cab", identities), tmp_path / "signed.cab", signer)
    document = strict.json("import", cab)
    assert document["package"]["signer"].startswith(says) and document["package"]["trust"] == "verified"


def signature_place(data):
    return struct.unpack_from("<II", data, 44)


def test_a_cabinet_that_was_changed_after_it_was_signed(strict, identities, tmp_path):
    """In a byte without a meaning to whoever unpacks it: the id of a set of cabinets."""
    cab = sign(identities, signed_package(tmp_path / "plain.cab", identities), tmp_path / "signed.cab")
    assert osslsigncode("verify", "-in", cab, "-CAfile", identities["root"]).returncode == 0
    changed = bytearray(cab.read_bytes())
    changed[32] ^= 1
    cab.write_bytes(changed)
    assert osslsigncode("verify", "-in", cab, "-CAfile", identities["root"]).returncode != 0
    assert strict.json("import", cab, "--dry-run")["package"]["signer"] == "broken: it was changed after it was signed"


@pytest.mark.parametrize("kind", ["flipped", "truncated", "longer", "elsewhere", "empty"])
def test_a_cabinet_whose_signature_is_damaged(strict, identities, tmp_path, kind):
    data = bytearray(sign(identities, signed_package(tmp_path / "plain.cab", identities), tmp_path / "s.cab").read_bytes())
    offset, length = signature_place(data)
    if kind == "flipped":
        data[-40] ^= 1
    elif kind == "truncated":
        del data[-100:]
    elif kind == "longer":
        data += b"12345678"
    elif kind == "elsewhere":
        struct.pack_into("<II", data, 44, 16, len(data) - 16)
    else:
        data[offset:] = bytes(length)
    path = tmp_path / "damaged.cab"
    path.write_bytes(data)
    assert strict.json("import", path, "--dry-run")["package"]["signer"].startswith("broken: it has ") or \
        strict.json("import", path, "--dry-run")["package"]["signer"].startswith("broken: it is not PKCS#7")


def test_a_signed_cabinet_does_not_replace_a_catalogue(strict, identities, tmp_path):
    plain = make_package.make_package(tmp_path / "plain.cab", [CX600], NEW)
    assert "is not signed" in strict.refused("import", sign(identities, plain, tmp_path / "signed.cab"))


# --- compared with osslsigncode ------------------------------------------------------------------------------------


def program():
    """The least that osslsigncode takes for a program, and its Authenticode digest: that of all bytes but the checksum and the
    place of a signature."""
    header = bytearray(512)
    header[:2] = b"MZ"
    struct.pack_into("<I", header, 60, 64)
    struct.pack_into("<4sHHIIIHH", header, 64, b"PE", 0x14c, 0, 0, 0, 0, 224, 0x102)
    struct.pack_into("<H", header, 88, 0x10b)
    struct.pack_into("<I", header, 88 + 92, 16)
    content = bytes(header) + bytes(range(256)) * 8
    return content, hashlib.sha256(content[:152] + content[156:216] + content[224:]).hexdigest()


# signer, options of the catalogue, what happens to it, whether it is good
TABLE = {
    "good": ("vendor", [], None, True),
    "stranger": ("stranger", [], None, False),
    "self-signed": ("alone", [], None, False),
    "for-mail": ("mail", [], None, False),
    "not-yet-valid": ("new", [], None, False),
    "expired": ("old", [], None, False),
    "expired-stamped-pkcs9": ("old", ["pkcs9", 600], None, True),
    "expired-stamped-rfc3161": ("old", ["rfc3161", 600], None, True),
    "expired-stamped-too-late": ("old", ["rfc3161", 400], None, False),
    "unsigned": (None, [], None, False),
    "image-changed": ("vendor", [], "image", False),
    "signature-changed": ("vendor", [], "signature", False),
    "member-changed": ("vendor", [], "member", False),
}


@pytest.mark.parametrize("case", sorted(TABLE))
def test_osslsigncode_is_of_the_same_opinion(strict, identities, tmp_path, case):
    """The image is a program, a kind of file that osslsigncode looks up in catalogues, by a digest of its own: the catalogue has
    both. osslsigncode has one opinion on what has expired, so the policy is the same here."""
    strict.sql("INSERT INTO setting (scope, name, value) VALUES ('', 'catalog-expiry', 'refuse')")
    signer, stamp, change, good = TABLE[case]
    image, digest = program()
    cat = identities.catalogue(image, signer=signer,
                               options=["--list", digest, *(identities.stamped(*stamp) if stamp else [])])
    if change == "image":
        image = flipped(image)
    elif change == "signature":
        cat = cat[:-40] + flipped(cat[-40:])
    elif change == "member":
        for one in (bytes.fromhex(digest), hashlib.sha256(image).digest()):
            cat = cat.replace(one, flipped(one))
    members = {"updateInfo.xml": make_package.update_info(make_package.update(CX600, OLD, [("CPE.nbt", "CPE.cat")])),
               "CPE.nbt": image, "CPE.cat": cat}
    for name in ("CPE.nbt", "CPE.cat"):
        (tmp_path / name).write_bytes(members[name])
    theirs = osslsigncode("verify", "-in", tmp_path / "CPE.nbt", "-catalog", tmp_path / "CPE.cat", "-CAfile", identities["root"],
                          "-TSA-CAfile", identities["root"])
    ours = strict("import", make_package.pack(tmp_path / "package.cab", members))
    assert ((theirs.returncode == 0), (ours.code == 0)) == (good, good), (theirs.stdout, ours.err)


def test_what_osslsigncode_signs_is_verified(strict, identities, tmp_path):
    """The list is written by OpenSSL's asn1parse and the signature is osslsigncode's: nothing in it is from our templates."""
    members = make_package.members_of([CX600], OLD)
    (tmp_path / "plain.cat").write_bytes(members["image1/CPE.cat"])
    for number, (signer, good) in enumerate([("vendor", True), ("stranger", False), ("mail", False)]):
        signed = sign(identities, tmp_path / "plain.cat", tmp_path / f"{signer}.cat", signer)
        cab = make_package.pack(tmp_path / f"{number}.cab", {**members, "image1/CPE.cat": signed.read_bytes()})
        assert (strict("import", cab, "--dry-run").code == 0) == good
