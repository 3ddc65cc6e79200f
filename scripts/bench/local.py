"""The targets on this machine alone: commits (C4), loading, growth, memory, files, status (D)."""
import json, os, shlex, sqlite3, statistics, subprocess, time

from harness import sqlite3_tool, start, timed

SMALL = (200, 10_400)


def large(bench):
    return (200, 49_900) if bench.quick else (2_000, 499_000)


def rows(size):
    return size[0] + 2 * size[1]


def c4(bench):
    count, raw = (4_000 if bench.quick else 20_000), []
    for _ in range(bench.runs):
        raw.append(json.loads(timed([bench.build()["commits"], bench.folder("commits"), count], {})["stdout"]))
    bench.record("C4", "durable outcomes a second, 64 in flight / one commit each", [told["grouped_per_second"] / told["single_per_second"] for told in raw], ">=", 8, raw)


def d1(bench):
    tool = sqlite3_tool()
    for size, bound, times in ((SMALL, 1.0, 5), (large(bench), 0.75, bench.few)):
        csv, raw = bench.csv(*size), []
        for _ in range(times):
            folder = bench.folder("load")
            ours = bench.job("ingest", csv, out=folder)["wall"]
            theirs = timed([tool, folder / "theirs.db", "-cmd", "PRAGMA journal_mode=WAL", "-cmd", ".mode csv", f".import {csv} rows"], dict(os.environ))
            raw.append({"ours": ours, "sqlite3": theirs["wall"]})
            bench.clear(folder)
        bench.record("D1", f"ingest of {rows(size):,} rows: speed / sqlite3 .import", [told["sqlite3"] / told["ours"] for told in raw], ">=", bound, raw)


def scale(bench, size):
    """One job of this size with everything measured; done once, because several targets look at it."""
    if size not in bench.kept:
        bench.kept[size] = scaled(bench, size)
    return bench.kept[size]


def scaled(bench, size):
    csv, out = bench.csv(*size), bench.folder("scale")
    told = {"rows": rows(size), "ingest": bench.job("ingest", csv, out=out)}
    with bench.simulator(csv) as sim:
        told["run"], told["status"] = run_with_status(bench, sim.url, out, 0.1 if size == SMALL else 1)
    told["export"], told["dump"] = [], []
    views = " ".join(f"'SELECT * FROM {view}'" for view in ("results", "pending_rows", "rejected_rows", "ready_to_load", "checkpoint"))
    dump = f"{sqlite3_tool()} -readonly -header -csv {shlex.quote(str(out / 'wxbulk.db'))} {views} > {shlex.quote(str(out / 'dump.csv'))}"
    for _ in range(3):
        told["export"].append(bench.job("export", "--force", out=out)["wall"])
        told["dump"].append(timed(["sh", "-c", dump], dict(os.environ))["wall"])
    told["scans"] = scans(out / "wxbulk.db")
    bench.clear(out)
    return told


def run_with_status(bench, url, out, pause):
    """A run, and how long each `status` took while it went on."""
    run, figures = start([bench.wxbulk, "-q", "run"], bench.env(url, out), bench.work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    walls = []
    while run.poll() is None:
        time.sleep(pause)
        walls.append(bench.job("status", out=out)["wall"])
    told = json.loads(figures.read_text())
    if told["code"] != 0:
        raise RuntimeError(f"the run ended with {told['code']}")
    # The last one may have come after the end.
    return told, walls[:-1] or walls


def scans(database):
    """The views that `status` asks for which SQLite reads a whole table that grows with the rows."""
    tables, found = {"rows", "keys", "steps", "calls", "outcomes"}, []
    with sqlite3.connect(database) as connection:
        for view in ("progress", "sites", "reasons"):
            plan = [line[3] for line in connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {view}")]
            found += [f"{view}: {line}" for line in plan if line.startswith("SCAN ") and "INDEX" not in line and line.split()[1] in tables]
    return found


def d2(bench):
    small, big = scale(bench, SMALL), scale(bench, large(bench))
    for what in ("ingest", "run", "export", "status"):
        walls = [statistics.median(told[what]) if isinstance(told[what], list) else told[what]["wall"] for told in (small, big)]
        growth = (walls[1] / big["rows"]) / (walls[0] / small["rows"])
        bench.record("D2", f"cost of a row of {what}, {big['rows']:,} rows / {small['rows']:,} rows", [growth], "<=", 1.25, walls)


def d3(bench):
    for told in (scale(bench, SMALL), scale(bench, large(bench))):
        for what, bound in (("ingest", 40), ("run", 48)):
            bench.record("D3", f"peak memory of {what} in MiB, {told['rows']:,} rows", [told[what]["peak_mb"]], "<=", bound, told[what])


def d4(bench):
    for told in (scale(bench, SMALL), scale(bench, large(bench))):
        ratios = [dump / export for dump, export in zip(told["dump"], told["export"])]
        bench.record("D4", f"export of all files, {told['rows']:,} rows: speed / sqlite3 -csv of the same views", ratios, ">=", 0.7,
                     {"ours": told["export"], "sqlite3": told["dump"]})


def d5(bench):
    told = scale(bench, large(bench))
    bench.record("D5", f"status in ms while a run of {told['rows']:,} rows goes on", [1000 * wall for wall in told["status"]], "<=", 50, None)
    bench.record("D5", "full scans in the views that status asks", [len(told["scans"])], "<=", 0, told["scans"])


TARGETS = {"C4": c4, "D1": d1, "D2": d2, "D3": d3, "D4": d4, "D5": d5}
