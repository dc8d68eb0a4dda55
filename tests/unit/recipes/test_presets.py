import pytest

from neumap.errors import OptionError
from neumap.mapping import MappingConfig
from neumap.recipes.presets import preset_names, read_preset


def test_the_default_preset_is_the_default_configuration():
    assert read_preset("default") == MappingConfig()


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_of_the_package_is_valid(name):
    assert isinstance(read_preset(name), MappingConfig)


def test_unknown_keys_are_all_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("no_such_key = 1\nnor_this = 2\n")
    with pytest.raises(OptionError) as caught:
        read_preset(str(path))
    assert {fault.subject.split("key ")[1] for fault in caught.value.faults} == {
        "no_such_key",
        "nor_this",
    }


def test_an_unknown_preset_lists_the_known_ones():
    with pytest.raises(OptionError, match=r"default"):
        read_preset("no-such")


def test_a_file_that_is_not_toml_is_refused_by_name(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("= 3")
    with pytest.raises(OptionError, match=r"mine\.toml"):
        read_preset(str(path))


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(OptionError, match=r"none\.toml"):
        read_preset(str(tmp_path / "none.toml"))
