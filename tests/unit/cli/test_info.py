import json

from neumap.cli.main import main


def test_bytes_by_part_add_up_to_the_file(saved, capsys):
    assert main(["info", str(saved.map_path), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert set(content["bytes_by_part"]) == {"codes", "anchors", "tables", "header"}
    assert sum(content["bytes_by_part"].values()) == content["map_bytes"]
    assert (content["num_codes"], content["bits_per_code"]) == (30, 960 * 8 / 30)
    assert (content["bits_per_value"], content["entropy_per_value"]) == (1.75, 1.5)


def test_the_table_names_every_part_and_header_field(saved, capsys):
    assert main(["info", str(saved.map_path)]) == 0
    printed = capsys.readouterr().out
    assert all(
        word in printed
        for word in (
            "codes",
            "70.0%",
            "30, 256.0 bits each",
            "anchors",
            "entropy 1.50",
            "provenance",
            "metre",
        )
    )


def test_a_missing_map_exits_2(world, capsys):
    assert main(["info", str(world.map_path)]) == 2
    assert "does not exist" in capsys.readouterr().err
