"""`neumap pairs`: which mapped photos each query may match, as a pair file of hloc."""

from neumap.cli import exit_codes
from neumap.cli.console import progress_bars, require_writable, warn
from neumap.cli.evaluation_options import PairsOptions
from neumap.features.xfeat import XFeatExtractor
from neumap.images import Split
from neumap.images.detect import read_images
from neumap.retrieval import AbstractGlobalDescriptor, VladDescriptor, nearest_photos, write_pairs
from neumap.retrieval.efficientnet_gem import EfficientNetGem
from neumap.scene.build_scene import describe_with


def run(options: PairsOptions) -> int:
    """Describe all photos of the split, find the most alike ones and write the pairs."""
    require_writable({"--out": options.out})
    descriptor = _descriptor(options.descriptor)
    image_set = read_images(options.data, layout=options.layout)
    warn(image_set.warnings)
    split = Split.read_or_of(options.split, image_set)
    mapped, queries = split.apply(image_set)
    with progress_bars(quiet=options.quiet) as progress:
        pairs = nearest_photos(
            queries,
            mapped,
            descriptor,
            count=options.num,
            progress=lambda done, total: progress("photos", done, total),
        )
    write_pairs(options.out, pairs)
    print(
        f"{len(pairs)} pairs of {len(queries)} queries and {len(mapped)} mapped photos: "
        f"{options.out}"
    )
    return exit_codes.OK


def _descriptor(name: str) -> AbstractGlobalDescriptor:
    if name == "efficientnet":
        return EfficientNetGem()
    return VladDescriptor(describe_with(XFeatExtractor()))
