"""Small SVG pictures of motion: curves over a line, and a face at a moment."""

from __future__ import annotations


def curve(curves: dict[str, list[int]]) -> str:
    """Curves in percent, each a path of its own class, over one another."""
    paths = []
    for name, values in curves.items():
        step = 200 / max(len(values) - 1, 1)
        points = " ".join(f"{step * index:.0f},{40 - 0.4 * value:.0f}" for index, value in enumerate(values))
        paths.append(f"<path class={name} d='M{points}'/>")
    return f"<svg class=curve viewBox='0 -1 200 42' preserveAspectRatio=none>{''.join(paths)}</svg>"


def face(pose: dict[str, int], seconds: float) -> str:
    """A face whose parts are in percent: open, close, round, smile, frown, blink, brow."""
    part = {name: value / 100 for name, value in pose.items()}
    half = 8 - 4 * part["round"] + 3 * part["smile"]
    gap = 0.6 + 11 * max(part["open"] - part["close"], 0)
    corner = 37 - 3 * part["smile"] + 3 * part["frown"]
    middle = 37
    left, right = 20 - half, 20 + half
    mouth = f"M{left:.1f} {corner:.1f}Q20 {middle - 0.3 * gap:.1f} {right:.1f} {corner:.1f}"
    mouth += f"Q20 {middle + 1.6 * gap:.1f} {left:.1f} {corner:.1f}Z"
    lid, brow = max(3 * (1 - part["blink"]), 0.2), 13 - 4 * part["brow"]
    eyes = "".join(
        f"<ellipse cx={x} cy=20 rx=3.5 ry={lid:.1f} /><path d='M{x - 4} {brow:.1f}h8'/>" for x in (12, 28)
    )
    return (
        f"<svg class=face viewBox='0 0 40 50'><title>{seconds:.2f} s</title>"
        f"<ellipse class=skin cx=20 cy=25 rx=18 ry=23 />{eyes}<path class=mouth d='{mouth}'/></svg>"
    )
