import numpy as np

from neumap.geometry.pixels import cell_centers, is_inside, nearest_pixel


def test_image_holds_its_lower_borders_and_not_its_upper_ones():
    xy_img = np.array([[0.0, 0.0], [4.0, 1.0], [1.0, 3.0], [3.999, 2.999], [-1e-9, 1.0]])
    assert is_inside(xy_img, 4, 3).tolist() == [True, False, False, True, False]


def test_cells_of_side_one_are_the_pixel_centres_row_by_row():
    expected = [[0.5, 0.5], [1.5, 0.5], [2.5, 0.5], [0.5, 1.5], [1.5, 1.5], [2.5, 1.5]]
    np.testing.assert_array_equal(cell_centers(3, 2, 1), expected)


def test_only_whole_cells_are_listed():
    np.testing.assert_array_equal(cell_centers(17, 9, 8), [[4.0, 4.0], [12.0, 4.0]])
    assert cell_centers(7, 7, 8).shape == (0, 2)


def test_nearest_pixel_is_the_one_that_holds_the_position():
    rows, columns = nearest_pixel(np.array([[0.5, 0.5], [2.999, 1.0], [3.0, 0.0]]))
    assert rows.tolist() == [0, 1, 0]
    assert columns.tolist() == [0, 2, 3]


def test_every_pixel_centre_is_nearest_to_itself():
    rows, columns = nearest_pixel(cell_centers(5, 4, 1))
    np.testing.assert_array_equal(rows * 5 + columns, np.arange(20))
