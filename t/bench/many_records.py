"""Days of records of many phones, as a node writes them: checks, offers, downloads, updates."""
import datetime
import random

from store import AUDIT

CHECKS = ("Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,Locale,"
          "Request Modules,Response Modules,User ID,Endpoint,Result,Reason\n")
DOWNLOADS = "Logging DateTime,User Host Address,Endpoint,Path,Status,Bytes Sent,Size,Complete,Duration ms,User\n"
DOWNLOAD_DIR = "DeviceUpdateLogs/Server/Downloads"
DAY = datetime.datetime(2026, 11, 10)
FILES = (("CPE.nbt", 12_345_678), ("CPE.cat", 4_567))


def version_of(day):
    return f"4.0.7577.{4000 + day}"


class Phone:
    """Every day a version is approved for it, and it begins with that of the day before."""

    def __init__(self, number, day):
        a, b, c = number >> 16 & 255, number >> 8 & 255, number & 255
        self.address, self.mac = f"10.{a}.{b}.{c}", f"00-04-F2-{a:02X}-{b:02X}-{c:02X}"
        self.number, self.model = number, ("CX500", "CX600", "CX700")[number % 3]
        self.version, self.new = version_of(day), version_of(day + 1)

    def check(self, time):
        offered = "" if self.version == self.new else f"CPE.nbt;CPE.cat;{self.new};"
        outcome = "offered,approved" if offered else "none,current"
        return (f"{time},{self.address},UCPhone,{self.mac},07823-{self.number:06d},POLYCOM,{self.model},A,ENU,"
                f"CPE.nbt;{self.version};,{offered},user{self.number}@contoso.com,internal,{outcome}\n")

    def download(self, time, name, size):
        return (f"{time},{self.address},internal,UCPhone/POLYCOM/{self.model}/A/ENU/{self.new}/CPE/{name},200,{size},{size},yes,"
                "1200,\n")


def write(files, node, count, phones, day=0):
    """Writes that many records of a day, which has a number. A phone asks when it starts, fetches, starts again with the new
    version, and signs in: a handful of records in a few minutes, between those of others."""
    chance, at, busy, begin = random.Random(day), 0, [], DAY + datetime.timedelta(days=day)
    for directory in (AUDIT, DOWNLOAD_DIR):
        (files / directory).mkdir(parents=True, exist_ok=True)
    known = [Phone(number, day) for number in range(phones)]
    with (files / AUDIT / f"RequestHandlerAuditLog_{node}_{begin:%Y-%m-%d}.log").open("w") as checks, \
            (files / DOWNLOAD_DIR / f"DevUpdateDownloads_{node}_{begin:%Y-%m-%d}.log").open("w") as downloads:
        checks.write(CHECKS)
        downloads.write(DOWNLOADS)
        while at < count:
            if len(busy) < 500:
                busy.append((chance.choice(known), iter(("check", *FILES, "new", "check"))))
            place = chance.randrange(len(busy))
            phone, steps = busy[place]
            step = next(steps, None)
            time = begin + datetime.timedelta(seconds=at * 86_000 // count)
            if step == "check":
                checks.write(phone.check(time))
            elif step == "new":
                phone.version = phone.new
                continue
            elif step and phone.version != phone.new:
                downloads.write(phone.download(time, *step))
            elif step:
                continue
            else:
                busy[place] = busy[-1]
                busy.pop()
                continue
            at += 1
