"""The targets that need a server: requests (A), pace (B), speed over the wire (C)."""
import csv as csv_file, json, sqlite3
from datetime import datetime
from concurrent.futures import ThreadPoolExecutor

from harness import Skip, timed

# Each with its burst, or with what fits into a window and the window's seconds.
LIMITERS = {
    "A": ("50/s,burst=50,retry_after=1", 50, None),
    "B": ("50/s,burst=10,retry_after=1", 10, None),
    "C": ("300/6s", 300, 6),
    "D": ("50/s,burst=50,retry_after=5", 50, None),
}
PER_SECOND, LATENCY, REFUSAL = 50, 150, 50
C21K = (200, 10_400)


def together(work, items):
    """Stories that mostly sleep, all at once."""
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(work, items))


# ---- A: requests

def a1_a2(bench):
    csv, out = bench.csv(*C21K), [bench.folder("first"), bench.folder("second")]
    with bench.simulator(csv) as sim:
        bench.job("run", csv, out=out[0], url=sim.url)
        first = len(sim.journal())
        bench.job("run", csv, out=out[1], url=sim.url)
        journal = sim.journal()
    first, second = journal[:first], journal[first:]
    bench.record("A1", "requests of a first run of 21,000 rows", [len(first)], "<=", 11_600, by_operation(first))
    bench.record("A2", "requests of a second run from a new database", [len(second)], "<=", 250, by_operation(second))
    writes = sum(entry["applied"] for entry in second)
    bench.record("A2", "writes of the second run", [writes], "<=", 0, None)


def by_operation(journal):
    counts = {}
    for entry in journal:
        counts[entry["operation"]] = counts.get(entry["operation"], 0) + 1
    return counts


def a3(bench):
    locations, users = (10, 520) if bench.quick else (20, 1040)
    csv = bench.csv(locations, users)
    limit = {"rate": LIMITERS["B"][0], "latency": LATENCY, "refusal_latency": REFUSAL}
    bench.python()

    def ours():
        with bench.simulator(csv, **limit) as sim:
            out = [bench.folder("ours"), bench.folder("ours")]
            return [bench.job("run", csv, out=folder, url=sim.url)["wall"] for folder in out], rows_of_ours(out[0])

    def theirs():
        with bench.simulator(csv, **limit) as sim:
            out = [bench.folder("peer"), bench.folder("peer")]
            return [bench.peer(csv, sim.url, folder)["wall"] for folder in out], rows_of_peer(out[0])

    runs = [together(lambda work: work(), [ours, theirs]) for _ in range(bench.few)]
    raw = [{"ours": mine[0], "peer": other[0]} for mine, other in runs]
    for which, (name, bound) in enumerate((("first run", 3.5), ("second run", 50))):
        bench.record("A3", f"time of the wxc peer / ours under limiter B, {locations + 2 * users:,} rows, {name}",
                     [told["peer"][which] / told["ours"][which] for told in raw], ">=", bound, raw)
    bench.kept["chart"] = {"rows": locations + 2 * users, "series": {"wxbulk": runs[0][0][1], "wxc_sdk, 40 in flight": runs[0][1][1]}}


def rows_of_ours(out):
    """When each row ended, in seconds since the run began."""
    with sqlite3.connect(out / "wxbulk.db") as database:
        start, = database.execute("SELECT min(started_at) FROM runs").fetchone()
        return seconds(start, [at for (at,) in database.execute("SELECT at FROM outcomes ORDER BY at")])


def rows_of_peer(out):
    """The same of the peer, whose start its checkpoint tells."""
    start = json.loads((out / "out/checkpoint.json").read_text())["started_at"]
    with open(out / "out/results.csv", newline="") as file:
        return seconds(start, sorted(row["timestamp"] for row in csv_file.DictReader(file)))


def seconds(start, stamps):
    moments = [datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() for stamp in [start, *stamps]]
    return [round(moment - moments[0], 3) for moment in moments[1:]]


# ---- B: pace

def b1_b2_b3(bench):
    everything = []
    for requests, each, mean, times in [(3_000, 1.10, 1.05, bench.few)] + ([] if bench.quick else [(12_000, 1.03, 1.03, 1)]):
        # The look-ups that come first are part of the job and of what it may take.
        csv = bench.csv(2, requests - 40)
        runs = [together(lambda name: limited(bench, csv, name), list(LIMITERS)) for _ in range(times)]
        for number, name in enumerate(LIMITERS):
            stories = [run[number] for run in runs]
            bench.record("B1", f"time / ideal, limiter {name}, {requests:,} requests", [story["ratio"] for story in stories], "<=", each, stories)
        bench.record("B1", f"time / ideal, average of the limiters, {requests:,} requests", [sum(story["ratio"] for story in run) / 4 for run in runs], "<=", mean, None)
        everything += [story for run in runs for story in run]
    refused = [story["refused_percent"] for story in everything]
    bench.record("B2", "refused requests in percent; the worst counts", refused, "<=", 5, None, judged=max)
    bench.record("B3", "rows lost to refusals, all runs", [sum(story["lost"] for story in everything)], "<=", 0, None)


