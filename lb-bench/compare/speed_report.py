"""What `speed` has measured, as Markdown and as a picture. A result is a line of the results file, as `speed` makes it."""

import json
import math
import re
import statistics
from xml.sax.saxutils import escape

from rig import Failed
from speed_scenarios import ALL_PEERS, SCENARIOS, TARGETS

TITLES = {scenario.name: scenario.title for scenario in SCENARIOS}
LABELS = {"haproxy": "HAProxy", "nginx": "nginx", "gateway": "Spring Cloud Gateway", "vertx": "Vert.x"}
NONE = "–"
BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"


def last_results(path, names=None):
    """The last result of each scenario and layout in a file, in the order of the scenarios."""
    last = {}
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise Failed(f"there is no {path}") from None
    for line in text.splitlines():
        try:
            result = json.loads(line)
        except ValueError:
            # What was being written when the machine stopped.
            continue
        if not names or result["scenario"] in names:
            last[result["scenario"], result["layout"]] = result
    order = list(TITLES)
    return sorted(
        (result for result in last.values() if result["scenario"] in order),
        key=lambda result: (order.index(result["scenario"]), result["layout"]),
    )


# ---- figures ----


def median(result, label, key, part="saturation"):
    runs = result["peers"][label][part]
    return statistics.median(run[key] for run in runs) if runs else None


def ratios(result, label, base, key, part="saturation"):
    """The ratios of the rounds that both were in."""
    if base not in result["peers"]:
        return []
    pairs = zip(result["peers"][label][part], result["peers"][base][part])
    return [ours[key] / theirs[key] for ours, theirs in pairs if theirs[key]]


def number(value, digits=2):
    return NONE if value is None else f"{value:,.{digits}f}"


def millis(micros):
    return NONE if micros is None else number(micros / 1e3)


def percent(value):
    return NONE if value is None else f"{100 * value:.0f} %"


def with_range(values, digits=2):
    if not values:
        return NONE
    middle = number(statistics.median(values), digits)
    return middle if len(values) == 1 else f"{middle} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def core(result, label, index, key="busy"):
    runs = result["peers"][label]["saturation"]
    return statistics.median(run[key][index] for run in runs) if runs else None


def memory(figures):
    return f"{figures['rss'] / 2**20:.0f} ({figures['peak'] / 2**20:.0f})" if "rss" in figures else NONE


def builds_of(result):
    """The labels of Breakwater's builds, or variants."""
    return [label for label in result["peers"] if result["kinds"][label] not in ALL_PEERS]


def of_variants(result):
    """Whether Breakwater was compared with itself."""
    return "HAProxy" not in result["bases"].values()


# ---- targets ----

MEANINGS = {
    "cpu": "CPU per request, {scenario}",
    "p99": "p99 at saturation, {scenario}",
    "half": "p99 at half of HAProxy's load, {scenario}",
    "rate": "requests per second on all cores, {scenario}",
    "growth": "growth of CPU per request from 64 connections, {scenario}",
}


def judged(results):
    """(target, label of the build, ratios of the rounds); without a build where it was not measured."""
    found = {(result["scenario"], result["layout"]): result for result in results}
    for target in TARGETS:
        result = found.get((target.scenario, target.layout))
        base = LABELS.get(target.of, target.of)
        seen = False
        for label in builds_of(result) if result else []:
            if result["bases"][label] == label:
                continue
            if of_variants(result):
                base = result["bases"][label]
            part, key = ("half", "p99") if target.figure == "half" else ("saturation", target.figure)
            if target.figure == "growth":
                small = found.get(("small", target.layout))
                values = ratios(small, label, base, "cpu") if small and label in small["peers"] else []
                unit = statistics.median(values) if values else None
                values = [each / unit for each in ratios(result, label, base, "cpu")] if unit else []
            else:
                values = ratios(result, label, base, key, part)
            if values:
                seen = True
                yield target, label, base, values
        if not seen:
            yield target, None, base, []


def meets(target, values):
    middle = statistics.median(values)
    return middle >= target.limit if target.at_least else middle <= target.limit


def meaning(target):
    return MEANINGS[target.figure].format(scenario=TITLES[target.scenario])


def sign(target):
    return f"{'≥' if target.at_least else '≤'} {target.limit:.2f}"


def missed(results):
    """A line for each target that a build misses. What was not measured is not missed."""
    return [
        f"{label}: {meaning(target)}: {statistics.median(values):.3f} of {base} (expected: {sign(target)})"
        for target, label, base, values in judged(results)
        if values and not meets(target, values)
    ]


def targets_table(results):
    judgements = list(judged(results))
    several = len({label for result in results if not of_variants(result) for label in builds_of(result)}) > 1
    rows = ["| target | of | limit | median (range) | |", "|---|---|---:|---:|---|"]
    for target, label, base, values in judgements:
        verdict = "not measured" if not values else "met" if meets(target, values) else "**missed**"
        who = f"{label}: " if several and label and target.of in LABELS else ""
        rows.append(f"| {who}{meaning(target)} | {base} | {sign(target)} | {with_range(values, 3)} | {verdict} |")
    return rows


