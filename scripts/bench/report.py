"""docs/performance.md and its chart, from what the benchmarks gave."""
import html
from pathlib import Path

# Written by hand: where the time goes in what is missed, and why.
WHERE = Path(__file__).resolve().parent / "where.md"

COLOURS = ("#1764c0", "#c0561a")


def write(bench, docs, targets):
    first = bench.lines[0] if bench.lines else {"at": "", "machine": ""}
    chart = bench.kept.get("chart")
    text = ["# Performance", ""]
    text += [f"What `scripts/bench/all{' --quick' if bench.quick else ''}` measured on {first['at'][:10]} on {first['machine']}."]
    if bench.quick:
        text += ["This was a **quick run**: smaller sizes and fewer runs than the targets ask for; the whole takes up to forty minutes."]
    text += ["Every figure but counts and memory is a ratio taken side by side on one machine over loopback; absolute times do not travel.",
             "`scripts/bench/a1` .. `d5` measure one target each and keep the raw figures in `scripts/bench/results/`.", ""]
    text += ["| | what | target | figure | | median (min to max), n |", "|---|---|---|---|---|---|"]
    order = {target: number for number, target in enumerate(targets)}
    text += [row(line) for line in sorted(bench.lines, key=lambda line: order[line["target"]])]
    text += ["", "Limiters: A, 50 requests/s with a burst of 50 and `Retry-After` 1 s; B, as A with a burst of 10; C, 300 in each 6 s; D, as A with `Retry-After` 5 s.",
             "All have 150 ms latency, 50 ms for a refusal. *Ideal* is the time in which the limiter lets the job's requests through. The peer is a job",
             "with the same outcome in Python on wxc_sdk with 40 requests in flight. 21,000 rows are 200 locations, 10,400 users and their extensions.",
             "Settings are the defaults: a job that creates locations waits `SETTLE_SECONDS` (5 s) twice for its writes to show, which small jobs feel."]
    if chart:
        (docs / "performance.svg").write_text(svg(chart))
        text += ["", f"Rows done over time, {chart['rows']:,} rows under limiter B:", "", "![Rows done over time](performance.svg)"]
    (docs / "performance.md").write_text("\n".join(text) + "\n\n" + WHERE.read_text())


def row(line):
    if line["verdict"] == "SKIP":
        return f"| {line['target']} | | | | SKIP | {line['note']} |"
    spread = f"{figure(line['median'])} ({figure(line['min'])} to {figure(line['max'])}), {line['n']}" if line["n"] > 1 else "1 run"
    verdict = line["verdict"] if line["verdict"] == "PASS" else f"**{line['verdict']}**"
    sign = {"<=": "≤", ">=": "≥"}[line["sign"]]
    return f"| {line['target']} | {line['what']} | {sign} {figure(line['bound'])} | {figure(line['figure'])} | {verdict} | {spread} |"


def figure(value):
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.4g}" if value >= 0.1 else f"{value:.2g}"


def svg(chart):
    """Lines of rows done over seconds, at most some 200 points each."""
    wide, high, left, right, top, bottom = 720, 320, 60, 20, 20, 45
    longest = max((series[-1] for series in chart["series"].values() if series), default=1)

    def x(seconds):
        return left + (wide - left - right) * seconds / longest

    def y(rows):
        return high - bottom - (high - top - bottom) * rows / chart["rows"]

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12">',
             f'<rect width="{wide}" height="{high}" fill="#ffffff"/>']
    for part in range(5):
        rows, seconds = chart["rows"] * part / 4, longest * part / 4
        parts.append(f'<path d="M{left} {y(rows):.1f}H{wide - right}" stroke="#dddddd"/>')
        parts.append(f'<text x="{left - 6}" y="{y(rows) + 4:.1f}" text-anchor="end">{rows:,.0f}</text>')
        parts.append(f'<text x="{x(seconds):.1f}" y="{high - bottom + 18}" text-anchor="middle">{seconds:.0f}</text>')
    parts.append(f'<text x="{(left + wide - right) / 2}" y="{high - 8}" text-anchor="middle">seconds since the start</text>')
    for number, ((name, series), colour) in enumerate(zip(chart["series"].items(), COLOURS)):
        step = max(1, len(series) // 200)
        points = [(0, 0)] + [(at, done) for done, at in enumerate(series, 1) if done % step == 0 or done == len(series)]
        path = " ".join(f"{x(at):.1f},{y(done):.1f}" for at, done in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{wide - right - 8}" y="{high - bottom - 12 - 18 * number}" fill="{colour}" text-anchor="end">{html.escape(name)}: {series[-1] if series else 0:.0f} s</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
