import numpy as np
import pytest

from made_scene import unit
from neumap.errors import OptionError
from neumap.retrieval import DescriptorIndex, descriptor_index


@pytest.fixture
def vectors():
    return unit(np.random.default_rng(0).normal(size=(700, 32)))


@pytest.fixture
def queries(vectors):
    rng = np.random.default_rng(1)
    return unit(vectors[:600] + 0.3 * rng.normal(size=(600, 32)))


def test_the_most_alike_come_first(vectors, queries):
    found, similarity = DescriptorIndex(vectors).search(queries, count=5)
    alike = queries @ vectors.T
    assert (found == np.argsort(-alike, axis=1)[:, :5]).all()
    assert np.allclose(similarity, np.sort(alike, axis=1)[:, :-6:-1], atol=1e-6)


def test_faiss_and_numpy_give_the_same_answers(vectors, queries):
    pytest.importorskip("faiss", reason="faiss is not installed")
    by_numpy = DescriptorIndex(vectors).search(queries, count=10)
    by_faiss = DescriptorIndex(vectors, max_numpy_vectors=100).search(queries, count=10)
    assert (by_numpy[0] == by_faiss[0]).all()
    assert np.allclose(by_numpy[1], by_faiss[1], atol=1e-5)


@pytest.mark.parametrize("max_numpy_vectors", [100, 1000])
def test_equal_vectors_come_by_their_index(vectors, max_numpy_vectors):
    pytest.importorskip("faiss", reason="faiss is not installed")
    vectors[[7, 300, 500]] = vectors[7]
    index = DescriptorIndex(vectors, max_numpy_vectors=max_numpy_vectors)
    found, _ = index.search(vectors[7:8], count=4)
    assert found[0, :3].tolist() == [7, 300, 500]


def test_no_more_than_all_are_found(vectors):
    found, similarity = DescriptorIndex(vectors[:3]).search(vectors[:2], count=10)
    assert found.shape == similarity.shape == (2, 3)
    assert found[:, 0].tolist() == [0, 1]


def test_many_photos_without_faiss_name_the_extra(vectors, monkeypatch):
    monkeypatch.setattr(descriptor_index, "find_spec", lambda _name: None)
    with pytest.raises(OptionError, match=r"neumap\[retrieval\]"):
        DescriptorIndex(vectors, max_numpy_vectors=699)


def test_impossible_searches_are_refused(vectors):
    index = DescriptorIndex(vectors)
    with pytest.raises(ValueError, match="count is 0"):
        index.search(vectors[:1], count=0)
    with pytest.raises(ValueError, match="16 values"):
        index.search(vectors[:1, :16], count=1)