# ---- tables ----


def rows_of(result):
    """Each label once, with the scenario's title at the first."""
    for count, label in enumerate(result["peers"]):
        figures = result["peers"][label]
        title = TITLES[result["scenario"]] if count == 0 else ""
        yield title, label, figures, bool(figures["saturation"])


def ratio_cell(result, label):
    base = result["bases"][label]
    return "1" if base == label else with_range(ratios(result, label, base, "cpu"))


def speed_cells(result, label):
    return [
        number(median(result, label, "cpu")),
        ratio_cell(result, label),
        number(median(result, label, "rate"), 0),
        *(millis(median(result, label, key)) for key in ("p50", "p99", "p99.9")),
    ]


def table(head, rows):
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' if count < 2 else '---:' for count in range(len(head)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def pinned_table(results):
    head = ["one core", "proxy", "CPU µs per request", "ratio (range)", "requests/s", "p50 ms", "p99 ms", "p99.9 ms"]
    head += ["p99 ms at half load", "RSS MiB (peak)", "system calls", "its core", "load's core"]
    rows = []
    for result in results:
        for title, label, figures, ran in rows_of(result):
            if not ran:
                rows.append([title, label, "failed"] + [NONE] * (len(head) - 3))
                continue
            half = "overloaded" if figures.get("overloaded") else millis(median(result, label, "p99", "half"))
            rows.append([title, label, *speed_cells(result, label), half])
            rows[-1] += [memory(figures), number(figures.get("calls"))]
            rows[-1] += [percent(median(result, label, "proxy")), percent(core(result, label, 1))]
    return table(head, rows)


def shared_table(results):
    head = ["all cores", "proxy", "CPU µs per request", "ratio (range)", "requests/s", "ratio (range)"]
    head += ["p50 ms", "p99 ms", "p99.9 ms", "RSS MiB (peak)", "proxy's cores"]
    rows = []
    for result in results:
        for title, label, figures, ran in rows_of(result):
            if not ran:
                rows.append([title, label, "failed"] + [NONE] * (len(head) - 3))
                continue
            cells = speed_cells(result, label)
            base = result["bases"][label]
            cells.insert(3, "1" if base == label else with_range(ratios(result, label, base, "rate")))
            rows.append([title, label, *cells, memory(figures), number(median(result, label, "proxy"))])
    return table(head, rows)


def variants_table(results):
    head = ["Breakwater beside itself", "", "CPU µs per request", "ratio (range)", "requests/s", "p50 ms", "p99 ms", "p99.9 ms"]
    head += ["RSS MiB (peak)", "system calls", "bytes allocated"]
    rows = []
    for result in results:
        for title, label, figures, ran in rows_of(result):
            if not ran:
                rows.append([title, label, "failed"] + [NONE] * (len(head) - 3))
                continue
            rows.append([title, label, *speed_cells(result, label), memory(figures), number(figures.get("calls"))])
            rows[-1].append(number(figures.get("allocated"), 0))
    return table(head, rows)


def machine_line(results):
    machine = results[-1]["machine"]
    versions = {}
    for result in results:
        versions.update(result["machine"]["versions"])
    named = ", ".join(f"{LABELS.get(name, name.capitalize())} {version}" for name, version in versions.items())
    days = sorted({result["date"][:10] for result in results})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    paces = sorted({f"{result['rounds']} × {result['seconds']} s" for result in results})
    warm = [f["warmed"] for r in results for f in r["peers"].values() if f.get("warmed", 0) >= max(1, r["warm"])]
    return (
        f"{named}; {machine['jdk']}; wrk {machine['wrk']}; {machine['cpu']}, {machine['cores']} cores,"
        f" Linux {machine['kernel']}; {when}; rounds: {' or '.join(paces)}"
        + (f"; JVMs warmed up for {min(warm)} to {max(warm)} s." if warm else ".")
    )


def markdown(results):
    alone = [result for result in results if of_variants(result)]
    beside = [result for result in results if not of_variants(result)]
    parts = [[machine_line(results)]]
    for layout, made in (("pinned", pinned_table), ("shared", shared_table)):
        if chosen := [result for result in beside if result["layout"] == layout]:
            parts.append(made(chosen))
    allocated = [
        f"{label} {figures['allocated']} ({TITLES[result['scenario']]})"
        for result in beside
        for label, figures in result["peers"].items()
        if figures.get("allocated") is not None
    ]
    if allocated:
        parts.append([f"Bytes allocated per request: {', '.join(allocated)}."])
    if alone:
        parts.append(variants_table(alone))
    failures = [
        f"{TITLES[result['scenario']]}, {result['layout']}: {label} failed: {figures['failed']}"
        for result in results
        for label, figures in result["peers"].items()
        if "failed" in figures
    ]
    if failures:
        parts.append(f"- {failure}" for failure in failures)
    parts.append(targets_table(results))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


# ---- the picture ----

