#!/usr/bin/env python3
"""Makes packages: cabinets with images, their security catalogues and updateInfo.xml (protocol.md 7).

    make_package.py OUT.cab --device UCPhone/POLYCOM/CX600/A/ENU --version 4.0.7577.4512 [--size BYTES]
                    [--file NAME] [--stored | --lzx | --reserved] [--share] [--update-type TYPE]
    make_package.py OUT.cab --bomb GIB         that many gigabytes of zeros in a small cabinet
    make_package.py OUT.cab --bad KIND         a package that must be refused; --list-bad names the kinds

As a library: make_package() for good ones, pack() for any members in a cabinet that gcab makes, raw_cabinet() for
members and defects that gcab refuses. Equal arguments give equal bytes. Catalogues are unsigned.
"""
import argparse
import hashlib
import os
import pathlib
import struct
import subprocess
import tempfile
import zlib
from xml.sax.saxutils import quoteattr

TIME = 1473120000  # of all members: 2016-09-06
DEVICE = "UCPhone/POLYCOM/CX600/A/ENU"
VERSION = "4.0.7577.4512"


def image(name, version, size):
    """Deterministic bytes that compress to about two thirds, as firmware does."""
    blocks = []
    for i in range(0, size, 49152):
        seed = f"{name} {version} {i}".encode()
        blocks.append(hashlib.shake_128(seed).digest(32768) + seed.ljust(64) * 256)
    return b"".join(blocks)[:size]


CATALOGUE = """asn1=SEQUENCE:ci
[ci]
type=OID:pkcs7-signedData
content=EXPLICIT:0,SEQUENCE:signed
[signed]
version=INTEGER:1
digests=SET:digests
content=SEQUENCE:inner
signers=SET:none
[digests]
one=SEQUENCE:sha256
[sha256]
oid=OID:sha256
parameters=NULL
[none]
[inner]
type=OID:1.3.6.1.4.1.311.10.1
content=EXPLICIT:0,SEQUENCE:list
[list]
usage=SEQUENCE:usage
id=FORMAT:HEX,OCTETSTRING:{id}
time=UTCTIME:160906000000Z
algorithm=SEQUENCE:algorithm
members=SEQUENCE:members
[usage]
oid=OID:1.3.6.1.4.1.311.12.1.1
[algorithm]
oid=OID:1.3.6.1.4.1.311.12.1.3
parameters=NULL
[members]
{members}
"""

CATALOGUE_MEMBER = """[m{n}]
tag=FORMAT:HEX,OCTETSTRING:{digest}
attributes=SET:a{n}
[a{n}]
one=SEQUENCE:s{n}
[s{n}]
oid=OID:1.3.6.1.4.1.311.2.1.4
value=SET:v{n}
[v{n}]
indirect=SEQUENCE:i{n}
[i{n}]
data=SEQUENCE:t{n}
digest=SEQUENCE:d{n}
[t{n}]
oid=OID:1.3.6.1.4.1.311.2.1.25
value=EXPLICIT:2,IMP:0,FORMAT:HEX,OCTETSTRING:003C003C003C004F00620073006F006C006500740065003E003E003E
[d{n}]
algorithm=SEQUENCE:sha256
digest=FORMAT:HEX,OCTETSTRING:{digest}
"""


def catalogue(*contents):
    """An unsigned security catalogue that lists the SHA-256 of each content."""
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    names = "\n".join(f"m{n}=SEQUENCE:m{n}" for n in range(len(digests)))
    text = CATALOGUE.format(id=hashlib.md5("".join(digests).encode()).hexdigest(), members=names)
    text += "".join(CATALOGUE_MEMBER.format(n=n, digest=digest) for n, digest in enumerate(digests))
    with tempfile.TemporaryDirectory() as scratch:
        source, target = (os.path.join(scratch, name) for name in ("cat.cnf", "cat.der"))
        pathlib.Path(source).write_text(text, encoding="ascii")
        subprocess.run(["openssl", "asn1parse", "-genconf", source, "-noout", "-out", target], check=True)
        return pathlib.Path(target).read_bytes()


