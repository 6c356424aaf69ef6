"""What must be true of a Grafana dashboard that is provisioned from a file, and the queries in it."""

import json
import re

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
VARIABLE = re.compile(r"\$\{?(\w+)")
LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")
# What Grafana puts in for them; one that lists names takes all names here.
BUILT_IN = {"__rate_interval": "10s", "__range": "60s"}


class Dashboard:
    def __init__(self, path):
        self.path = path
        self.json = json.loads(path.read_text())
        self.variables = self.json["templating"]["list"]
        self.panels = [panel for panel in self.json["panels"] if panel["type"] != "row"]

    def queries(self):
        """Pairs of a panel's title and a query of it, with a value for each variable."""
        return [
            (panel["title"], VARIABLE.sub(lambda match: BUILT_IN.get(match[1], ".*"), target["expr"]))
            for panel in self.panels
            for target in panel["targets"]
        ]

    def label_values(self):
        """Pairs of a selector and the label whose values become a variable's choice."""
        questions = (variable["query"]["query"] for variable in self.variables if variable["type"] == "query")
        return [(re.sub(r'"\$\w+"', '".*"', m[1]), m[2]) for m in map(LABEL_VALUES.fullmatch, questions)]

    def problems(self):
        """Sentences; none if all is well."""
        yield from self._identity()
        yield from self._datasources()
        yield from self._targets()
        yield from self._grid()

    def _identity(self):
        if not self.json.get("uid") or not isinstance(self.json.get("schemaVersion"), int):
            yield "uid and schemaVersion must be there: links name the one, Grafana migrates by the other"
        for exported in {"id", "iteration", "__inputs", "__requires"} & self.json.keys():
            yield f"{exported} belongs to the Grafana from which it was exported"
        ids = [panel["id"] for panel in self.json["panels"]]
        for twice in {i for i in ids if ids.count(i) > 1}:
            yield f"two panels have the id {twice}"

    def _datasources(self):
        if [v["type"] for v in self.variables if v["name"] == "datasource"] != ["datasource"]:
            yield "there is no variable ${datasource}"
        users = [(f"variable {v['name']}", v) for v in self.variables if v["type"] == "query"]
        users += [(panel["title"], panel) for panel in self.panels]
        users += [(f"{panel['title']}, a target", target) for panel in self.panels for target in panel["targets"]]
        for where, user in users:
            if user.get("datasource") != DATASOURCE:
                yield f"{where}: the data source is not ${{datasource}}"

    def _targets(self):
        known = {variable["name"] for variable in self.variables} | BUILT_IN.keys()
        for panel in self.panels:
            title, targets = panel["title"], panel["targets"]
            if not title or not panel.get("description"):
                yield f"panel {panel['id']}: no title or no description"
            if not targets or not all(target["expr"].strip() for target in targets):
                yield f"{title}: a target without a query"
            if len({target["refId"] for target in targets}) != len(targets):
                yield f"{title}: two targets with one refId"
            for expr in (target["expr"] for target in targets):
                for unknown in set(VARIABLE.findall(expr)) - known:
                    yield f"{title}: nobody knows the variable ${unknown}"
                if expr.count("{") != expr.count('instance=~"$instance"'):
                    yield f"{title}: a selector that does not heed $instance"
                if re.search(r"\[(?!\$__)", expr):
                    yield f"{title}: a window that does not follow the scrape interval"

    def _grid(self):
        taken = {}
        for panel in self.json["panels"]:
            at = panel["gridPos"]
            if at["x"] + at["w"] > COLUMNS:
                yield f"{panel['title']}: wider than the page"
            for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
                if cell in taken:
                    yield f"{panel['title']}: lies over {taken[cell]}"
                    break
                taken[cell] = panel["title"]
