"""What all benchmarks share: the builds, the simulator, the peers, the clock, and the record of results."""
import json, os, platform, re, shutil, signal, statistics, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "token-of-the-benchmarks"


class Skip(Exception):
    """A benchmark that cannot run here, and what it lacks."""


class Bench:
    def __init__(self, quick, results, peers):
        self.quick, self.peers = quick, Path(peers)
        self.results = Path(results)
        self.results.mkdir(parents=True, exist_ok=True)
        self.work = Path(tempfile.mkdtemp(prefix="work-", dir=self.results))
        # Runs of what takes seconds, and of what takes minutes.
        self.runs, self.few = (3, 1) if quick else (5, 3)
        self._built = self._python = None
        self.lines, self.kept = [], {}
        self.machine = machine(self.results)

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    # ---- builds

    def build(self):
        """The release builds, with default features: the paths of wxbulk, replay and commits."""
        if self._built is None:
            command = ["cargo", "build", "--release", "--locked", "--message-format=json", "--bin", "wxbulk", "--bench", "replay", "--bench", "commits"]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            parts = (json.loads(line) for line in done.stdout.splitlines())
            self._built = {part["target"]["name"]: part["executable"] for part in parts if part.get("executable")}
        return self._built

    @property
    def wxbulk(self):
        return self.build()["wxbulk"]

    def csv(self, locations, users):
        path = self.results / f"input-{locations}-{users}.csv"
        if not path.exists():
            with path.open("w") as file:
                subprocess.run([ROOT / "scripts/generate.sh", str(locations), str(users)], stdout=file, check=True)
        return path

    def folder(self, name):
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.work))

    def clear(self, folder):
        shutil.rmtree(folder)

    # ---- processes

    def env(self, url, out):
        return {"ENVIRONMENT": "lab", "WEBEX_BASE_URL": url, "WEBEX_TOKEN": TOKEN, "OUTPUT_DIR": str(out), "MAX_ROWS": "10000000",
                "MAX_BATCHES": "1000000", "PATH": os.environ["PATH"]}

    def job(self, *arguments, out, url="http://127.0.0.1:1/v1"):
        """A wxbulk command with its output in `out`, timed."""
        return timed([self.wxbulk, "-q", *arguments], self.env(url, out))

    def simulator(self, csv, **options):
        return Simulator(self.wxbulk, csv, self.folder("sim"), options)

    # ---- peers

    def python(self):
        """The interpreter of a virtual environment with what the peers need."""
        if self._python is None:
            if not self.peers.is_dir():
                raise Skip(f"no peers in {self.peers}: give their folder with --peers or PEERS")
            home = self.results / "venv"
            self._python = home / "bin/python"
            if not self._python.exists():
                print("making a virtual environment for the peers", file=sys.stderr)
                subprocess.run([sys.executable, "-m", "venv", home], check=True)
                packages = ["wxc_sdk==1.41.0", "aiohttp==3.14.5", "tenacity==9.2.1", "requests==2.34.2"]
                subprocess.run([self._python, "-m", "pip", "install", "-q", *packages], check=True)
        return self._python

    def peer(self, csv, url, out):
        """One run of the wxc_sdk peer on the file: its times, and what it prints of itself."""
        python, script = self.python(), out / WXC
        script.write_text(adapted((self.peers / WXC).read_text()))
        theirs = out / "input.csv"
        peer_csv(csv, theirs)
        env = {"BASE_URL": url, "WEBEX_TOKEN": TOKEN, "PATH": os.environ["PATH"]}
        run = timed([python, script, theirs, out / "out"], env)
        run["report"] = json.loads(run["stdout"].splitlines()[-1])
        if run["report"].get("success", 0) < 0.95 * run["report"]["rows"]:
            raise Skip(f"{WXC} cannot do this job here: {run['report']}")
        return run

    # ---- results

    def record(self, target, what, figures, sign, bound, raw, note="", judged=statistics.median):
        """Prints and keeps a result: the figures of all runs, of which the judged one must be `<=` or `>=` the bound."""
        figure = judged(figures)
        good = figure <= bound if sign == "<=" else figure >= bound
        self.keep({"target": target, "verdict": "PASS" if good else "FAIL", "what": what, "figure": figure, "sign": sign, "bound": bound,
                   "median": statistics.median(figures), "min": min(figures), "max": max(figures), "n": len(figures), "note": note, "raw": raw})
        spread = f"[{min(figures):.4g} .. {max(figures):.4g}, n={len(figures)}]"
        print(f"{target}  {'PASS' if good else 'FAIL'}  {figure:10.4g} {sign} {bound:<8g} {spread}  {what}  {note}", flush=True)

    def skip(self, target, why):
        self.keep({"target": target, "verdict": "SKIP", "what": "", "note": str(why), "raw": None})
        print(f"{target}  SKIP  {why}", flush=True)

    def keep(self, line):
        line |= {"quick": self.quick, "machine": self.machine, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        self.lines.append(line)
        with (self.results / "results.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")


class Simulator:
    """`wxbulk simulate` in a process of its own; ends with the `with` block."""

    def __init__(self, wxbulk, csv, folder, options):
        self.journal_path = folder / "journal.jsonl"
        self.command = [wxbulk, "simulate", "--listen", "127.0.0.1:0", "--org-from", str(csv), "--journal", str(self.journal_path)]
        for name, value in options.items():
            self.command += [f"--{name.replace('_', '-')}", str(value)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"], "MAX_ROWS": "10000000"})
        first = self.process.stdout.readline()
        found = re.search(r"http://\S+", first)
        if not found:
            raise RuntimeError(f"the simulator did not start: {first}")
        self.url = found.group(0)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def journal(self):
        """The requests so far, in order of arrival."""
        entries = [json.loads(line) for line in self.journal_path.read_text().splitlines()]
        return sorted(entries, key=lambda entry: entry["seq"])


# Linux counts the memory of whoever started a process into its peak, so a small process of its own starts what is
# measured, and writes wall and CPU seconds and peak memory into a file.
METER = """import json, os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
told = {"wall": time.perf_counter() - started, "cpu": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024,
        "code": os.waitstatus_to_exitcode(status)}
json.dump(told, open(sys.argv[1], "w"))
"""


def start(command, env, folder, **streams):
    """Starts a command under the meter: the process, and the file that will have its figures."""
    figures = Path(tempfile.mkstemp(suffix=".json", dir=folder)[1])
    meter = [sys.executable, "-I", "-S", "-c", METER, figures]
    return subprocess.Popen(list(map(str, [*meter, *command])), env=env, **streams), figures


def timed(command, env, ok=(0,)):
    """Runs a command to its end: wall and CPU seconds, peak memory in MiB (as /usr/bin/time -v shows), and its output."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process, figures = start(command, env, folder, stdout=out, stderr=errors)
        process.wait()
        out.seek(0), errors.seek(0)
        told = json.loads(figures.read_text())
        if told["code"] not in ok:
            raise RuntimeError(f"{command[:4]} ended with {told['code']}: {errors.read()[-2000:]}")
        return told | {"stdout": out.read()}


def sqlite3_tool():
    if not shutil.which("sqlite3"):
        raise Skip("sqlite3 is not installed (apt-get install sqlite3)")
    return "sqlite3"


def machine(folder):
    """Processor, cores, memory, and the file system of the results."""
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = int(next(line.split()[1] for line in open("/proc/meminfo"))) // 1024 // 1024
    mounts = [line.split()[1:3] for line in open("/proc/mounts")]
    inside = [(len(point), kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return f"{os.cpu_count()} x {cpu}, {memory} GiB of memory, {max(inside)[1]}, {platform.system()} {platform.release().split('-')[0]}"


def peer_csv(ours, theirs):
    """Our file in the columns of the peers: the same rows in the same order. A user row carries its extension."""
    import csv
    with open(ours, newline="") as source, open(theirs, "w", newline="") as target:
        rows = list(csv.DictReader(source))
        extension = {row["email"]: row["extension"] for row in rows if row["entity_type"] == "extension_assignment"}
        names = ["entity_type", "entity_key", "location_key", "location_name", "location_external_id", "time_zone", "address_line1",
                 "address_city", "address_state", "address_postal_code", "address_country", "email", "calling_enabled", "extension",
                 "phone_number", "calling_settings_voicemail_enabled", "calling_settings_call_waiting_enabled"]
        writer = csv.DictWriter(target, names, extrasaction="ignore", restval="")
        writer.writeheader()
        for row in rows:
            key = row["email"] if row["entity_type"] == "user" else f"{row['location_key']}/{row['extension']}"
            row["entity_key"] = row["location_key"] if row["entity_type"] == "location" else key
            row["extension"] = row["extension"] or extension.get(row["email"], "")
            row["calling_enabled"] = "true" if row["entity_type"] == "user" else ""
            writer.writerow(row)


# What Webex asks for and the peer leaves out: a calling licence comes with an extension, and a new location must be enabled for calling.
WXC = "peer_wxc_async.py"
ADAPTED = [
    ('            await self.license(pid, row)\n        step("user_apply', '            await self.license(pid, row, extension=row["extension"])\n        step("user_apply'),
    ('        self.locations[row["location_key"]] = rid\n', '''        if not found:
            await call(self.api.session.rest_post, self.api.session.ep("telephony/config/locations"), json={"id": rid, "name": name,
                "timeZone": row["time_zone"], "preferredLanguage": "es_es", "announcementLanguage": "es_es", "address": {
                "address1": row["address_line1"], "city": row["address_city"], "state": row["address_state"],
                "postalCode": row["address_postal_code"], "country": row["address_country"]}})
        self.locations[row["location_key"]] = rid
'''),
]


def adapted(text):
    for old, new in ADAPTED:
        if text.count(old) != 1:
            raise Skip(f"{WXC} is not the peer that this was written for")
        text = text.replace(old, new)
    return text