def update(device, version, files, update_type="CPE"):
    """One Update element; files are (name, signature) pairs. No part is checked: tests want wrong ones too."""
    key = dict(zip(("deviceType", "brand", "model", "revision", "locale"), device.split("/")))
    key.update(updateType=update_type, version=version)
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in key.items())
    entries = "".join(f'      <File name={quoteattr(name)} signature={quoteattr(signature)} timestamp=""/>\n'
                      for name, signature in files)
    return f"    <Update {attributes}>\n{entries}    </Update>\n"


def update_info(*updates):
    """updateInfo.xml with these Update elements."""
    return ('<?xml version="1.0" encoding="utf-8"?>\n<Updates>\n  <Updates>\n' + "".join(updates) +
            "  </Updates>\n</Updates>\n").encode()


def members_of(devices, version, size=70000, files=("CPE",), update_type="CPE", share=False):
    """The members of a good package as {name: content}. Each device has a directory of its own, with one image and
    one catalogue per name in files; with share, all of them name the files of the first."""
    members, updates = {}, []
    for number, device in enumerate(devices):
        owner, directory = (devices[0], "image1") if share else (device, f"image{number + 1}")
        pairs = []
        for name in files:
            nbt, cat = f"{directory}/{name}.nbt", f"{directory}/{name}.cat"
            pairs.append((nbt, cat))
            if nbt not in members:
                members[nbt] = image(f"{owner} {name}", version, size)
                members[cat] = catalogue(members[nbt])
        updates.append(update(device, version, pairs, update_type))
    return {"updateInfo.xml": update_info(*updates), **members}


