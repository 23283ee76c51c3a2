"""The map of embeddings: what a decomposition of all of them at once gives, from a few at a time."""

from __future__ import annotations

import numpy as np

from shinka_core.exports.embedding_map import Components, groups


def test_components_are_those_of_all_vectors_at_once() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(200, 6)) * [5.0, 3.0, 2.0, 0.5, 0.2, 0.1] + 7.0
    found = Components(6)
    for some in np.array_split(vectors, 9):
        found.add(some)
    mean, axes = found.axes()
    assert np.allclose(mean, vectors.mean(axis=0))
    _, _, expected = np.linalg.svd(vectors - vectors.mean(axis=0))
    assert np.allclose(np.abs((axes * expected[:3].T).sum(axis=0)), 1.0)
    assert (np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0) > 0).all()


def test_few_or_narrow_vectors_have_a_map_too() -> None:
    found = Components(2)
    found.add(np.ones((1, 2)))
    mean, axes = found.axes()
    assert axes.shape == (2, 3)
    assert np.allclose((np.ones((1, 2)) - mean) @ axes, 0.0)


def test_neighbours_are_a_group() -> None:
    rng = np.random.default_rng(2)
    corners = np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]])
    points = np.repeat(corners, 25, axis=0) + rng.normal(size=(100, 3))
    found = groups(points, 4)
    assert len({tuple(found[first : first + 25]) for first in range(0, 100, 25)}) == 4
    assert all(len(set(found[first : first + 25])) == 1 for first in range(0, 100, 25))
    assert set(groups(np.zeros((5, 3)), 4)) == {0}
