"""The most codes that a budget of bytes holds, where a code's bytes depend on all the others."""

from collections.abc import Callable
from typing import TypeVar

_Made = TypeVar("_Made")
_MAX_PROBES = 20
_LEAP = 1.02  # codes take fewer bytes the more there are, so a straight line falls short


def largest_count(
    size_of: Callable[[int], int], *, budget_bytes: int, least: int, most: int
) -> int | None:
    """Return a count from `least` to `most` whose size fits, such that hardly one more would fit.

    `size_of` tells the bytes of a map of so many codes; they grow with the count, nearly in
    proportion. The next count to try is where a straight line through the last two meets the
    budget, until neighbours are found or less than half the bytes of a code is left. None if
    `least` codes do not fit, or there are not so many.
    """
    low, low_bytes = least, size_of(least) if least <= most else 0
    if most < least or low_bytes > budget_bytes:
        return None
    high = most + 1
    slope = low_bytes / least
    for _ in range(_MAX_PROBES):
        left = budget_bytes - low_bytes
        if high - low == 1 or left < 0.5 * slope:
            break
        leap = _LEAP if high > most else 1.0
        count = min(max(low + round(leap * left / slope), low + 1), high - 1)
        num_bytes = size_of(count)
        if count != low and num_bytes > low_bytes:
            slope = (num_bytes - low_bytes) / (count - low)
        if num_bytes <= budget_bytes:
            low, low_bytes = count, num_bytes
        else:
            high = count
    return low


def largest_fit(
    make: Callable[[int], _Made],
    *,
    expected_size: Callable[[_Made], int],
    size: Callable[[_Made], int],
    budget_bytes: int,
    least: int,
    most: int,
) -> _Made | None:
    """Return what `make` makes of as many codes as the budget holds, or None as `largest_count`.

    `expected_size` is asked in the search and may be a few bytes off; `size` tells the true bytes
    and is asked once or twice, of what is then returned.
    """
    if most < least:
        return None
    count = largest_count(
        lambda number: expected_size(make(number)),
        budget_bytes=budget_bytes,
        least=least,
        most=most,
    )
    count = least if count is None else count
    while size(made := make(count)) > budget_bytes:
        if count == least:
            return None
        count -= 1
    return made
