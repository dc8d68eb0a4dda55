import pytest

from neumap.codes.budget_search import largest_count, largest_fit


def counted(size_of):
    """The same sizes, with the counts that were asked for."""
    asked = []

    def size(count):
        asked.append(count)
        return size_of(count)

    return size, asked


@pytest.mark.parametrize("budget", [1_000, 4_200, 28_000, 99_999])
@pytest.mark.parametrize("exponent", [0.9, 1.0])
def test_the_budget_is_filled_to_less_than_a_code_in_few_trials(budget, exponent):
    def size_of(count):
        return 250 + round(9 * count**exponent)

    size, asked = counted(size_of)
    count = largest_count(size, budget_bytes=budget, least=30, most=1_000_000)
    assert size_of(count) <= budget < size_of(count + 2)
    assert len(asked) <= 12


def test_all_that_there_are_may_fit():
    assert largest_count(lambda n: 10 * n, budget_bytes=1000, least=30, most=70) == 70


def test_the_least_may_be_all_that_fits():
    assert largest_count(lambda n: 10 * n, budget_bytes=309, least=30, most=70) == 30


@pytest.mark.parametrize(("budget", "most"), [(299, 70), (1000, 29)])
def test_none_where_the_least_does_not_fit_or_is_not_there(budget, most):
    assert largest_count(lambda n: 10 * n, budget_bytes=budget, least=30, most=most) is None


@pytest.mark.parametrize("off", [-7, 0, 7])
@pytest.mark.parametrize("budget", [300, 309, 310, 1_000, 5_000])
def test_sizes_that_are_a_few_bytes_off_give_a_map_that_fits_and_is_coded_once_or_twice(
    off, budget
):
    size, asked = counted(lambda count: 10 * count)
    made = largest_fit(
        lambda count: count,
        expected_size=lambda count: 10 * count + off,
        size=size,
        budget_bytes=budget,
        least=30,
        most=400,
    )
    assert made is not None
    assert 10 * made <= budget
    assert made >= min(400, budget // 10 - 1)
    assert len(asked) <= 2


def test_true_sizes_tell_whether_the_least_fits():
    for budget, fits in ((299, False), (300, True)):
        made = largest_fit(
            lambda count: count,
            expected_size=lambda count: 10 * count + 5,
            size=lambda count: 10 * count,
            budget_bytes=budget,
            least=30,
            most=400,
        )
        assert (made == 30) is fits