def limited(bench, csv, name):
    """A whole job under a limiter, from its first request to its last answer. Refused requests cost nothing of the limit."""
    spec, burst, window = LIMITERS[name]
    out = bench.folder(name)
    with bench.simulator(csv, rate=spec, latency=LATENCY, refusal_latency=REFUSAL) as sim:
        bench.job("run", csv, out=out, url=sim.url)
        journal = sim.journal()
    served = [entry for entry in journal if entry["replied"] != 429]
    makespan = (served[-1]["at_ms"] - journal[0]["at_ms"] + LATENCY) / 1000
    ideal = (-(-len(served) // burst) - 1) * window if window else (len(served) - burst) / PER_SECOND
    with sqlite3.connect(out / "wxbulk.db") as database:
        lost, = database.execute("SELECT count(*) FROM rows WHERE state <> 'success'").fetchone()
    refused = len(journal) - len(served)
    return {"ratio": makespan / (ideal + LATENCY / 1000), "makespan": makespan, "ideal": ideal, "requests": len(served), "refused": refused,
            "refused_percent": 100 * refused / len(served), "lost": lost}


# ---- C: speed

def replay(bench, journal, url, skip=0):
    done = timed([bench.build()["replay"], journal, url.removesuffix("/v1"), 16, skip], {})
    return json.loads(done["stdout"])


def c1(bench):
    csv, raw = bench.csv(*C21K), []
    for _ in range(bench.runs):
        with bench.simulator(csv) as sim:
            job = bench.job("run", csv, out=bench.folder("job"), url=sim.url)
        with bench.simulator(csv) as fresh:
            bare = replay(bench, sim.journal_path, fresh.url)
        raw.append({"requests": bare["requests"], "job_seconds": job["wall"], "raw_seconds": bare["seconds"], "cpu": job["cpu"]})
    bench.record("C1", "whole job of 21,000 rows without latency: speed / a bare client that sends its requests",
                 [told["raw_seconds"] / told["job_seconds"] for told in raw], ">=", 0.6, raw)


def c2(bench):
    csv, raw = bench.csv(*((20, 1040) if bench.quick else C21K)), []
    bench.python()
    for _ in range(bench.few):
        with bench.simulator(csv) as sim:
            ours = bench.job("run", csv, out=bench.folder("job"), url=sim.url)
        with bench.simulator(csv) as sim:
            theirs = bench.peer(csv, sim.url, bench.folder("peer"))
        raw.append({"ours": ours["cpu"], "peer": theirs["cpu"], "peer_report": theirs["report"]})
    rows = raw[0]["peer_report"]["rows"]
    bench.record("C2", f"CPU seconds / those of the wxc peer, {rows:,} rows", [told["ours"] / told["peer"] for told in raw], "<=", 0.1, raw)


def c3(bench):
    users, raw = (1_000 if bench.quick else 3_000), []
    csv = bench.csv(2, users)
    for _ in range(bench.few):
        with bench.simulator(csv, latency=LATENCY) as sim:
            job = bench.job("run", csv, out=bench.folder("job"), url=sim.url)
            journal = sim.journal()
        licences = [entry for entry in journal if entry["operation"] == "licenses_users_patch"]
        part = bench.folder("part") / "journal.jsonl"
        part.write_text("\n".join(map(json.dumps, licences)))
        with bench.simulator(csv, latency=LATENCY) as fresh:
            bare = replay(bench, part, fresh.url)
        mine = (licences[-1]["at_ms"] - licences[0]["at_ms"] + LATENCY) / 1000
        raw.append({"licences": len(licences), "ours": mine, "raw": bare["seconds"], "whole_job": job["wall"]})
    bench.record("C3", f"{users:,} licences with durable outcomes at {LATENCY} ms: time / a bare client's", [told["ours"] / told["raw"] for told in raw], "<=", 1.02, raw)


TARGETS = {"A1": a1_a2, "A2": a1_a2, "A3": a3, "B1": b1_b2_b3, "B2": b1_b2_b3, "B3": b1_b2_b3, "C1": c1, "C2": c2, "C3": c3}
