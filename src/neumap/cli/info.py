"""`neumap info`: what a map file holds."""

import json

from neumap.cli import exit_codes
from neumap.cli.console import print_json, print_table
from neumap.cli.map_options import InfoOptions
from neumap.cli.sizes import format_size
from neumap.scene_map import Map


def run(options: InfoOptions) -> int:
    """Load the map, which verifies every hash, and print its bytes by part and its header."""
    scene_map = Map.load(options.map)
    num_bytes = options.map.stat().st_size
    parts = scene_map.bytes_by_part()
    num_codes = scene_map.num_codes
    bits_per_code = 8 * (num_bytes - parts["header"]) / num_codes
    bits_per_value, entropy_per_value = scene_map.value_bits()
    if options.as_json:
        print_json(
            {
                "map": str(options.map),
                "map_bytes": num_bytes,
                "bytes_by_part": parts,
                "num_codes": num_codes,
                "bits_per_code": bits_per_code,
                "bits_per_value": bits_per_value,
                "entropy_per_value": entropy_per_value,
                "units": scene_map.units,
                "header": scene_map.header,
            }
        )
        return exit_codes.OK
    rows = [("size", format_size(num_bytes))]
    rows += [(f"  {part}", f"{format_size(n)}, {n / num_bytes:.1%}") for part, n in parts.items()]
    rows.append(("codes", f"{num_codes}, {bits_per_code:.1f} bits each"))
    rows.append(("values", f"{bits_per_value:.2f} bits each, entropy {entropy_per_value:.2f}"))
    rows += [(str(key), _text(value)) for key, value in scene_map.header.items()]
    print_table(str(options.map), rows)
    return exit_codes.OK


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