# Red, blue, green and violet of about the same lightness, for light and for dark paper; shapes tell them apart as well.
LIGHT = ("#1f6fd0", "#c2410c", "#15803d", "#7e22ce", "#b91c7a")
DARK = ("#6cb0ff", "#ff9b5e", "#5fd38a", "#c99bff", "#ff8fd0")
STYLE = """
  text {{ font: 13px system-ui, sans-serif; fill: #24292f }}
  .small {{ font-size: 12px; fill: #57606a }}
  .grid {{ stroke: #d0d7de }} .one {{ stroke: #57606a; stroke-width: 1.5 }}
{light}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #e6edf3 }} .small {{ fill: #9da7b1 }}
    .grid {{ stroke: #30363d }} .one {{ stroke: #9da7b1 }}
{dark}
  }}
"""
ROW, LEFT, WIDTH, TOP, RIGHT = 34, 210, 860, 64, 24


def shape(kind, x, y, css):
    if kind == 0:
        return f'<circle class="{css} f" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    points = {
        1: [(0, -6), (5.5, 4.5), (-5.5, 4.5)],
        2: [(-4.5, -4.5), (4.5, -4.5), (4.5, 4.5), (-4.5, 4.5)],
        3: [(0, -6), (6, 0), (0, 6), (-6, 0)],
        4: [(-5.5, -4.5), (5.5, -4.5), (0, 6)],
    }[kind]
    return f'<polygon class="{css} f" points="{" ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in points)}"/>'


def plot(results):
    """An SVG of the ratios of CPU per request to HAProxy's, pinned, with their ranges."""
    shown = [result for result in results if result["layout"] == "pinned" and not of_variants(result)]
    found = {}
    for result in shown:
        for label in result["peers"]:
            if label != "HAProxy" and (values := ratios(result, label, "HAProxy", "cpu")):
                found[result["scenario"], label] = values
    if not found:
        raise Failed("nothing to plot: no pinned scenario with HAProxy in it")
    scenarios = [result["scenario"] for result in shown]
    # Breakwater first, and as a circle.
    labels = sorted({label for _, label in found}, key=lambda label: (label in LABELS.values(), label))
    low = min(0.5, *(min(values) for values in found.values())) * 0.95
    high = max(2.0, *(max(values) for values in found.values())) * 1.05

    def across(ratio):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(ratio / low) / math.log(high / low)

    bottom = TOP + ROW * len(scenarios)
    colours = {
        name: "\n".join(
            f"    .p{i} {{ stroke: {colour} }} .p{i}.f {{ fill: {colour} }}" for i, colour in enumerate(palette)
        )
        for name, palette in (("light", LIGHT), ("dark", DARK))
    }
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 44}" role="img" aria-labelledby="title">',
        '<title id="title">CPU per request relative to HAProxy, by scenario and proxy</title>',
        f"<style>{STYLE.format(**colours)}</style>",
        f'<text x="{LEFT}" y="20">CPU per request, HAProxy = 1 (less is better; median and range)</text>',
    ]
    x = LEFT
    for index, label in enumerate(labels):
        out += [shape(index % 5, x + 6, 42, f"p{index % 5}"), f'<text x="{x + 18}" y="46">{escape(label)}</text>']
        x += 44 + 7.5 * len(label)
    for tick in (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12):
        if low <= tick <= high:
            css = "one" if tick == 1 else "grid"
            out.append(f'<line class="{css}" x1="{across(tick):.1f}" x2="{across(tick):.1f}" y1="{TOP}" y2="{bottom}"/>')
            out.append(f'<text class="small" text-anchor="middle" x="{across(tick):.1f}" y="{bottom + 18}">{tick:g}</text>')
    for row, scenario in enumerate(scenarios):
        y = TOP + ROW * row + ROW / 2
        out.append(f'<text x="{LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(TITLES[scenario])}</text>')
        out.append(f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y + ROW / 2}" y2="{y + ROW / 2}"/>')
        for index, label in enumerate(labels):
            if values := found.get((scenario, label)):
                at = y + (index - (len(labels) - 1) / 2) * min(7, 22 / len(labels))
                css = f"p{index % 5}"
                ends = f'x1="{across(min(values)):.1f}" x2="{across(max(values)):.1f}"'
                out.append(f'<line class="{css}" stroke-width="2" {ends} y1="{at:.1f}" y2="{at:.1f}"/>')
                out.append(shape(index % 5, across(statistics.median(values)), at, css))
    return "\n".join([*out, "</svg>"]) + "\n"


def write_docs(results, docs):
    """Puts the tables between the markers of docs/performance.md, and the plot beside that page."""
    page = docs / "performance.md"
    text = page.read_text()
    if BEGIN not in text or END not in text:
        raise Failed(f"{page.name} lacks the lines {BEGIN} and {END}")
    picture = "![CPU per request by scenario and proxy, HAProxy = 1](performance.svg)"
    body = f"{BEGIN}\n{picture}\n\n{markdown(results)}{END}"
    (docs / "performance.svg").write_text(plot(results))
    page.write_text(re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: body, text, flags=re.DOTALL))
