"""Places boxes in layers from top to bottom, with few crossings and with lines that bend little.

Layers by the longest path, bends in the layers that a line crosses, an order by barycentres, positions after
Brandes and Köpf. Sizes and positions are in the unit of the sizes that are given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[int, int]
Point = tuple[float, float]

_SWEEPS = 24
_GAP = 26.0  # between boxes of one layer
_BEND_GAP = 14.0  # beside a line that only passes
_LAYER_GAP = 24.0


@dataclass(frozen=True, slots=True)
class Layout:
    """The middle of each box, the way of each edge from its source to its target, and the size of the whole."""

    middles: list[Point]
    ways: dict[Edge, list[Point]]
    width: float
    height: float


def backward(count: int, edges: Iterable[Edge], first: Sequence[int]) -> set[Edge]:
    """The edges that close a circle, looked at from `first` on and then in order."""
    onward: dict[int, list[int]] = defaultdict(list)
    for source, target in edges:
        onward[source].append(target)
    found: set[Edge] = set()
    done: set[int] = set()
    for begin in [*first, *range(count)]:
        if begin in done:
            continue
        way = [(begin, iter(onward[begin]))]
        open_ = {begin}
        while way:
            node, rest = way[-1]
            target = next(rest, -1)
            if target < 0:
                way.pop()
                open_.discard(node)
                done.add(node)
            elif target in open_:
                found.add((node, target))
            elif target not in done:
                open_.add(target)
                way.append((target, iter(onward[target])))
    return found


def lay_out(sizes: Sequence[Point], edges: Sequence[Edge], upward: set[Edge], hanging: set[int]) -> Layout:
    """Places boxes of these sizes. `upward` edges lead up, all others down; `hanging` boxes keep to what is below."""
    down = {edge: (edge[1], edge[0]) if edge in upward else edge for edge in edges}
    ranks = _ranks(len(sizes), sorted(set(down.values())), hanging)
    graph = _Graph(sizes, ranks)
    chains = {edge: graph.chain(*down[edge]) for edge in edges}
    graph.order()
    graph.settle()
    ways = {edge: chain[::-1] if edge in upward else chain for edge, chain in chains.items()}
    return graph.finished(ways)


def _ranks(count: int, edges: Sequence[Edge], hanging: set[int]) -> list[int]:
    above: dict[int, list[int]] = defaultdict(list)
    below: dict[int, list[int]] = defaultdict(list)
    for source, target in edges:
        above[target].append(source)
        below[source].append(target)
    order = _topological(count, above, below)
    ranks = [0] * count
    for node in order:
        ranks[node] = max((ranks[other] + 1 for other in above[node]), default=0)
    for node in reversed(order):
        if below[node] and (node in hanging or not above[node]):
            ranks[node] = min(ranks[other] for other in below[node]) - 1
    return [rank - min(ranks) for rank in ranks]


def _topological(count: int, above: Mapping[int, list[int]], below: Mapping[int, list[int]]) -> list[int]:
    left = [len(above.get(node, ())) for node in range(count)]
    order = [node for node in range(count) if not left[node]]
    for node in order:
        for other in below.get(node, ()):
            left[other] -= 1
            if not left[other]:
                order.append(other)
    return order


class _Graph:
    """Boxes and bends in layers. Bends are nodes beyond the boxes, of no size."""

    def __init__(self, sizes: Sequence[Point], ranks: list[int]) -> None:
        self.boxes = len(sizes)
        self.sizes = list(sizes)
        self.ranks = list(ranks)
        self.layers: list[list[int]] = [[] for _ in range(max(ranks, default=0) + 1)]
        for node, rank in enumerate(ranks):
            self.layers[rank].append(node)
        self.above: dict[int, list[int]] = defaultdict(list)
        self.below: dict[int, list[int]] = defaultdict(list)
        self.x: list[float] = []

    def chain(self, source: int, target: int) -> list[int]:
        """The nodes of a line from a box down to another, with a bend in each layer between."""
        nodes = [source]
        for rank in range(self.ranks[source] + 1, self.ranks[target]):
            self.sizes.append((0.0, 0.0))
            self.ranks.append(rank)
            self.layers[rank].append(len(self.sizes) - 1)
            nodes.append(len(self.sizes) - 1)
        nodes.append(target)
        for one, other in pairwise(nodes):
            self.below[one].append(other)
            self.above[other].append(one)
        return nodes

    def order(self) -> None:
        """Orders each layer by its neighbours, again and again, and keeps the order with the fewest crossings."""
        best, fewest = [list(layer) for layer in self.layers], self._crossings()
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            for layer in self.layers if down else self.layers[::-1]:
                self._sort(layer, self.above if down else self.below)
            self._swap_neighbours()
            if (crossings := self._crossings()) < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _sort(self, layer: list[int], neighbours: Mapping[int, list[int]]) -> None:
        place = {node: at for other in self.layers for at, node in enumerate(other)}
        mean = {
            node: sum(place[other] for other in neighbours[node]) / len(neighbours[node])
            for node in layer
            if neighbours.get(node)
        }
        layer.sort(key=lambda node: mean.get(node, place[node]))

    def _swap_neighbours(self) -> None:
        place = {node: at for layer in self.layers for at, node in enumerate(layer)}
        for layer in self.layers:
            for at in range(len(layer) - 1):
                one, other = layer[at], layer[at + 1]
                if self._between(one, other, place) > self._between(other, one, place):
                    layer[at], layer[at + 1] = other, one
                    place[one], place[other] = at + 1, at

    def _between(self, left: int, right: int, place: Mapping[int, int]) -> int:
        """Crossings of the lines of two neighbours, in this order."""
        sides = (self.above, self.below)
        return sum(place[a] > place[b] for ends in sides for a in ends[left] for b in ends[right])

    def _crossings(self) -> int:
        total = 0
        for layer, following in pairwise(self.layers):
            place = {node: at for at, node in enumerate(following)}
            ends = [end for node in layer for end in sorted(place[other] for other in self.below[node])]
            total += sum(a > b for at, a in enumerate(ends) for b in ends[at + 1 :])
        return total

    def settle(self) -> None:
        """Gives each node its x. Lines that only pass are straight; of four ways to do it the middle is taken.

        The method is that of Brandes and Köpf: nodes are chained with the middle one of their neighbours, from above or
        from below, from the left or from the right, and the chains are pushed together.
        """
        kept = self._conflicts()
        found: list[list[float]] = []
        for down in (True, False):
            for rightward in (True, False):
                layers = [layer if rightward else layer[::-1] for layer in (self.layers if down else self.layers[::-1])]
                xs = self._pushed(layers, self._chained(layers, self.above if down else self.below, kept))
                found.append(xs if rightward else [-x for x in xs])
        narrowest = min(found, key=lambda xs: max(xs) - min(xs))
        for at, xs in enumerate(found):
            side = min if at % 2 == 0 else max
            shift = side(narrowest) - side(xs)
            found[at] = [x + shift for x in xs]
        self.x = [sum(sorted(four)[1:3]) / 2 for four in zip(*found, strict=True)]

    def _conflicts(self) -> set[Edge]:
        """Ends of lines that cross one that only passes, which goes before them."""
        found: set[Edge] = set()
        for layer, following in pairwise(self.layers):
            place = {node: at for at, node in enumerate(layer)}
            lines = [(place[one], at, one, other) for at, other in enumerate(following) for one in self.above[other]]
            passing = [line for line in lines if min(line[2:]) >= self.boxes]
            for line in lines:
                if min(line[2:]) < self.boxes and any((p[0] - line[0]) * (p[1] - line[1]) < 0 for p in passing):
                    found |= {(line[2], line[3]), (line[3], line[2])}
        return found

    def _chained(self, layers: list[list[int]], neighbours: Mapping[int, list[int]], kept: set[Edge]) -> list[int]:
        """The first node of each node's chain."""
        root = list(range(len(self.sizes)))
        taken: set[int] = set()
        place = {node: at for layer in layers for at, node in enumerate(layer)}
        for layer in layers:
            last = -1
            for node in layer:
                near = sorted(neighbours[node], key=place.__getitem__)
                for other in near[(len(near) - 1) // 2 : len(near) // 2 + 1]:
                    free = root[node] == node and other not in taken and (other, node) not in kept
                    if free and place[other] > last:
                        root[node] = root[other]
                        taken.add(other)
                        last = place[other]
        return root

    def _pushed(self, layers: list[list[int]], root: list[int]) -> list[float]:
        """Each chain as far left as it can be, and then as near to the right as the others leave it."""
        after: dict[int, dict[int, float]] = defaultdict(dict)
        before: dict[int, list[int]] = defaultdict(list)
        for layer in layers:
            for one, other in pairwise(layer):
                gap = _GAP if max(one, other) < self.boxes else _BEND_GAP
                apart = self.sizes[one][0] / 2 + gap + self.sizes[other][0] / 2
                a, b = root[one], root[other]
                if b not in after[a]:
                    before[b].append(a)
                after[a][b] = max(after[a].get(b, 0.0), apart)
        order = _topological(len(root), before, {node: list(others) for node, others in after.items()})
        xs = [0.0] * len(root)
        for node in order:
            xs[node] = max((xs[other] + after[other][node] for other in before[node]), default=0.0)
        for node in reversed(order):
            if after[node] and root[node] == node:
                xs[node] = max(xs[node], min(xs[other] - apart for other, apart in after[node].items()))
        return [xs[root[node]] for node in range(len(root))]

    def finished(self, ways: Mapping[Edge, list[int]]) -> Layout:
        left = min((self.x[node] - self.sizes[node][0] / 2 for node in range(len(self.x))), default=0.0)
        right = max((self.x[node] + self.sizes[node][0] / 2 for node in range(len(self.x))), default=0.0)
        heights = [max((self.sizes[node][1] for node in layer), default=0.0) for layer in self.layers]
        tops = [sum(heights[:rank]) + rank * _LAYER_GAP for rank in range(len(heights))]
        middle = [top + height / 2 for top, height in zip(tops, heights, strict=True)]
        points = [(self.x[node] - left, middle[self.ranks[node]]) for node in range(len(self.x))]
        ends = self._ends(ways)
        lines = {}
        for edge, nodes in ways.items():
            falls = self.ranks[nodes[0]] < self.ranks[nodes[-1]]
            line = [(points[nodes[0]][0] + ends[edge, 0], self._side(nodes[0], points, down=falls))]
            for node in nodes[1:-1]:
                x, rank = points[node][0], self.ranks[node]
                passing = [(x, tops[rank]), (x, tops[rank] + heights[rank])]
                line += passing if falls else passing[::-1]
            line.append((points[nodes[-1]][0] + ends[edge, 1], self._side(nodes[-1], points, down=not falls)))
            lines[edge] = line
        height = tops[-1] + heights[-1] if tops else 0.0
        return Layout(points[: self.boxes], lines, right - left, height)

    def _side(self, node: int, points: list[Point], *, down: bool) -> float:
        return points[node][1] + (self.sizes[node][1] / 2 if down else -self.sizes[node][1] / 2)

    def _ends(self, ways: Mapping[Edge, list[int]]) -> dict[tuple[Edge, int], float]:
        """How far from the middle of its box each line ends, so that lines share a side without touching."""
        sides: dict[tuple[int, bool], list[tuple[float, Edge, int]]] = defaultdict(list)
        for edge, nodes in ways.items():
            falls = self.ranks[nodes[0]] < self.ranks[nodes[-1]]
            sides[nodes[0], falls].append((self.x[nodes[1]], edge, 0))
            sides[nodes[-1], not falls].append((self.x[nodes[-2]], edge, 1))
        found: dict[tuple[Edge, int], float] = {}
        for (node, _), lines in sides.items():
            room = min(self.sizes[node][0] * 0.7, 30.0 * (len(lines) - 1))
            for place, (_, edge, end) in enumerate(sorted(lines)):
                found[edge, end] = room * (place / (len(lines) - 1) - 0.5) if len(lines) > 1 else 0.0
        return found
