"""The plot of docs/performance.md: four figures against the number of apps, a colour for each arm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dev.bench.curves import Curve, cpu_per_app, latency, memory, rate
from dev.bench.results import Results

_PANELS: Sequence[tuple[str, Callable[[Results, str], list[Curve]]]] = (
    ("apps/s in the burst", rate),
    ("CPU in the burst, ms per app", cpu_per_app),
    ("memory in the burst, MB", memory),
    ("10 apps/s: apply to children, ms (p50, and p99 dashed)", latency),
)


def draw(results: Results, path: Path) -> None:
    """Write the plot as SVG."""
    # The same results make the same file, and its words stay words.
    with rc_context({"svg.hashsalt": "myapp", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(9, 6.5), layout="constrained")
        for axes, (title, curves) in zip(figure.subplots(2, 2).flat, _PANELS, strict=True):
            _panel(axes, title, curves, results)
        figure.savefig(path, format="svg", metadata={"Date": None})
    # matplotlib ends some lines with blanks.
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")


def _panel(axes: Axes, title: str, curves: Callable[[Results, str], list[Curve]], results: Results) -> None:
    axes.set_title(title, fontsize=9)
    axes.set_xlabel("apps")
    axes.grid(visible=True, alpha=0.3)
    for number, arm in enumerate(dict.fromkeys(arm for arm, _ in results.columns)):
        named = False
        for curve in curves(results, arm):
            label = None if named else arm
            style = "--" if curve.dashed else "-"
            axes.plot(curve.apps, curve.values, style, color=f"C{number}", label=label, marker=curve.marker, alpha=0.8)
            named = True
    axes.set_ylim(bottom=0)
    if axes.lines:
        axes.legend(fontsize=8)