def pack(path, members, compression="mszip"):
    """Writes a cabinet of {name: content}: "mszip" and "stored" by gcab, "lzx" and "reserved" (stored, with the reserved
    bytes of signed cabinets) by raw_cabinet()."""
    path = pathlib.Path(path).resolve()
    if compression == "lzx":
        path.write_bytes(raw_cabinet(members.items(), lzx=True))
        return path
    if compression == "reserved":
        path.write_bytes(raw_cabinet(members.items(), reserve=(20, 4, 8)))
        return path
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        for name, content in members.items():
            file = pathlib.Path(scratch, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            os.utime(file, (TIME, TIME))
        option = ["-z"] if compression == "mszip" else []
        path.unlink(missing_ok=True)
        subprocess.run(["gcab", "-c", *option, path, *members], cwd=scratch, check=True,
                       env={**os.environ, "TZ": "UTC"})
    return path


def make_package(path, devices=(DEVICE,), version=VERSION, compression="mszip", **options):
    """Writes a good package and answers its path; options are those of members_of()."""
    return pack(path, members_of(list(devices), version, **options), compression)


# --- a cabinet writer that does not ask whether it makes sense ---------------------------------------------------


def checksum(data, start=0):
    """The checksum of a data block, [MS-CAB] 3.1."""
    whole = len(data) // 4 * 4
    result = start
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        result ^= word
    return result ^ int.from_bytes(data[whole:], "big")


def lzx_frame(chunk, first):
    """32 KiB as an uncompressed LZX block; the format's own compression needs an encoder of some size."""
    bits = ("0" if first else "") + format(3, "03b") + format(len(chunk), "024b")
    bits += "0" * (16 - len(bits) % 16)
    words = [int(bits[i:i + 16], 2) for i in range(0, len(bits), 16)]
    return struct.pack(f"<{len(words)}HIII", *words, 1, 1, 1) + chunk + (b"\0" if len(chunk) & 1 else b"")


def raw_cabinet(members, lzx=False, flags=0, reserve=None):
    """The bytes of a cabinet with one folder. Names are str (marked as UTF-8 where they are not ASCII) or bytes, and
    may be anything. reserve, three sizes, puts reserved bytes into header, folder and blocks."""
    members = [(name.encode() if isinstance(name, str) else name, isinstance(name, str), content)
               for name, content in members]
    data = b"".join(content for _, _, content in members)
    in_header, in_folder, in_block = reserve or (0, 0, 0)
    blocks = []
    for i in range(0, len(data), 32768):
        chunk = data[i:i + 32768]
        packed = lzx_frame(chunk, i == 0) if lzx else chunk
        head = struct.pack("<HH", len(packed), len(chunk)) + bytes(in_block)  # libmspack leaves them out of the checksum
        blocks.append(struct.pack("<I", checksum(head, checksum(packed))) + head + packed)
    table, offset = b"", 0
    for name, is_text, content in members:
        attributes = 0x20 | (0x80 if is_text and not name.isascii() else 0)
        table += struct.pack("<IIHHHH", len(content), offset, 0, 0x4926, 0, attributes) + name + b"\0"
        offset += len(content)
    head_size = 36 + (4 + in_header if reserve else 0)
    first_file = head_size + 8 + in_folder
    first_block = first_file + len(table)
    size = first_block + sum(map(len, blocks))
    head = b"MSCF" + struct.pack("<IIIIIBBHHHHH", 0, size, 0, first_file, 0, 3, 1, 1, len(members),
                                 flags | (4 if reserve else 0), 0, 0)
    if reserve:
        head += struct.pack("<HBB", *reserve) + b"r" * in_header
    head += struct.pack("<IHH", first_block, len(blocks), (3 | 21 << 8) if lzx else 0) + b"r" * in_folder
    return head + table + b"".join(blocks)


# --- packages that must be refused ---------------------------------------------------------------------------------


def _good(**options):
    return members_of([DEVICE], options.pop("version", VERSION), **options)


def _with(name, content=b"x"):
    return raw_cabinet([*_good().items(), (name, content)])


def _described(text):
    return raw_cabinet([*{**_good(), "updateInfo.xml": text}.items()])


def _for_device(device, version=VERSION):
    return _described(update_info(update(device, version, [("image1/CPE.nbt", "image1/CPE.cat")])))


def _without(name):
    return raw_cabinet([member for member in _good().items() if member[0] != name])


def _flipped():
    data = bytearray(raw_cabinet(_good().items()))
    data[len(data) // 2] ^= 0x10
    return bytes(data)


def _shortened_member():
    """The last member is a byte shorter in the table than the data that is there for it."""
    data = bytearray(raw_cabinet(_good().items()))
    content = list(_good().items())[-1][1]
    at = data.rindex(struct.pack("<I", len(content)), 0, data.rindex(b"image1/CPE.cat\0"))
    data[at:at + 4] = struct.pack("<I", len(content) - 1)
    return bytes(data)


def bomb(gigabytes):
    """A small cabinet that unpacks to so many gigabytes of zeros, and is correct: MSZIP, each block with the one before it as
    its dictionary."""
    def packed(history):
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=history)
        return b"CK" + squeeze.compress(bytes(32768)) + squeeze.flush()

    blocks, members = [], b""
    per_folder = 65535
    count = (gigabytes << 30) // 32768
    bodies = [packed(b""), packed(bytes(32768))]
    for n in range(count):
        body = bodies[n % per_folder > 0]
        head = struct.pack("<HH", len(body), 32768)
        blocks.append(struct.pack("<I", checksum(head, checksum(body))) + head + body)
    folders = [blocks[i:i + per_folder] for i in range(0, count, per_folder)]
    for index, folder in enumerate(folders):  # a member has at most 2 GiB
        for half, part in enumerate((folder[:32768], folder[32768:])):
            if part:
                members += struct.pack("<IIHHHH", len(part) * 32768, half << 30, index, 0x4926, 0, 0x20)
                members += f"zeros{index}{half}\0".encode()
    first_file = 36 + 8 * len(folders)
    at, table = first_file + len(members), b""
    for folder in folders:
        table += struct.pack("<IHH", at, len(folder), 1)
        at += sum(map(len, folder))
    head = b"MSCF" + struct.pack("<IIIIIBBHHHHH", 0, at, 0, first_file, 0, 3, 1, len(folders), members.count(b"zeros"), 0, 0, 0)
    return head + table + members + b"".join(blocks)


BAD = {
    "not-a-cabinet": lambda: b"PK\3\4" + bytes(1000),
    "empty-file": lambda: b"",
    "truncated": lambda: raw_cabinet(_good().items())[:-1000],
    "truncated-header": lambda: raw_cabinet(_good().items())[:30],
    "bit-flipped": _flipped,
    "shortened-member": _shortened_member,
    "several-volumes": lambda: raw_cabinet(_good().items(), flags=2),
    "no-description": lambda: _without("updateInfo.xml"),
    "two-descriptions": lambda: _with("other/UPDATEINFO.XML", update_info()),
    "parent-directory": lambda: _with("../x"),
    "parent-directory-backslash": lambda: _with("..\\x"),
    "parent-directory-inside": lambda: _with("image1/../../x"),
    "absolute": lambda: _with("/etc/x"),
    "absolute-backslash": lambda: _with("\\etc\\x"),
    "drive-letter": lambda: _with("C:x"),
    "control-character": lambda: _with("image1/a\x1b[31mb"),
    "not-utf-8": lambda: _with(b"image1/\xff\xfe.nbt"),
    "long-name": lambda: _with("n" * 600),
    "duplicate": lambda: _with("image1/CPE.nbt"),
    "duplicate-case": lambda: _with("IMAGE1/cpe.NBT"),
    "unnamed-member": lambda: _with("image1/extra.nbt"),
    "missing-image": lambda: _without("image1/CPE.nbt"),
    "missing-catalogue": lambda: _without("image1/CPE.cat"),
    "empty-image": lambda: raw_cabinet([*{**_good(), "image1/CPE.nbt": b""}.items()]),
    "long-version": lambda: _for_device(DEVICE, "4.0.7577.4512.1234567"),
    "climbing-version": lambda: _for_device(DEVICE, "../../.."),
    "empty-version": lambda: _for_device(DEVICE, ""),
    "empty-model": lambda: _for_device("UCPhone/POLYCOM//A/ENU"),
    "dot-model": lambda: _for_device("UCPhone/POLYCOM/../A/ENU"),
    "same-device-twice": lambda: _described(update_info(
        *[update(device, VERSION, [("image1/CPE.nbt", "image1/CPE.cat")]) for device in (DEVICE, DEVICE.lower())])),
    "no-signature": lambda: _described(update_info(update(DEVICE, VERSION, [("image1/CPE.nbt", "")]))),
    "no-update": lambda: _described(update_info()),
    "not-xml": lambda: _described(b"<Updates><Updates>"),
    "billion-laughs": lambda: _described(b'<!DOCTYPE x [<!ENTITY a "b">]><Updates>&a;</Updates>'),
    "many-members": lambda: raw_cabinet([*_good().items(), *((f"m{i}", b"x") for i in range(1024))]),
}


def make_bad(path, kind):
    """Writes the package of that kind and answers its path."""
    pathlib.Path(path).write_bytes(BAD[kind]())
    return pathlib.Path(path)


def main():
    parser = argparse.ArgumentParser(description="Makes packages for tests and demonstrations.")
    parser.add_argument("path", nargs="?", help="the cabinet to write")
    parser.add_argument("--device", action="append", help=f"key of a rule, repeatable [{DEVICE}]")
    parser.add_argument("--version", default=VERSION)
    parser.add_argument("--size", type=int, default=70000, help="bytes of each image [70000]")
    parser.add_argument("--file", action="append", help="name of an image without .nbt, repeatable [CPE]")
    parser.add_argument("--update-type", default="CPE")
    parser.add_argument("--share", action="store_true", help="one set of files for all devices")
    parser.add_argument("--stored", dest="compression", action="store_const", const="stored", default="mszip")
    parser.add_argument("--lzx", dest="compression", action="store_const", const="lzx")
    parser.add_argument("--reserved", dest="compression", action="store_const", const="reserved")
    parser.add_argument("--bad", choices=sorted(BAD), metavar="KIND")
    parser.add_argument("--bomb", type=int, metavar="GIB", help="gigabytes of zeros in a small cabinet")
    parser.add_argument("--list-bad", action="store_true")
    options = parser.parse_args()
    if options.list_bad:
        print("\n".join(BAD))
    elif not options.path:
        parser.error("which file is to be written?")
    elif options.bomb:
        pathlib.Path(options.path).write_bytes(bomb(options.bomb))
    elif options.bad:
        make_bad(options.path, options.bad)
    else:
        make_package(options.path, options.device or [DEVICE], options.version, options.compression,
                     size=options.size, files=options.file or ["CPE"], update_type=options.update_type, share=options.share)


if __name__ == "__main__":
    main()
