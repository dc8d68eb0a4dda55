"""All verbs with their options; nothing heavy is imported here, so that help is quick."""

from neumap.cli.evaluation_options import (
    BenchmarkOptions,
    CompareOptions,
    EvaluateOptions,
    ExportOptions,
    PairsOptions,
    PredictOptions,
    ReportOptions,
)
from neumap.cli.map_options import (
    CompressOptions,
    DemoOptions,
    ExtractOptions,
    InfoOptions,
    LocalizeOptions,
    MapOptions,
)
from neumap.cli.shared_options import VerbOptions

VERBS: dict[str, tuple[type[VerbOptions], str]] = {
    "demo": (DemoOptions, "render a room, map it, localise in it, write a report"),
    "extract": (ExtractOptions, "a .sens file or ROS bag to a folder of photos and poses"),
    "map": (MapOptions, "posed photos to one map file"),
    "compress": (CompressOptions, "a map to a smaller one, without its photos"),
    "localize": (LocalizeOptions, "photos to camera poses"),
    "evaluate": (EvaluateOptions, "errors of a map's queries, and a report"),
    "predict": (PredictOptions, "poses of a data set's queries, true poses not needed"),
    "benchmark": (BenchmarkOptions, "a benchmark by name: neumap and other methods in one table"),
    "report": (ReportOptions, "several evaluations in one table and page"),
    "compare": (CompareOptions, "two evaluations query by query, with intervals"),
    "export": (ExportOptions, "predicted poses in formats of other tools and servers"),
    "pairs": (PairsOptions, "photos that each query may match, as a pair file of hloc"),
    "info": (InfoOptions, "what a map file holds, in bytes"),
}
"""Each verb with its options and its line of help; `neumap.cli.<verb>` runs it."""
