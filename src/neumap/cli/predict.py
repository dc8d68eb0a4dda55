"""`neumap predict`: a data set's queries localised, for servers that keep the true poses."""

from neumap.cli import exit_codes
from neumap.cli.console import progress_bars, require_writable, warn
from neumap.cli.evaluation_options import PredictOptions
from neumap.cli.one_thread import one_thread
from neumap.evaluation import predict, write_predictions
from neumap.images import Split
from neumap.images.detect import read_images
from neumap.scene_map import Map


def run(options: PredictOptions) -> int:
    """Localise the queries and write the predictions file; nothing is scored."""
    require_writable({"--out": options.out})
    scene_map = Map.load(options.map, engine=options.engine)
    image_set = read_images(options.data, layout=options.layout)
    warn(image_set.warnings)
    split = Split.read_or_of(options.split, image_set)
    _, queries = split.apply(image_set)
    with progress_bars(quiet=options.quiet) as progress, one_thread():
        predictions = predict(
            scene_map,
            image_set,
            [image.name for image in queries],
            progress=lambda done, total: progress("queries", done, total),
        )
    write_predictions(options.out, predictions)
    num_failed = sum(prediction.status == "failed" for prediction in predictions)
    print(f"{len(predictions)} queries, {num_failed} failed; predictions: {options.out}")
    return exit_codes.FAILED if num_failed == len(predictions) else exit_codes.OK
